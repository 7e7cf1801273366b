"""What a browser may say to Asterisk. tests/live/test_attacks.py tries the same on a real one."""

from __future__ import annotations

import pytest

from gateway.web.http.sip_guard import SipGuard

ME = '"agent1" <sip:8001-web@127.0.0.1>;tag=abc'


def message(
    first: str = "INVITE sip:12315@127.0.0.1 SIP/2.0",
    sender: str = ME,
    to: str = "<sip:12315@127.0.0.1>",
    more: str = "",
    body: str = "",
    length: int | None = None,
) -> str:
    size = len(body.encode()) if length is None else length
    return (
        f"{first}\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nTo: {to}\r\nFrom: {sender}\r\n{more}"
        f"Call-ID: one\r\nCSeq: 1 INVITE\r\nContent-Length: {size}\r\n\r\n{body}"
    )


GOOD = {
    "a call": message(),
    "with sound": message(body="v=0\r\no=坐席\r\n"),
    "registering": message("REGISTER sip:127.0.0.1 SIP/2.0"),
    "no name before the address": message(sender="<sip:8001-web@127.0.0.1>;tag=a"),
    "an answer": message("SIP/2.0 200 OK", sender="<sip:12315@127.0.0.1>"),
    "keep alive": "\r\n\r\n",
}
BAD = {
    "any number": message(sender="<sip:13900000000@127.0.0.1>;tag=a"),
    "the seat's telephone": message(sender="<sip:8001@127.0.0.1>;tag=a"),
    "another seat": message(sender="<sip:8002-web@127.0.0.1>;tag=a"),
    "escaped": message(sender="<sip:8001%2Dweb@127.0.0.1>;tag=a"),
    "two addresses": message(sender='"<sip:8001-web@x>" <sip:139@x>'),
    "address in the name": message(sender='"a" <sip:8001-web@x>, <sip:139@x>'),
    "no brackets": message(sender="sip:139@x"),
    "From twice": message(more="From: <sip:139@x>\r\n"),
    "From in short": message(more="f: <sip:139@x>\r\n"),
    "From by spaces": message(more="From : <sip:139@x>\r\n"),
    "folded": message(sender="<sip:8001-web@x>\r\n ;x=<sip:139@x>"),
    "line ends of its own": message().replace("From:", "X: a\nFrom: <sip:139@x>\nFrom:"),
    "a second message behind": message(body=message(sender="<sip:139@x>"), length=0),
    "length twice": message(more="l: 0\r\n", body="x", length=1),
    "no end": message().rstrip("\r\n"),
    "a call of Asterisk's that is none": message(sender="<sip:139@x>", to="<sip:12315@x>;tag=9"),
    "no SIP": "GET / HTTP/1.1\r\n\r\n",
    "an answer with another message behind": message("SIP/2.0 200 OK", body=message(), length=0),
}


@pytest.mark.parametrize("name", GOOD)
def test_its_own_user_passes(name: str) -> None:
    assert SipGuard({"8001-web"}).passes(GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_everything_else_is_refused(name: str) -> None:
    assert not SipGuard({"8001-web"}).passes(BAD[name])


def test_a_call_from_asterisk_is_ended_under_the_name_it_was_called_by() -> None:
    guard = SipGuard({"8001-web"})
    bye = message("BYE sip:x@127.0.0.1 SIP/2.0", sender="<sip:u7hk2@x.invalid>;tag=a", to="<sip:1@x>;tag=b")
    assert not guard.passes(bye)
    guard.from_asterisk(
        message("INVITE sip:u7hk2@x.invalid SIP/2.0", sender="<sip:139@x>", to="<sip:u7hk2@x>")
    )
    assert guard.passes(bye)
    again = bye.replace("To: <sip:1@x>;tag=b", "To: <sip:1@x>")
    assert not guard.passes(again)
