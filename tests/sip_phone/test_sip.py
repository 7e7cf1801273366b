"""Reading and writing SIP: what is right goes through unharmed, what is not is refused and nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sip_phone import sip
from gateway.sip_phone.sip import BadMessage, Request, Response

INVITE = (
    b"INVITE sip:12315@127.0.0.1:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 127.0.0.1:5061;rport;branch=z9hG4bKabc\r\n"
    b'From: "\xd5\xc5\xc8\xfd" <sip:0357@127.0.0.1>;tag=one\r\n'
    b"To: <sip:12315@127.0.0.1>\r\n"
    b"Call-ID: call@here\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\n"
)


def changed(old: bytes, new: bytes) -> bytes:
    assert old in INVITE
    return INVITE.replace(old, new)


def test_a_request_comes_back_as_it_went() -> None:
    request = sip.parse(INVITE)
    assert isinstance(request, Request)
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:12315@127.0.0.1:5060", b"v=0\n")
    assert sip.cseq(request) == (7, "INVITE")
    assert sip.branch(request) == "z9hG4bKabc"
    again = sip.parse(sip.compose(request))
    assert sip.header(again, "From") == sip.header(request, "From")


def test_a_name_in_gbk_survives() -> None:
    name = sip.address(sip.header(sip.parse(INVITE), "from")).display
    assert name.encode("utf-8", "surrogateescape").decode("gbk") == "张三"


def test_compact_names_and_folded_lines_count() -> None:
    message = sip.parse(changed(b"Call-ID: call@here", b"i:\r\n call@here").replace(b"Via:", b"v :"))
    assert sip.header(message, "Call-ID") == "call@here"
    assert sip.branch(message) == "z9hG4bKabc"


def test_lists_are_split_outside_quotes_and_brackets() -> None:
    line = '"a, b" <sip:x@y;p=1,2>;q=1, sip:z@w , "q\\",q" <sip:u@v>'
    assert sip.split_list(line) == ['"a, b" <sip:x@y;p=1,2>;q=1', "sip:z@w", '"q\\",q" <sip:u@v>']


@pytest.mark.parametrize(
    ("value", "display", "uri", "tag"),
    [
        ("<sip:a@b>;tag=1", "", "sip:a@b", "1"),
        ('"x \\"y\\"" <sip:a@b;p>;tag=2', 'x "y"', "sip:a@b;p", "2"),
        ("Anna <sip:a@b>", "Anna", "sip:a@b", ""),
        ("sip:a@b;tag=3", "", "sip:a@b", "3"),
        ('"<sip:trap@x>;tag=9" <sip:a@b>;tag=4', "<sip:trap@x>;tag=9", "sip:a@b", "4"),
    ],
)
def test_addresses(value: str, display: str, uri: str, tag: str) -> None:
    found = sip.address(value)
    assert (found.display, found.uri, found.tag) == (display, uri, tag)


def test_text_of_a_caller_is_escaped_and_bytes_are_not() -> None:
    assert sip.from_value('1"2', "h", "t", 'a"b') == '"a\\"b" <sip:1%222@h>;tag=t'
    raw = sip.from_value(b'1"\xd5', "h", "t", b'a"b')
    assert raw.encode("utf-8", "surrogateescape") == b'"a"b" <sip:1"\xd5@h>;tag=t'
    assert sip.from_value("", "h", "t") == "<sip:h>;tag=t"


def test_an_answer_copies_what_it_must() -> None:
    request = sip.parse(INVITE)
    assert isinstance(request, Request)
    told = sip.parse(sip.compose(sip.answer(request, 486, "Busy Here", "mine")))
    assert isinstance(told, Response)
    assert told.status == 486
    assert sip.header(told, "To") == "<sip:12315@127.0.0.1>;tag=mine"
    assert [sip.header(told, name) for name in ("Via", "From", "Call-ID", "CSeq")] == [
        sip.header(request, name) for name in ("Via", "From", "Call-ID", "CSeq")
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00" * 2000,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        INVITE[:40],
        INVITE.partition(b"\r\n\r\n")[0],
        changed(b"CSeq: 7 INVITE", b"CSeq: 7 BYE"),
        changed(b"CSeq: 7 INVITE", b"CSeq: 99999999999 INVITE"),
        changed(b"CSeq: 7 INVITE\r\n", b""),
        changed(b"Call-ID: call@here\r\n", b""),
        changed(b"To: <sip:12315@127.0.0.1>", b"To: <<<"),
        changed(b"Content-Length: 4", b"Content-Length: 400"),
        changed(b"Content-Length: 4", b"Content-Length: -1"),
        changed(b"Content-Length: 4", "Content-Length: ٤".encode()),
        changed(b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"),
        changed(b"Via:", b"V ia:"),
    ],
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        sip.parse(data)


@given(st.binary(max_size=400))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    try:
        sip.parse(data)
    except BadMessage:
        return


@given(st.integers(0, len(INVITE) - 1), st.integers(0, 60), st.binary(max_size=8))
def test_no_damage_does_more_than_be_refused(at: int, length: int, put: bytes) -> None:
    try:
        message = sip.parse(INVITE[:at] + put + INVITE[at + length :])
    except BadMessage:
        return
    for name in ("Via", "From", "Contact", "Record-Route"):
        sip.values(message, name)
    sip.compose(message)
