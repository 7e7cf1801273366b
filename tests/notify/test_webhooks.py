"""Webhooks at a real receiver that fails first, and what somebody may do with what was given up."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.cli.check import unknown_webhooks
from gateway.core.flow.partner import Partner
from gateway.core.item.delivery import AGAIN, DeliveryState
from gateway.errors import SettingError
from gateway.flows.store import FlowStore
from gateway.intake.referrals import Linkage
from gateway.notify.service import partner_slips
from gateway.notify.webhook import failing_since, resume, signature
from gateway.settings.load import load
from tests.notify.conftest import MARKS, ROOT, RULES, ZONE, House
from tests.notify.test_mail_out import plan


@dataclass
class Receiver:
    """Answers with `status`; `got` are headers and bodies."""

    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", made.take)
    server = TestServer(app)
    await server.start_server(access_log=None)
    made.url = str(server.make_url("/hook"))
    yield made
    await server.close()


def hooks(receiver: Receiver, events: str = '"item.new", "item.changed", "item.due"') -> str:
    return f'[[webhooks]]\nid = "city"\nurl = "{receiver.url}"\nevents = [{events}]\n'


async def test_one_that_fails_first_gets_the_same_signed_event(house: House, receiver: Receiver) -> None:
    receiver.status = 500
    office = house.office(house.settings(text=hooks(receiver)))
    number = (await house.form()).number
    await plan(house, office)
    way = office._ways[0]
    await office.send_due(way)
    assert (await house.post())[0].error == "HTTP 500"
    receiver.status, house.ahead = 204, timedelta(minutes=1)
    await office.send_due(way)
    assert (await house.post())[0].state is DeliveryState.SENT
    (first, body), (second, again) = receiver.got
    assert body == again and first["webhook-id"] == second["webhook-id"]
    secret = (house.var / "secrets" / "webhook-city").read_text()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{second['webhook-id']}.{second['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert second["webhook-signature"] == f"v1,{expected}"
    told = json.loads(body)
    assert told["type"] == "item.new" and told["data"]["number"] == number and told["data"]["due"]
    text = body.decode()
    assert not any(word in text for word in ("张三", "13835700000", "zhang@", "商家", "某电器"))
    assert await failing_since(house.storage.once, "city") is None


async def test_a_partners_slip_arrives_at_its_webhook(house: House, receiver: Receiver) -> None:
    """From the partner's file and gateway.toml to a real HTTP server."""
    settings = house.settings(text=hooks(receiver, ""))
    folder = house.var / "flows"
    shutil.copytree(ROOT / "ivr_flows", folder)
    (folder / "partners" / "market.yaml").write_text(
        'id: market\nname: {zh: 市场协会}\ndial: "96315"\nwebhook: city\n'
    )
    partners = FlowStore(folder, house.var / "published", "main").current().partners
    slips = partner_slips(settings, MARKS, RULES, lambda one: f"/partner/{one}")
    linkage = Linkage(house.storage, house.intake, RULES.calendar, ZONE, lambda: partners, slips, b"key")
    office = await house.opened(settings)
    number = (await house.form()).number
    referral = await linkage.refer(number, "market", "agent1", text="请协助调解")
    office.wake()
    await house.until(DeliveryState.SENT)
    ((headers, body),) = receiver.got
    told = json.loads(body)
    assert told["type"] == "referral.new" and headers["webhook-id"].startswith("msg_")
    assert told["data"]["id"] == referral.id and told["data"]["text"] == "请协助调解"
    assert told["data"]["slip"] == {
        "kind": "complaint",
        "content": "商家拒绝退款",
        "respondent": "某电器商行",
    }
    assert await house.post(DeliveryState.WAITING) == []


def test_check_names_a_partner_whose_webhook_no_setting_describes(house: House, receiver: Receiver) -> None:
    partners = [Partner(name, name, name, "110", webhook=name) for name in ("city", "market")]
    problems = list(unknown_webhooks(house.settings(text=hooks(receiver)), partners))
    assert [(Path(one.file).name, one.text) for one in problems] == [
        ("market.yaml", "webhook `market` is not in gateway.toml")
    ]


def test_the_signature_is_the_one_of_the_specification() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_redirects_are_not_followed(house: House, receiver: Receiver) -> None:
    receiver.status = 302
    office = house.office(house.settings(text=hooks(receiver)))
    await house.form()
    await plan(house, office)
    await office.send_due(office._ways[0])
    assert len(receiver.got) == 1 and (await house.post())[0].error == "HTTP 302"


async def test_one_that_fails_for_long_is_off_until_it_is_resumed(house: House, receiver: Receiver) -> None:
    receiver.status = 503
    office = house.office(house.settings(text=hooks(receiver)))
    way = office._ways[0]
    await house.form()
    await plan(house, office)
    await office.send_due(way)
    house.ahead = timedelta(hours=80)
    await house.form("web:2")
    await plan(house, office)
    while await office.send_due(way):
        pass
    dead = await house.post(DeliveryState.DEAD)
    assert len(dead) == 2 and len(receiver.got) == 1 and all("switched off" in one.error for one in dead)
    receiver.status = 200
    await resume(house.storage.once, "city")
    for one in dead:
        assert await house.storage.outbox.move(one.id, AGAIN, DeliveryState.WAITING, house.now())
    while await office.send_due(way):
        pass
    assert len(await house.post(DeliveryState.SENT)) == 2


async def test_a_clock_is_told_of_once_soon_and_once_over(house: House, receiver: Receiver) -> None:
    office = house.office(house.settings(text=hooks(receiver, '"item.due"')))
    receipt = await house.form()
    due = receipt.due[0]
    outbox = house.storage.outbox
    for today in (due.on - timedelta(days=1), due.on, due.on + timedelta(days=1), due.on + timedelta(days=2)):
        await outbox.post_due(today, today + timedelta(days=3), house.now())
    await plan(house, office)
    while await office.send_due(office._ways[0]):
        pass
    told = [json.loads(body)["data"] for _, body in receiver.got]
    assert [(one["clock"], one["stage"]) for one in told if one["clock"] == due.clock] == [
        (due.clock, "soon"),
        (due.clock, "overdue"),
    ]


async def test_the_worker_by_itself(house: House, receiver: Receiver) -> None:
    await house.opened(house.settings(text=hooks(receiver)))
    await asyncio.gather(*(house.form(f"web:{n}") for n in range(10)))
    await house.until(DeliveryState.SENT, 10)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[webhooks]]\nid = "a"\nurl = "http://city.example/x"', "this machine only"),
        ('[[webhooks]]\nid = "a"\nurl = "ftp://city.example/x"', "https"),
        ('[[webhooks]]\nid = "A"\nurl = "https://city.example/x"', "does not fit"),
        ('[[webhooks]]\nid = "a"\nurl = "https://city.example"\nevents = ["item.gone"]', "not known"),
        ('[mail_out]\nhost = "mail.example"', "sender is missing"),
        ('[mail_out]\ntls = "maybe"', "none, starttls or tls"),
        ('[mail_out]\nhost = "m.example"\nsender = "a@b.cn"\nuser = "u"\ntls = "none"', "in clear"),
    ],
)
def test_faults_of_the_settings(house: House, text: str, said: str) -> None:
    file = house.var / "bad.toml"
    file.write_text(text)
    with pytest.raises(SettingError, match=said):
        load(file, {})
