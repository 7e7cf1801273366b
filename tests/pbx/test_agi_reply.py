"""The parser of AGI replies: every form Asterisk writes, any split, any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pbx.agi_reply import HANGUP, AgiGarbage, AgiLine, AgiReplies, AgiReply, text_of

USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n Usage: STREAM FILE <filename>\n"
    b"200 result=0\n\n520 End of proper usage.\n"
)
CASES: list[tuple[bytes, AgiReply]] = [
    (b"200 result=0\n", AgiReply(200, "0", "", "result=0")),
    (b"200 result=-1\n", AgiReply(200, "-1", "", "result=-1")),
    (b"200 result=\n", AgiReply(200, "", "", "result=")),
    (b"200 result=12 (timeout)\n", AgiReply(200, "12", "timeout", "result=12 (timeout)")),
    (b"200 result= (timeout)\n", AgiReply(200, "", "timeout", "result= (timeout)")),
    (b"200 result=1 (hangup)\n", AgiReply(200, "1", "hangup", "result=1 (hangup)")),
    (b"200 result=1 ()\n", AgiReply(200, "1", "", "result=1 ()")),
    (b"200 result=1 (a (b) c) d=4)\n", AgiReply(200, "1", "a (b) c) d=4", "result=1 (a (b) c) d=4)")),
    (b"200 result=1 (a\nHANGUP\nb)\n", AgiReply(200, "1", "a\nHANGUP\nb", "result=1 (a\nHANGUP\nb)")),
    (b"200 surprise\n", AgiReply(200, "", "", "surprise")),
    (b"100 Trying...\n", AgiReply(100, text="Trying...")),
    (b"510 Invalid or unknown command\n", AgiReply(510, text="Invalid or unknown command")),
    (b"511 Command Not Permitted\n", AgiReply(511, text="Command Not Permitted")),
    (b"520 Invalid command syntax.\n", AgiReply(520, text="Invalid command syntax.")),
]


@pytest.mark.parametrize(
    ("raw", "reply"), CASES, ids=lambda v: v[:40].decode() if isinstance(v, bytes) else ""
)
def test_one_reply(raw: bytes, reply: AgiReply) -> None:
    assert AgiReplies().feed(raw) == [reply]


def test_usage_ends_at_its_own_end() -> None:
    (reply,) = AgiReplies().feed(USAGE)
    assert isinstance(reply, AgiReply)
    assert reply.code == 520
    assert "Usage: STREAM FILE" in reply.text


def test_hangup_stands_between_replies() -> None:
    assert AgiReplies().feed(b"200 result=-1 endpos=800\nHANGUP\n") == [
        AgiReply(200, "-1", "", "result=-1 endpos=800"),
        HANGUP,
    ]


@pytest.mark.parametrize(
    ("raw", "key", "endpos"),
    [
        (b"200 result=49 endpos=8000\n", "1", 8000),
        (b"200 result=35 (dtmf) endpos=16000\n", "#", 16000),
        (b"200 result=0 endpos=0\n", "", 0),
        (b"200 result=0\n", "", None),
        (b"200 result=-1 (hangup) endpos=77\n", "", 77),
    ],
)
def test_key_and_end_position(raw: bytes, key: str, endpos: int | None) -> None:
    (reply,) = AgiReplies().feed(raw)
    assert isinstance(reply, AgiReply)
    assert (reply.key, reply.endpos) == (key, endpos)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("王小明".encode(), "王小明"),
        ("王小明".encode("gb18030"), "王小明"),
        (b"\xff\xfe\x80", "\xff\xfe\x80"),
    ],
)
def test_bytes_of_old_phones(raw: bytes, text: str) -> None:
    assert text_of(raw) == text
    (reply,) = AgiReplies().feed(b"200 result=1 (" + raw + b")\n")
    assert isinstance(reply, AgiReply)
    assert reply.data == text


def test_lines_that_are_no_agi_are_dropped() -> None:
    replies = AgiReplies()
    assert replies.feed(b"agi_callingpres: 0\n\n200 result=1\n") == [AgiReply(200, "1", "", "result=1")]
    assert replies.strays == 2


@pytest.mark.parametrize(
    "raw",
    [b"x" * 70_000, b"junk\n" * 600, b"520-\n" + b"more\n" * 600, b"200 result=1 (" + b"open\n" * 60_000],
    ids=["no line end", "junk", "usage without end", "value without end"],
)
def test_limits(raw: bytes) -> None:
    with pytest.raises(AgiGarbage):
        AgiReplies().feed(raw)


LINES = st.sampled_from([raw for raw, _ in CASES] + [USAGE, b"HANGUP\n", b"stray\n"])


def fed(parts: list[bytes]) -> list[AgiLine]:
    replies = AgiReplies()
    return [line for part in parts for line in replies.feed(part)]


@given(st.lists(LINES, max_size=6).map(b"".join), st.data())
def test_any_split_gives_the_same_replies(raw: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    parts = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert fed(parts) == fed([raw]) == fed([raw[i : i + 1] for i in range(len(raw))])


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_no_bytes_are_too_strange(parts: list[bytes]) -> None:
    for line in fed(parts):
        assert isinstance(line, AgiReply) or line is HANGUP
