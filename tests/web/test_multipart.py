"""Multipart bodies, piece by piece: good ones, broken ones, and names that are traps."""

from __future__ import annotations

import contextlib
import os
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Refused, TooLarge
from gateway.web.http.multipart import Began, Data, Ended, Event, MultipartReader, file_name, part_of

TYPE = "multipart/form-data; boundary=xYz"
BODY = (
    b'--xYz\r\nContent-Disposition: form-data; name="content"\r\n\r\nline\r\n--xY\r\n'
    b'\r\n--xYz\r\nContent-Disposition: form-data; name="evidence"; filename="a.png"\r\n'
    b"Content-Type: text/html\r\n\r\n\x00\x01\r\n--xYz--\r\n"
)

PIECES = (
    *(b"--xYz", b"--", b"\r\n", b"\r", b"\n", b";", b'filename="', b'"', b"\x00", b":", b"x" * 40),
    b"Content-Disposition: form-data; name=a",
)


def read(body: bytes, step: int, content_type: str = TYPE) -> list[Event]:
    reader = MultipartReader(content_type)
    events = [event for at in range(0, len(body), step) for event in reader.feed(body[at : at + step])]
    reader.close()
    return events


def parts(events: list[Event]) -> list[tuple[Began, bytes]]:
    """The parts with all their bytes together."""
    found: list[tuple[Began, bytes]] = []
    for event in events:
        match event:
            case Began():
                found.append((event, b""))
            case Data(piece):
                found[-1] = (found[-1][0], found[-1][1] + piece)
            case Ended():
                pass
    return found


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1000])
def test_pieces_of_any_size_give_the_same_parts(step: int) -> None:
    assert parts(read(BODY, step)) == [
        (Began("content", None), b"line\r\n--xY\r\n"),
        (Began("evidence", "a.png"), b"\x00\x01"),
    ]


@pytest.mark.parametrize("cut", range(1, len(BODY) - 4, 5))
def test_a_body_that_is_cut_off_is_never_taken_for_whole(cut: int) -> None:
    with pytest.raises(Refused):
        read(BODY[:cut], 50)


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 71],
)
def test_a_type_without_a_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(Refused):
        MultipartReader(content_type)


def test_a_quoted_boundary_is_known() -> None:
    assert read(BODY, 40, 'multipart/form-data; charset=utf-8; boundary="xYz"') == read(BODY, 40)


def test_ten_thousand_fields_are_refused_on_the_way() -> None:
    reader = MultipartReader(TYPE)
    with pytest.raises(TooLarge):
        for n in range(10_000):
            reader.feed(b'--xYz\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n)
    assert n == 200


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Type: text/plain\r\n",
        b'Content-Disposition: attachment; name="a"\r\n',
        b"Content-Disposition: form-data\r\n",
        b'Content-Disposition: form-data; name="a"; name="b"\r\n',
        b'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"\r\n',
        b'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n',
        b'Content-Disposition: form-data; name="' + b"a" * 5000 + b'"\r\n',
        b"Content-Disp\x00sition: x\r\n",
        b"X-N: y\r\n" * 17 + b'Content-Disposition: form-data; name="a"\r\n',
    ],
)
def test_a_part_with_a_broken_head_is_refused(head: bytes) -> None:
    with pytest.raises(Refused):
        read(b"--xYz\r\n" + head + b"\r\nx\r\n--xYz--\r\n", 100)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'form-data; name="e"; filename="a.png"', "a.png"),
        (b"form-data; name=e; filename=a.png", "a.png"),
        (b'form-data; name="e"; filename="../../etc/passwd"', "passwd"),
        (b'form-data; name="e"; filename="C:\\Users\\x\\a.jpg"', "a.jpg"),
        (b'form-data; name="e"; filename="a\\"b.jpg"', 'a"b.jpg'),
        (b'form-data; name="e"; filename="a%22b.jpg"', 'a"b.jpg'),
        (b'form-data; name="e"; filename="a;b=c.jpg"', "a;b=c.jpg"),
        ('form-data; name="e"; filename="证据.jpg"'.encode(), "证据.jpg"),
        ('form-data; name="e"; filename="证据.jpg"'.encode("gb18030"), "证据.jpg"),
        (b'form-data; name="e"; filename="x"; filename*=UTF-8\'\'%E8%AF%81.jpg', "证.jpg"),
        (b"form-data; name=\"e\"; filename*=gb2312''%D6%A4.jpg", "证.jpg"),
        (b"form-data; name=\"e\"; filename*=none''%D6%A4%BE%DD.jpg", "证据.jpg"),
        (b'form-data; name="e"; filename=""', ""),
        (b'form-data; name="e"; filename="a%0D%0Ab.jpg"', "ab.jpg"),
        (b'form-data; name="e"; filename=".."', ""),
    ],
)
def test_names_of_files(disposition: bytes, name: str) -> None:
    assert part_of(disposition) == Began("e", name)


def test_a_name_is_only_to_be_shown() -> None:
    assert file_name("a\u202egpj.exe\x00") == "agpj.exe"
    assert file_name("x" * 500 + ".jpg") == "x" * 116 + ".jpg"
    assert len(file_name("x" * 500)) == 120


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=6), max_size=40),
    st.integers(1, 30),
)
def test_whatever_comes_is_read_or_refused(pieces: list[bytes], step: int) -> None:
    body = b"--xYz\r\n" + b"".join(pieces)
    with contextlib.suppress(Refused):
        read(body, step)


def mutated(chance: random.Random) -> bytes:
    """A good body with a few bytes, pieces or ends of it changed."""
    body = bytearray(BODY * chance.choice((1, 1, 2)))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(body) + 1)
        match chance.randrange(5):
            case 0:
                body[at:at] = chance.randbytes(chance.randint(1, 8))
            case 1:
                del body[at : at + chance.randint(1, 30)]
            case 2:
                body[at:at] = chance.choice(PIECES)
            case 3:
                body[at : at + 1] = bytes([chance.randrange(256)])
            case _:
                body[at:at] = body[chance.randrange(len(body) + 1) :][:60]
    return bytes(body)


def test_mutated_bodies_are_read_or_refused() -> None:
    """FUZZ_BODIES says how many, when more are wanted."""
    chance = random.Random(12315)
    taken = 0
    for _ in range(int(os.environ.get("FUZZ_BODIES", "5000"))):
        with contextlib.suppress(Refused):
            parts(read(mutated(chance), chance.choice((3, 17, 64, 4096))))
            taken += 1
    assert taken
