"""The AMI decoder: frames and fields, any split, any bytes, within a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pbx.ami_frames import AmiFrames, AmiGarbage, event_name, fields_of

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


def fed(parts: list[bytes]) -> list[bytes]:
    frames = AmiFrames()
    return [frame for part in parts for frame in frames.feed(part)]


def test_greeting_and_frames() -> None:
    frames = AmiFrames()
    assert frames.feed(GREETING + b"Event: A\r\nX: 1\r\n\r\n\r\n\r\nEvent: B\r\n") == [b"Event: A\r\nX: 1"]
    assert frames.version == "11.0.0"
    assert frames.feed(b"\r\n") == [b"Event: B"]


@pytest.mark.parametrize(
    "raw", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 400\r\n", GREETING[:-2] + b"x" * 300]
)
def test_something_else_listens_there(raw: bytes) -> None:
    with pytest.raises(AmiGarbage):
        AmiFrames().feed(raw)


def test_a_frame_over_the_limit() -> None:
    frames = AmiFrames(limit=1000)
    frames.feed(GREETING)
    with pytest.raises(AmiGarbage):
        for _ in range(30):
            frames.feed(b"x" * 50)


def test_fields() -> None:
    assert fields_of(b"Event: Newchannel\r\nExten: \r\nApp: a: b\r\nVar\r\nEmpty:\r\nX:y") == {
        "Event": "Newchannel",
        "Exten": "",
        "App": "a: b",
        "Empty": "",
        "X": "y",
    }
    assert fields_of(b"Output: one\r\nOutput: \r\nOutput: two")["Output"] == "one\n\ntwo"


def test_each_line_has_its_own_bytes() -> None:
    raw = (
        "Event: A\r\nCallerIDName: 王\r\n".encode("gb18030")
        + "ConnectedLineName: 李\r\nX: ".encode()
        + b"\xff"
    )
    assert fields_of(raw) == {"Event": "A", "CallerIDName": "王", "ConnectedLineName": "李", "X": "\xff"}


def test_event_name() -> None:
    assert event_name(b"Event: Hangup\r\nX: 1") == b"Hangup"
    assert event_name(b"Event: Hangup") == b"Hangup"
    assert event_name(b"Response: Success") == b""


FRAMES = st.sampled_from(
    [
        b"Event: A\r\nName: \xe7\x8e\x8b\r\n\r\n",
        b"Response: Success\r\n\r\n",
        b"\r\n\r\n",
        b"\r\n",
        b"X\r",
        b"\n",
    ]
)


@given(st.lists(FRAMES, max_size=8).map(b"".join), st.data())
def test_any_split_gives_the_same_frames(raw: bytes, data: st.DataObject) -> None:
    raw = GREETING + raw
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    parts = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert fed(parts) == fed([raw]) == fed([raw[i : i + 1] for i in range(len(raw))])


@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(raw: bytes) -> None:
    for frame in fed([GREETING, raw, b"\r\n\r\n"]):
        event_name(frame)
        fields_of(frame)
