"""Senders and recipients of mails taken in: form mailers, spam marks, bounces, two of our addresses."""

from __future__ import annotations

import pytest

from gateway.channels.email.reception import Fate, Reception
from gateway.core.item import written
from gateway.core.item.item import ItemDetail
from gateway.mail.automatic import why_no_answer
from tests.channels.email.conftest import House, arrival
from tests.mail.mails import INBOX, MARKS, mail

PORTAL = "noreply@form.example.gov.cn"
ZHANG = "=?utf-8?B?5byg5LiJ?= <zhang@example.cn>"


async def only(house: House) -> ItemDetail:
    (one,) = await house.items()
    return one


async def test_the_person_behind_a_form_mailer(house: House, reception: Reception) -> None:
    await reception.take(mail(sender=PORTAL, Reply_To=ZHANG), arrival())
    item = (await only(house)).item
    assert (item.person.name, item.person.email) == ("张三", "zhang@example.cn")
    assert f"由 {PORTAL} 代发" in item.content
    assert "zhang@example.cn" not in item.content, "who a reporter is must be sealed with the person"


@pytest.mark.parametrize(
    ("head", "spam"),
    [
        ({"X_Spam_Flag": "YES"}, True),
        ({"X_Spam_Flag": "NO", "X_Spam_Status": "No, score=1.2 required=5.0"}, False),
        ({"X_Spam_Status": "Yes, score=15.1 required=5.0 tests=A,B"}, True),
        ({"X_Spam": "Yes"}, True),
        ({"X_Rspamd_Action": "add header"}, True),
        ({"X_Rspamd_Action": "no action"}, False),
        ({"X_Spamd_Result": "default: True [18.20 / 15.00]; R_SPF_FAIL(1.00)[-all]"}, True),
        ({"X_Spamd_Result": "default: False [1.20 / 15.00]"}, False),
        ({"X_Spam_Score": "99"}, False),
    ],
)
async def test_a_filters_mark(house: House, reception: Reception, head: dict[str, str], spam: bool) -> None:
    raw = mail(**head)
    assert (await reception.take(raw, arrival())).fate is Fate.ITEM
    assert ("判为垃圾邮件" in (await only(house)).item.content) == spam
    assert why_no_answer(raw, set()).startswith("spam by") == spam


@pytest.mark.parametrize(
    "address", ["张三@qq.com", "zhang@qq", "zhang@-qq-.com", "zhang@qq..com", "a..b@qq.com"]
)
async def test_an_address_that_no_mail_reaches_is_told_at_once(
    house: House, reception: Reception, address: str
) -> None:
    with pytest.raises(ValueError, match="邮箱"):
        written.mailable(address)
    await reception.take(mail(sender=address), arrival())
    assert "无法邮件回复" in (await only(house)).item.content


async def test_one_mail_to_two_of_our_addresses_is_one_item(house: House, reception: Reception) -> None:
    raw = mail(Message_ID="<1@example.cn>", Date="Sat, 28 Nov 2026 10:00:00 +0800")
    first = await reception.take(b"X-Forwarded-To: a\r\nX-Rcpt-To: 12315@linfen.example\r\n" + raw, arrival())
    other = raw.replace(INBOX.encode(), b"tousu@linfen.example")
    second = await reception.take(
        b"X-Rcpt-To: tousu@linfen.example\r\nDKIM-Signature: x\r\n" + other, arrival()
    )
    assert (second.number, second.fate) == (first.number, Fate.REPEATED)
    await only(house)


QMAIL = """Hi. This is the qmail-send program at mail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<zhang@example.cn>:
192.0.2.7 does not like recipient.
Remote host said: 550 5.1.1 <zhang@example.cn>: no such user
Giving up on 192.0.2.7.

--- Below this line is a copy of the message.

Return-Path: <12315@linfen.example>
Message-ID: {}
Subject: x

text
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its recipients.
This is a permanent error. The following address(es) failed:

  zhang@example.cn
    host mx.example.cn [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<zhang@example.cn>:
    550 unknown user

------ This is a copy of the message, including all the headers. ------

Message-ID: {}
Subject: x

text
"""


@pytest.mark.parametrize(("words", "status"), [(QMAIL, "5.1.1"), (EXIM, "5.0.0")])
async def test_a_bounce_in_free_words(house: House, reception: Reception, words: str, status: str) -> None:
    number = (await reception.take(mail(), arrival())).number
    report = mail(
        "failure notice",
        words.format(MARKS.message_id(number, "x1", "linfen.example")).replace("\n", "\r\n"),
        "MAILER-DAEMON@mail.example.net",
        Return_Path="<>",
    )
    assert (await reception.take(report, arrival(sender=""))).fate is Fate.BOUNCE
    ((of, bounce),) = house.bounces
    assert (of, bounce.status, bounce.recipient, bounce.final) == (number, status, "zhang@example.cn", True)
