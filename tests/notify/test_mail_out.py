"""Mails that leave the house, through a real SMTP server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.item.contact import Kind, Person
from gateway.core.item.delivery import DeliveryState
from gateway.core.item.item import QueueQuery
from gateway.core.item.states import Event
from gateway.intake.decisions import Act
from tests.notify.conftest import INBOX, MARKS, ZHANG, House
from tests.notify.mail_server import PASSWORD, MailServer, certificate


async def test_a_form_is_acknowledged(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port, inbox=INBOX))
    receipt = await house.form()
    (mail,) = await server.until(1)
    text = mail.get_content()
    number = receipt.number
    assert " ".join((number[:6], number[6:11], number[11:])) in text and receipt.query_code in text
    assert all(due.on.isoformat() in text for due in receipt.due) and receipt.due
    assert "https://12315.example/track" in text
    assert text.index("查询码") < text.index("Query code")
    assert "商家" not in text and "张三" not in text
    assert mail["To"] == ZHANG and INBOX in mail["From"]
    assert mail["Auto-Submitted"] == "auto-replied" and mail["X-Hotline-Loop"]
    assert MARKS.number_in([mail["Message-ID"]]) == MARKS.number_in([mail["Reply-To"]]) == number
    assert MARKS.number_in([server.took[0][0]]) == number, "bounces find their item by the envelope"
    assert mail.get_content_type() == "text/plain" and mail.get_content_charset() == "utf-8"
    await house.until(DeliveryState.SENT)
    assert [what for what, _ in await house.past(number)] == ["received", "sent"]


async def test_what_the_person_is_told_of(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    number = (await house.form()).number
    await server.until(1)
    await house.intake.claim("agent1", QueueQuery(), number)
    await house.matters.act(number, "agent1", Act(Event.REFUSE_ACCEPTANCE, {"text": "内部说明"}, 3))
    mail = (await server.until(2))[1]
    assert "不予受理" in mail["Subject"] and "第（3）项" in mail.get_content()
    assert "内部说明" not in mail.get_content()
    assert mail["Auto-Submitted"] == "auto-generated"
    await house.intake.complete(number, "agent1", "已答复")
    assert "已办结" in (await server.until(3))[2]["Subject"]
    ids = [one["Message-ID"] for one in server.mails()]
    assert len(set(ids)) == 3


async def test_who_wants_secrecy_gets_number_and_dates(house: House, server: MailServer) -> None:
    await house.opened(house.settings(server.port))
    await house.form(kind=Kind.REPORT, anonymous=True, person=Person(email=ZHANG))
    (mail,) = await server.until(1)
    assert "举报" not in mail["Subject"] + mail.get_content()
    assert "report" not in mail.get_content().lower()


async def test_a_refused_recipient_is_a_dead_letter_at_once(house: House, server: MailServer) -> None:
    server.answers[ZHANG] = "550 5.1.1 no such user"
    await house.opened(house.settings(server.port))
    number = (await house.form()).number
    (dead,) = await house.until(DeliveryState.DEAD)
    assert "550" in dead.error and dead.attempts == 1
    what, text = (await house.past(number))[-1]
    assert what == "not_sent" and "550" in text
    server.answers.clear()
    assert await house.storage.outbox.move(dead.id, (DeliveryState.DEAD,), DeliveryState.WAITING, house.now())
    assert (await server.until(1))[0]["Message-ID"] == dead.draft.content["message_id"]


@pytest.mark.parametrize("where", [ZHANG, "DATA"])
async def test_what_may_pass_is_tried_again(house: House, server: MailServer, where: str) -> None:
    server.answers[where] = "451 4.3.0 come again"
    settings = house.settings(server.port)
    office = house.office(settings)
    await house.form()
    await plan(house, office)
    way = office._ways[0]
    assert await office.send_due(way) == 1
    (waits,) = await house.post(DeliveryState.WAITING)
    assert "451" in waits.error and waits.due_at > house.now() + timedelta(seconds=10)
    assert await office.send_due(way) == 0
    house.ahead = timedelta(minutes=1)
    server.answers.clear()
    assert await office.send_due(way) == 1
    assert len(server.took) == 1 and server.links == 2 if where == "DATA" else True


async def test_a_server_that_is_away_for_good_ends_as_a_dead_letter(house: House, server: MailServer) -> None:
    await server.stop()
    office = house.office(house.settings(server.port))
    number = (await house.form()).number
    await plan(house, office)
    await office.send_due(office._ways[0])
    assert (await house.post())[0].state is DeliveryState.WAITING
    house.ahead = timedelta(hours=73)
    await office.send_due(office._ways[0])
    assert (await house.post())[0].state is DeliveryState.DEAD
    assert (await house.past(number))[-1][0] == "not_sent"
    assert (await house.intake.get(number)).item.number == number


async def test_a_crash_before_the_note_sends_the_same_mail_again(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port))
    await house.form()
    await plan(house, office)
    way = office._ways[0]
    (one,) = await house.storage.outbox.claim(("mail",), 1, house.now(), timedelta(seconds=60))
    await way.send(one)  # and now the gateway dies
    assert await office.send_due(way) == 0
    house.ahead = timedelta(seconds=61)
    assert await office.send_due(way) == 1
    (_, _, first), (_, _, second) = server.took
    assert first == second


async def test_one_connection_serves_many(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port))
    for n in range(5):
        await house.form(f"web:{n}", f"p{n}@example.cn")
    await plan(house, office)
    while await office.send_due(office._ways[0]):
        pass
    assert len(server.took) == 5 and server.links == 1


async def test_a_person_gets_so_many_mails_a_day(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port, per_person=3))
    numbers = [(await house.form(f"web:{n}")).number for n in range(5)]
    await plan(house, office)
    assert len(await house.post()) == 3
    assert "上限" in (await house.past(numbers[4]))[-1][1]


async def test_two_gateways_send_each_mail_once(house: House, server: MailServer) -> None:
    settings = house.settings(server.port)
    for _ in range(2):
        await house.opened(settings)
    for n in range(20):
        await house.form(f"web:{n}", f"p{n}@example.cn")
    await server.until(20)
    await house.until(DeliveryState.SENT, 20)
    assert len({mail["Message-ID"] for mail in server.mails()}) == len(server.took) == 20


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_tls_with_a_certificate_that_is_checked(house: House, tls: str, tmp_path: Path) -> None:
    context, cert = certificate(tmp_path)
    server = MailServer()
    await server.start(tls, context)
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    more = {"tls": tls, "user": "u", "password_file": "password", "ca_file": cert.name}
    office = house.office(house.settings(server.port, **more))
    await house.form()
    await plan(house, office)
    await office.send_due(office._ways[0])
    await office.stop()
    await server.stop()
    assert [one.error for one in await house.post()] == [""]
    assert len(server.took) == 1 and server.users == ["u"]


async def test_a_certificate_nobody_vouches_for_gets_nothing(house: House, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    server = MailServer()
    await server.start("starttls", context)
    office = house.office(house.settings(server.port, tls="starttls"))
    await house.form()
    await plan(house, office)
    await office.send_due(office._ways[0])
    (waits,) = await house.post()
    assert waits.state is DeliveryState.WAITING and waits.error and not server.took
    await server.stop()


async def test_starttls_is_required_or_refused(house: House, server: MailServer) -> None:
    office = house.office(house.settings(server.port, tls="starttls"))
    await house.form()
    await plan(house, office)
    await office.send_due(office._ways[0])
    (waits,) = await house.post()
    assert waits.state is DeliveryState.WAITING and "STARTTLS" in waits.error.upper() and not server.took


async def plan(house: House, office: object) -> None:
    """What the worker does before it sends."""
    while await house.storage.outbox.plan(office._planned, 50, house.now()):  # type: ignore[attr-defined]
        pass
