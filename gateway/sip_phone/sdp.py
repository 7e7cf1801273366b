"""The sound part of a session description (SDP): where sound goes, in which coding. Pure (RFC 4566, 3264)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.sip_phone.g711 import PAYLOAD_TYPES
from gateway.sip_phone.sip import BadMessage

_OPPOSITE = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_NAMES = {number: name for name, number in PAYLOAD_TYPES.items()}
_MEDIA = re.compile(r"audio (\d{1,5})(?:/\d+)? (RTP/AVPF?) ([\d ]+)")


@dataclass(frozen=True, slots=True)
class Media:
    """One end's wish: send sound to host:port in one of `codecs`, best first ("ulaw", "alaw").

    `key_type` is the payload type of keys (RFC 4733), None when that end takes none.
    `direction` is that end's own word: sendrecv, sendonly, recvonly or inactive.
    """

    host: str
    port: int
    codecs: tuple[str, ...]
    key_type: int | None
    direction: str = "sendrecv"

    @property
    def listens(self) -> bool:
        return self.direction in ("sendrecv", "recvonly") and self.port != 0 and self.host != "0.0.0.0"

    @property
    def answering(self) -> str:
        """The direction that the other end answers with."""
        return _OPPOSITE[self.direction]


def parse(body: bytes) -> Media:
    """Read the first audio stream. Raises BadMessage when there is none, or none we could speak with."""
    session: dict[str, str] = {}
    stream: dict[str, str] = {}
    maps: list[str] = []
    within = session
    for line in body.decode("utf-8", "replace").splitlines():
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            if "m" in stream:
                break
            within = stream if value.startswith("audio") else {}
        if kind == "a" and value in _OPPOSITE:
            within["direction"] = value
        elif kind == "a" and value.startswith("rtpmap:") and within is stream:
            maps.append(value)
        else:
            within.setdefault(kind, value)
    return _media({**session, **stream}, maps)


def _media(lines: dict[str, str], maps: list[str]) -> Media:
    match = _MEDIA.fullmatch(lines.get("m", "").strip())
    address = re.fullmatch(r"IN IP4 (\d{1,3}(?:\.\d{1,3}){3})(?:/\d+)*", lines.get("c", "").strip())
    if not match or not address or int(match[1]) > 65535:
        raise BadMessage("no sound we could send: no plain RTP over IPv4")
    types = [int(number) for number in match[3].split()]
    codecs = tuple(_NAMES[number] for number in types if number in _NAMES)
    if not codecs:
        raise BadMessage("neither ulaw nor alaw")
    keys = [line for line in maps if re.fullmatch(r"rtpmap:\d{1,3} telephone-event/8000(/1)?", line)]
    key_type = int(keys[0].partition(":")[2].split()[0]) if keys else None
    return Media(address[1], int(match[1]), codecs, key_type, lines.get("direction", "sendrecv"))


def compose(media: Media, version: int) -> bytes:
    """The description that says `media` of ourselves; `version` grows with each change in a call."""
    types = [PAYLOAD_TYPES[codec] for codec in media.codecs]
    names = {"ulaw": "PCMU", "alaw": "PCMA"}
    lines = [
        "v=0",
        f"o=- {media.port} {version} IN IP4 {media.host}",
        "s=-",
        f"c=IN IP4 {media.host}",
        "t=0 0",
        "",
        *(f"a=rtpmap:{PAYLOAD_TYPES[codec]} {names[codec]}/8000" for codec in media.codecs),
    ]
    if media.key_type is not None:
        types.append(media.key_type)
        lines += [f"a=rtpmap:{media.key_type} telephone-event/8000", f"a=fmtp:{media.key_type} 0-15"]
    lines[5] = f"m=audio {media.port} RTP/AVP " + " ".join(map(str, types))
    return "\r\n".join([*lines, "a=ptime:20", f"a={media.direction}", ""]).encode()
