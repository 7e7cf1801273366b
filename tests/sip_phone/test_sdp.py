"""Session descriptions: what we say is what we read, and what we cannot speak is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip_phone import sdp
from gateway.sip_phone.sdp import Media
from gateway.sip_phone.sip import BadMessage

OFFER = b"""v=0
o=- 1 1 IN IP4 10.0.0.1
s=x
c=IN IP4 10.0.0.1
t=0 0
m=audio 4000 RTP/AVP 18 8 0 96
c=IN IP4 10.0.0.2
a=rtpmap:96 telephone-event/8000
a=rtpmap:8 PCMA/8000
a=sendonly
m=video 5000 RTP/AVP 99
a=inactive
"""


def test_what_is_composed_is_read() -> None:
    media = Media("127.0.0.1", 12000, ("alaw", "ulaw"), 101, "recvonly")
    assert sdp.parse(sdp.compose(media, 3)) == media


def test_the_first_audio_stream_counts() -> None:
    media = sdp.parse(OFFER)
    assert media == Media("10.0.0.2", 4000, ("alaw", "ulaw"), 96, "sendonly")
    assert not media.listens
    assert media.answering == "recvonly"


def test_the_old_way_to_hold_is_understood() -> None:
    assert not sdp.parse(OFFER.replace(b"10.0.0.2", b"0.0.0.0").replace(b"a=sendonly\n", b"")).listens


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"m=audio 1 RTP/AVP 0",
        OFFER.replace(b"RTP/AVP 18 8 0 96", b"RTP/SAVP 8"),
        OFFER.replace(b"18 8 0 96", b"18 96"),
        OFFER.replace(b"audio 4000", b"audio 70000"),
        OFFER.replace(b"IN IP4 10.0.0.2", b"IN IP6 ::1"),
        OFFER.replace(b"m=audio", b"m=text"),
    ],
)
def test_what_we_cannot_speak_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        sdp.parse(body)


@given(st.binary(max_size=300), st.integers(0, len(OFFER)))
def test_nothing_does_more_than_be_refused(data: bytes, at: int) -> None:
    try:
        sdp.parse(OFFER[:at] + data)
    except BadMessage:
        return
