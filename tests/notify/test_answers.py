"""Mail in and mail out together: threads, automatic mail, loops, and bounces, through the real reception."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.channels.email.contact import Arrival
from gateway.channels.email.reception import Fate, Reception
from gateway.core.item.delivery import DeliveryState
from gateway.core.item.item import QueueQuery
from gateway.notify.post_office import PostOffice
from tests.mail.mails import mail
from tests.notify.conftest import INBOX, ZHANG, House
from tests.notify.mail_server import MailServer
from tests.notify.test_mail_out import plan


def arrival(*recipients: str) -> Arrival:
    return Arrival("test", datetime.now(UTC), None, recipients)


async def work(house: House, office: PostOffice) -> None:
    """Plan and send all that there is."""
    await plan(house, office)
    while await office.send_due(office._ways[0]):
        pass


async def test_a_mail_is_answered_in_its_thread_and_the_reply_is_a_follow_up(
    house: House, office: PostOffice, reception: Reception, server: MailServer
) -> None:
    taken = await reception.take(
        mail(Message_ID="<his@example.cn>", sender=f"张三 <{ZHANG}>"), arrival(INBOX)
    )
    await work(house, office)
    (answer,) = server.mails()
    assert answer["To"] == ZHANG and answer["In-Reply-To"] == answer["References"] == "<his@example.cn>"
    reply = mail("回复", "补充：发票在此", sender=ZHANG, In_Reply_To=answer["Message-ID"])
    again = await reception.take(reply, arrival(answer["Reply-To"]))
    assert (again.number, again.fate) == (taken.number, Fate.FOLLOW_UP)
    await work(house, office)
    assert len(server.took) == 1, "a follow-up is not answered"
    assert (await reception.take(server.took[0][2], arrival(INBOX))).fate is Fate.OWN


async def test_the_person_behind_a_form_mailer_is_answered(
    house: House, office: PostOffice, reception: Reception, server: MailServer
) -> None:
    portal = mail(sender="noreply@form.example.gov.cn", Reply_To=f"张三 <{ZHANG}>", Message_ID="<p@f.cn>")
    await reception.take(portal, arrival(INBOX))
    await work(house, office)
    assert [mail["To"] for mail in server.mails()] == [ZHANG]


LONG = f"TY0PR0101MB{'0123456789abcdef' * 5}@TY0PR0101MB0123.apcprd01.prod.exchangelabs.example"


@pytest.mark.parametrize(
    ("head", "references"),
    [
        ({}, [LONG]),
        ({"References": "<aaa@example.cn> <bbb@example.cn>"}, ["aaa@example.cn", "bbb@example.cn", LONG]),
        ({"References": f"<{LONG[1:]}>\r\n\t<b@example.cn>"}, [LONG[1:], "b@example.cn", LONG]),
        ({"In_Reply_To": "<asked@example.cn>"}, ["asked@example.cn", LONG]),
        (
            {"References": " ".join(f"<{n}@example.cn>" for n in range(40))},
            [*(f"{n}@example.cn" for n in range(40)), LONG],
        ),
    ],
)
async def test_ids_stand_bare_and_complete(
    house: House,
    office: PostOffice,
    reception: Reception,
    server: MailServer,
    head: dict[str, str],
    references: list[str],
) -> None:
    await reception.take(mail(sender=ZHANG, Message_ID=f"<{LONG}>", **head), arrival(INBOX))
    await work(house, office)
    ((_, _, raw),) = server.took
    top = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    fields = dict(field.split(": ", 1) for field in top.replace("\r\n ", " ").split("\r\n"))
    assert fields["In-Reply-To"] == f"<{LONG}>"
    assert fields["References"].split() == [f"<{one}>" for one in references]
    assert all(len(line) < 998 for line in top.split("\r\n"))


async def test_a_domain_in_chinese_is_answered(
    house: House, office: PostOffice, reception: Reception, server: MailServer
) -> None:
    await reception.take(mail(sender="张三 <zhang@例子.中国，>"), arrival(INBOX))
    await work(house, office)
    ((_, recipients, _),) = server.took
    assert recipients == ["zhang@xn--fsqu00a.xn--fiqs8s"]


async def test_an_address_that_no_mail_reaches_is_told_and_never_tried(
    house: House, office: PostOffice, reception: Reception, server: MailServer
) -> None:
    taken = await reception.take(mail(sender="张三@例子.中国"), arrival(INBOX))
    await work(house, office)
    assert not server.took and await house.post() == []
    assert "邮箱用户名含非英文字符" in (await house.past(taken.number))[-1][1]


@pytest.mark.parametrize(
    "head",
    [
        {"X_Spam_Flag": "YES"},
        {"X_Spam": "Yes"},
        {"X_Rspamd_Action": "rewrite subject"},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.example>"},
        {"sender": "noreply@shop.example"},
        {"sender": INBOX},
    ],
)
async def test_automatic_mail_is_an_item_and_gets_no_answer(
    house: House, office: PostOffice, reception: Reception, server: MailServer, head: dict[str, str]
) -> None:
    taken = await reception.take(mail(Message_ID="<auto@example.cn>", **head), arrival(INBOX))
    await work(house, office)
    assert taken.fate is Fate.ITEM and not server.took
    what, text = (await house.past(taken.number))[-1]
    assert what == "not_sent" and "未发邮件" in text


async def test_a_loop_of_two_answering_machines_ends(
    house: House, office: PostOffice, reception: Reception, server: MailServer
) -> None:
    """The other one declares nothing and forgets every mark: only the limit ends it."""
    await reception.take(mail("一", "第 0 封", sender=ZHANG), arrival(INBOX))
    await work(house, office)
    for n in range(1, 40):
        if len(server.took) < n:
            break
        await reception.take(mail("自动", f"第 {n} 封", sender=ZHANG), arrival(INBOX))
        await work(house, office)
    assert len(server.took) == 10
    assert len(await house.intake.page(QueueQuery(limit=200))) == 11, "none is lost"


async def test_a_bounce_is_tied_to_its_item_and_its_mail(
    house: House, office: PostOffice, reception: Reception, server: MailServer
) -> None:
    number = (await house.form()).number
    await work(house, office)
    (sent,) = await house.post()
    report = "\r\n".join(
        [
            "From: MAILER-DAEMON@mail.example",
            f"To: {server.took[0][0]}",
            "Subject: Undelivered",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
            "",
            "--b",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mail.example",
            "",
            f"Final-Recipient: rfc822; {ZHANG}",
            "Action: failed",
            "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 no such user",
            "",
            "--b",
            "Content-Type: text/rfc822-headers",
            "",
            f"Message-ID: {server.mails()[0]['Message-ID']}",
            "",
            "--b--",
            "",
        ]
    )
    taken = await reception.take(report.encode(), arrival(server.took[0][0]))
    assert (taken.number, taken.fate) == (number, Fate.BOUNCE)
    (bounced,) = await house.post(DeliveryState.BOUNCED)
    assert bounced.id == sent.id and "5.1.1" in bounced.error
    assert "未能送达" in (await house.past(number))[-1][1]
