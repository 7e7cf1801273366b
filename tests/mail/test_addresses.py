"""Whom an answer goes to, and what is no person: Reply-To, robots, spam marks, addresses in any spelling."""

from __future__ import annotations

import pytest

from gateway.core.item import written
from gateway.mail.automatic import why_no_answer, writer
from gateway.mail.header import plain_address, split_head
from gateway.mail.message import read
from tests.mail.mails import INBOX, mail

PORTAL = "noreply@form.example.gov.cn"
ZHANG = "=?utf-8?B?5byg5LiJ?= <zhang@example.cn>"


@pytest.mark.parametrize(
    ("sender", "reply_to", "wanted"),
    [
        ("zhang@example.cn", "", "zhang@example.cn"),
        ("zhang@example.cn", "zhang@home.example", "zhang@home.example"),
        ("zhang@example.cn", "noreply@example.cn", "zhang@example.cn"),
        ("zhang@example.cn", INBOX, "zhang@example.cn"),
        (PORTAL, f"{INBOX}, {ZHANG}", "zhang@example.cn"),
        (PORTAL, "nonsense", PORTAL),
    ],
)
def test_who_is_answered(sender: str, reply_to: str, wanted: str) -> None:
    raw = mail(sender=sender, **({"Reply_To": reply_to} if reply_to else {}))
    assert writer(split_head(raw, 0, len(raw))[0]).address == wanted
    assert bool(why_no_answer(raw, {INBOX})) == (wanted == PORTAL)


@pytest.mark.parametrize(
    "head",
    [
        {"X_Auto_Response_Suppress": "DR, RN, NRN, OOF, AutoReply"},
        {"X_Auto_Response_Suppress": "All"},
        {"Feedback_ID": "1:abc:qq"},
        {"Auto_Submitted": "no"},
        *({"From": f"{name}@example.cn"} for name in ("nobodyknows", "bouncer99", "postmaster.zhang")),
        *({"From": f"{name}@example.cn"} for name in ("noreplyzhang", "bounceback.li", "Nobody.Li")),
    ],
)
def test_people_are_no_robots(head: dict[str, str]) -> None:
    assert why_no_answer(mail(**head), set()) == ""


@pytest.mark.parametrize(
    "head",
    [
        *(
            {"From": f"{name}@example.cn"}
            for name in ("noreply", "No-Reply", "no_reply", "noreply-1", "donotreply")
        ),
        *(
            {"From": f"{name}@example.cn"}
            for name in ("nobody", "bounce", "bounces+a=b", "MAILER-DAEMON", "postmaster")
        ),
        {"From": PORTAL, "Reply_To": ZHANG, "Auto_Submitted": "auto-generated"},
        {"From": PORTAL, "Reply_To": ZHANG, "List_Id": "<news.example.cn>"},
        {"From": PORTAL, "Reply_To": ZHANG, "Precedence": "bulk"},
        {"Return_Path": "<>", "Reply_To": ZHANG},
    ],
)
def test_robots_are_robots(head: dict[str, str]) -> None:
    assert why_no_answer(mail(**head), set())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("zhang@qq.com，", "zhang@qq.com"),
        ("张三 <zhang@qq.com。>", "zhang@qq.com"),
        ("\u200bzhang@QQ.com\u202c", "zhang@qq.com"),
        ("zhang＠ｑｑ．ｃｏｍ", "zhang@qq.com"),
        ("zhang @ qq.com", "zhang@qq.com"),
        ("<mailto:zhang@qq.com>", "zhang@qq.com"),
        ("zhang@例子.中国", "zhang@例子.中国"),
        ("zhang", ""),
        ("@qq.com", ""),
    ],
)
def test_addresses_in_any_spelling(given: str, wanted: str) -> None:
    assert plain_address(given) == wanted


def test_a_domain_in_chinese_is_written_in_ascii() -> None:
    assert written.mailable("zhang@例子.中国") == "zhang@xn--fsqu00a.xn--fiqs8s"


def test_a_person_who_asks_about_a_copy_reports_no_bounce() -> None:
    raw = mail(text="This is a copy of your invoice\r\nMessage-ID: <1@b.c>")
    assert read(raw).bounce is None
