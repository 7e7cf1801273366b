"""Short messages at a real HTTP gateway: what it gets, what it says, and what the desk sees of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.core.item.contact import Kind, Person
from gateway.core.item.delivery import DeliveryState
from gateway.core.item.item import QueueQuery
from gateway.core.item.notice import NoticeState
from gateway.core.item.states import Event
from gateway.errors import SettingError
from gateway.intake.decisions import Act
from gateway.notify.service import sending
from gateway.settings.schema import Config
from tests.notify.conftest import House
from tests.notify.test_mail_out import plan

ANSWER = "商家已退款一百元，调解达成协议。"


@dataclass
class SmsGateway:
    """Answers with `status` and `says`; `got` are headers and bodies."""

    status: int = 200
    says: str = '{"code":0,"id":"m-1"}'
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, text=self.says)


async def served(gateway: SmsGateway) -> tuple[TestServer, str]:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", gateway.take)
    server = TestServer(app)
    await server.start_server(access_log=None)
    return server, str(server.make_url("/send"))


def settings(house: House, url: str, **more: str) -> Config:
    (house.var / "secrets").mkdir(exist_ok=True)
    (house.var / "secrets" / "sms").write_text("a token\n")
    lines = {"url": url, "accepted": '"code":0', **more}
    text = "\n".join(["[sms]", *(f"{name} = {json.dumps(value)}" for name, value in lines.items())])
    return house.settings(text=f'{text}\nheaders = ["Authorization: Bearer {{secret}}"]')


async def answered(house: House, **more: object) -> str:
    """An item without a mail address that is answered."""
    number = (await house.form(**{"email": "", **more})).number
    await house.intake.claim("agent1", QueueQuery(), number)
    said = {"text": ANSWER}
    await house.matters.act(number, "agent1", Act(Event.ANSWER, said))
    return number


async def test_who_left_a_mobile_number_alone_gets_the_answer_as_a_short_message(house: House) -> None:
    gateway = SmsGateway(500, "busy")
    server, url = await served(gateway)
    config = settings(house, url)
    office = house.office(config)
    number = await answered(house)
    await plan(house, office)
    (way,) = office._ways
    await office.send_due(way)
    (told,) = (await house.intake.get(number)).notices
    assert (told.way, told.state, told.proof) == ("sms", NoticeState.WAITING, "HTTP 500 busy")
    gateway.status, gateway.says, house.ahead = 200, '{"code":0,"id":"m-1"}', timedelta(minutes=1)
    await office.send_due(way)
    (told,) = (await house.intake.get(number)).notices
    assert (told.state, told.proof) == (NoticeState.SENT, 'HTTP 200 {"code":0,"id":"m-1"}')
    assert (await house.past(number))[-1] == ("sent", "短信已发出（2条）")
    (_, first), (headers, body) = gateway.got
    sent = json.loads(body)
    assert first == body and headers["Authorization"] == "Bearer a token"
    assert sent["to"] == "13835700000" and sent["id"] == headers["webhook-id"]
    assert sent["text"] == (
        f"【12315】您的投诉（登记编号{number}）已有答复。 {ANSWER} 详情：https://12315.example/track"
    )
    key = base64.b64decode((house.var / "secrets" / "sms-signature").read_text().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    await office.stop()
    await server.close()


async def test_what_the_gateway_refuses_is_failed_and_a_form_is_quoted(house: House) -> None:
    gateway = SmsGateway(200, '{"code":7,"why":"no credit"}')
    server, url = await served(gateway)
    form = {"content_type": "application/x-www-form-urlencoded", "body": "phone={phone}&text={text}"}
    office = house.office(settings(house, url, **form))
    number = await answered(house)
    await plan(house, office)
    await office.send_due(office._ways[0])
    (delivery,) = await house.post()
    assert delivery.state is DeliveryState.DEAD
    (told,) = (await house.intake.get(number)).notices
    assert (told.state, told.proof) == (NoticeState.FAILED, 'HTTP 200 {"code":7,"why":"no credit"}')
    ((_, body),) = gateway.got
    assert parse_qs(body.decode())["phone"] == ["13835700000"]
    assert ANSWER in parse_qs(body.decode())["text"][0]
    await office.stop()
    await server.close()


async def test_nothing_is_texted_to_whoever_is_kept_secret_or_has_no_mobile_number(house: House) -> None:
    office = house.office(settings(house, "http://127.0.0.1:1/"))
    await answered(house, person=Person("李四", "0357-2025100", "li@example.cn"))
    report = (await house.form("web:2", kind=Kind.REPORT, email="")).number
    await house.intake.claim("agent1", QueueQuery(), report)
    await house.matters.act(report, "agent1", Act(Event.HAND_OVER, {"to": "141002"}))
    await plan(house, office)
    assert "sms" not in [delivery.draft.way for delivery in await house.post()]


def test_faults_of_the_settings(house: House) -> None:
    assert "sms" not in sending(house.settings()).ways
    for text, said in {
        "url = 'http://sms.example/'": "this machine only",
        "url = 'https://sms.example/'\nbody = '{phone}'": "{text}",
        "url = 'https://sms.example/'\naccepted = '('": "expression",
        "headers = ['no header']": "Name: value",
    }.items():
        with pytest.raises(SettingError, match=said):
            house.settings(text=f"[sms]\n{text}")
