"""What a stranger, a program on the same machine, or a seat's telephone tries against the service."""

from __future__ import annotations

import asyncio
import json
import resource
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from gateway.core.call.dialling import CHINA, allowed
from gateway.errors import PbxDown
from gateway.pbx.asterisk import AsteriskPbx
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.logs import is_due
from gateway.sip_phone.call import Late
from gateway.sip_phone.leg import Login
from gateway.sip_phone.phone import Answer, Forward, Ignore, Phone
from gateway.sip_phone.sip import Response, address, header, parse
from gateway.web.http.sip_socket import OWN_ADDRESS
from tests.core.call.test_dialling import NO, YES
from tests.live.carrier import until
from tests.live.conftest import ROOT, Gateway, Installed, new_gateway, running, star
from tests.pbx import pbx_peers
from tests.pbx.pbx_peers import AgiPeer

pytestmark = pytest.mark.live
SPEECH = ROOT / "ivr_flows" / "sounds" / "made" / "menu_main.wav"
AGAIN = 5  # seconds after which an attacker whose connection was closed opens another


async def test_a_program_on_this_machine_is_no_call(gateway: Gateway) -> None:
    """It knows all that Asterisk would say but the secret; a caller at the same time is served."""
    begun = pbx_peers.header(b"call?line=1")
    for block in (begun, begun[:-1] + b"agi_arg_1: guessed\n\n"):
        peer = await AgiPeer.connect(gateway.config.agi.port, block)
        assert await peer.rest() == b""
        await peer.close()
    async with gateway.phone("13912370001") as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.hang_up()
    assert "without the right secret" in gateway.log.read_text("utf-8")


async def test_no_other_user_of_the_machine_can_read_what_a_call_leaves(gateway: Gateway) -> None:
    """A message and its recording, journal, database, queue log, Asterisk's own state."""
    async with gateway.phone("13912370002") as phone:
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("5")
        await call.wait_prompt("beep", timeout=20)
        await call.say(SPEECH)
        await call.hang_up()
    await gateway.call_of("13912370002")
    var = gateway.config.var
    opened = [
        path for path in (var, *var.rglob("*")) if not path.is_symlink() and path.stat().st_mode & 0o077
    ]
    assert opened == []


@pytest.mark.parametrize("to", ["913800138000", "PJSIP%2F13800138000%40trunk", "8003"])
async def test_a_diversion_set_on_a_seats_telephone_is_not_followed(gateway: Gateway, to: str) -> None:
    """The caller reaches the next seat, nothing is dialled, and the seat is paused and told why."""
    async with (
        gateway.phone("carrier", port=gateway.far_end) as carrier,
        gateway.seat("8003", "agent3", sign_in=False) as other,
        gateway.seat("8001", "agent1") as seat,
        gateway.phone("13912370003") as caller,
    ):
        seat.answer_with(Forward(f"sip:{to}@127.0.0.1"))
        call = await caller.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("0")
        await seat.incoming()
        await until_state(gateway, "agent1", ("paused", "forward"))
        async with gateway.seat("8002", "agent2") as second:
            await second.incoming(30)  # an announcement may be under way
            await call.hang_up()
        assert not carrier.calls
        assert not other.calls
        with pytest.raises(Late):
            await seat.incoming(timeout=0.01)


async def until_state(gateway: Gateway, agent: str, wanted: tuple[str, str]) -> None:
    """Wait until the API tells this state and reason of an agent's seat."""
    async with asyncio.timeout(5):
        while True:
            agents = await asyncio.to_thread(gateway.api, "/api/v1/agents")
            row = next(row for row in agents["items"] if row["id"] == agent)
            if (row["state"], row["reason"]) == wanted:
                return
            await asyncio.sleep(0.05)


SYNTAX = (
    "91&Local%2Fs%40listen%2Fn",
    "91%2C1%2C1",
    "91%2Ftrunk",
    "91$%7BEXTEN%7D",
    "91%22%20%7C%20%221",
)
NOT_ALLOWED = ("912590123", "90085212345678", "916812345", "9" + "1" * 40)


async def test_a_seats_telephone_calls_only_what_may_be_called(gateway: Gateway) -> None:
    """A number is digits, and one of those that the settings allow; a seat has one call outside at a time."""
    async with (
        gateway.phone("carrier", port=gateway.far_end) as carrier,
        gateway.seat("8001", "agent1", sign_in=False) as seat,
    ):
        for number in (*SYNTAX, *NOT_ALLOWED):
            call = await seat.dial(f"sip:{number}@{gateway.sip}")
            assert (number, call.answered, call.status) == (number, False, 403)
        assert not carrier.calls
        first = await seat.dial("913800138000")
        assert (await carrier.incoming()).number == "13800138000"
        second = await seat.dial("913800138001")
        assert (second.answered, second.status) == (False, 403)
        await first.hang_up()
        third = await seat.dial("995588")
        assert (await carrier.incoming()).number == "95588"
        await third.hang_up()


async def test_the_dialplan_and_the_settings_allow_the_same_numbers(installed: Installed) -> None:
    for number in (*YES, *(number for number in NO if number.isascii() and number.isdecimal())):
        said = installed.console(f"dialplan show {number}@outside-allowed")
        assert ("There is no existence" not in said) is allowed(number, CHINA), said


async def test_a_day_has_so_many_calls_outside(asterisk_tree: Asterisk, tmp_path: Path) -> None:
    """In all, and to one number, however it is written; public services are free of the second limit."""
    made = new_gateway(tmp_path, GATEWAY_OUTGOING_PER_DAY=4, GATEWAY_OUTGOING_PER_NUMBER=1)
    runs = running(made)
    await asyncio.to_thread(next, runs)
    async with (
        made.phone("carrier", port=made.far_end) as carrier,
        made.seat("8001", "agent1", sign_in=False) as seat,
    ):
        seat.answer_with(Answer(0.1))
        about = {"kind": "question", "content": "商家拒绝退款", "name": "张三", "phone": "013800138000"}
        item = (await asyncio.to_thread(made.api, "/api/v1/intake", about))["number"]
        calls = (
            *(("913800138000", 200), ("9013800138000", 403), ("87654321", 0), ("912345", 200)),
            *(("912345", 200), ("913800138001", 200), ("913800138002", 403)),
        )
        for number, status in calls:
            if not status:  # from the item, to the number of the first call
                await asyncio.to_thread(made.api, f"/api/v1/queue/{item}/call", {"agent": "agent1"})
                await (await seat.incoming(15)).ended(15)
                continue
            call = await seat.dial(number)
            assert call.status == status, number
            await call.hang_up()
        dialled = [(await carrier.incoming()).number for _ in range(4)]
        assert dialled == ["13800138000", "12345", "12345", "13800138001"]
        with pytest.raises(Late):
            await carrier.incoming(timeout=0.01)
        timeline = (await made.item_of(item))["timeline"]
        told = [(entry["text"], entry["who"]) for entry in timeline if entry["what"] == "not_dialled"]
        assert told == [("今日呼叫此号码的次数已达上限", "8001")]
    await asyncio.to_thread(runs.close)  # type: ignore[attr-defined]


async def test_a_call_back_goes_only_to_what_may_be_called(gateway: Gateway) -> None:
    """The caller's own number, as a stranger's exchange sent it, would cost extra: nobody is dialled."""
    premium = "0357168123"
    async with (
        gateway.seat("8001", "agent1") as seat,
        gateway.phone("carrier", port=gateway.far_end) as carrier,
        gateway.phone(premium) as phone,
    ):
        await star(seat, "*61", "agent_paused")
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("5")
        await call.wait_prompt("message_or_callback", timeout=10)
        await call.press("1")
        await call.wait_prompt("callback_confirm", timeout=30)
        await call.press("1")
        await call.wait_prompt("callback_booked", timeout=10)
        await call.ended(20)
        record = await gateway.call_of(premium)
        await star(seat, "*65", "agent_ready")
        at_seat = await seat.incoming(15)
        await at_seat.wait_prompt("agent_refused", timeout=15)
        await at_seat.ended(10)
        assert not carrier.calls
    async with asyncio.timeout(10):
        while True:
            timeline = (await gateway.item_of(record["number"]))["timeline"]
            if any(entry["what"] == "call_back_failed" for entry in timeline):
                return
            await asyncio.sleep(0.1)


SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\n"
    "a=rtpmap:8 PCMA/8000\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"
    "a=rtcp-mux\r\na=mid:0\r\na=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
)


@dataclass
class WsPhone:
    """A browser's telephone without a browser: SIP over a WebSocket, under any name it likes."""

    socket: aiohttp.ClientWebSocketResponse
    user: str
    password: str = ""
    _answered: Response | None = None

    async def call(self, sender: str = "") -> int:
        """The final answer to a call of the hotline; 0 when the connection is closed instead."""
        call, login = secrets.token_hex(8), Login(self.user, self.password)
        answer = await self._ask(call, sender or self.user, 1)
        if answer is not None and answer.status == 401 and self.password:
            proof = login.header(answer, "INVITE", "sip:12315@127.0.0.1")
            answer = await self._ask(call, sender or self.user, 2, f"{proof[0]}: {proof[1]}\r\n")
        self._answered = answer
        return answer.status if answer else 0

    async def hang_up(self) -> None:
        """End the call that was answered."""
        assert self._answered
        for method, number in (("ACK", 2), ("BYE", 3)):
            ids = {name: header(self._answered, name) for name in ("To", "From", "Call-ID")}
            await self.socket.send_str(
                f"{method} {address(header(self._answered, 'Contact')).uri} SIP/2.0\r\n"
                f"Via: SIP/2.0/WS x.invalid;branch=z9hG4bK{ids['Call-ID']}{method}\r\nMax-Forwards: 70\r\n"
                + "".join(f"{name}: {value}\r\n" for name, value in ids.items())
                + f"CSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
            )
        async with asyncio.timeout(10):
            async for frame in self.socket:
                if " BYE\r\n" in frame.data:
                    return

    async def _ask(self, call: str, sender: str, number: int, more: str = "") -> Response | None:
        await self.socket.send_str(
            "INVITE sip:12315@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/WS {call}.invalid;branch=z9hG4bK{call}{number}\r\nMax-Forwards: 70\r\n"
            f"To: <sip:12315@127.0.0.1>\r\nFrom: <sip:{sender}@127.0.0.1>;tag={call}\r\n"
            f"Call-ID: {call}\r\nCSeq: {number} INVITE\r\n"
            f"Contact: <sip:{call}@{call}.invalid;transport=ws>\r\n"
            f"{more}Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
        )
        async with asyncio.timeout(10):
            async for frame in self.socket:
                answer = parse(frame.data.encode())
                if isinstance(answer, Response) and answer.final and header(answer, "Call-ID") == call:
                    return answer
        return None


@asynccontextmanager
async def over_ws(
    url: str, user: str, password: str = "", source: str = "127.0.0.1"
) -> AsyncIterator[WsPhone]:
    connector = aiohttp.TCPConnector(local_addr=(source, 0))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.ws_connect(url, protocols=["sip"]) as socket,
    ):
        yield WsPhone(socket, user, password)


async def test_a_browser_is_not_the_carrier(gateway: Gateway) -> None:
    """It dials as any number it likes: the gateway cuts it off, and Asterisk would not know it either."""
    async with over_ws(gateway.url("/ws"), "13900000000") as phone:
        assert await phone.call() == 0
        assert phone.socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION
    asterisk = f"http://127.0.0.1:{gateway.config.asterisk.http_port}/ws"
    async with over_ws(asterisk, "13900000000", source=OWN_ADDRESS) as phone:
        assert await phone.call() == 401
    assert gateway.calls() == []


async def test_the_visitor_has_one_line(gateway: Gateway) -> None:
    password = json.loads((gateway.config.var / "secrets" / "secrets.json").read_text())["visitor"]
    async with over_ws(gateway.url("/ws"), "visitor", password) as one:
        assert await one.call() == 200
        async with over_ws(gateway.url("/ws"), "visitor", password) as two:
            assert await two.call() == 486
            assert await two.call("8001-web") == 0
        async with gateway.phone("13912370009") as other:
            call = await other.dial("12315")
            assert call.answered
            await call.hang_up()
        await one.hang_up()
        assert await one.call() == 200
        await one.hang_up()


async def test_an_answer_to_register_does_not_tell_which_seats_there_are(gateway: Gateway) -> None:
    """From the carrier's address and from a stranger's: the same status, the same headers."""
    for source in ("127.0.0.1", "127.0.0.3"):
        told = set()
        for user in ("8001", "8001-web", "8009", "13900000000", "visitor", "trunk"):
            async with Phone(user, source, sip_server=gateway.sip, password="guessed") as phone:
                with pytest.raises(PbxDown) as refused:
                    await phone.register()
                told.add(str(refused.value).partition("refused")[2])
        assert told == {": 401 Unauthorized"}


async def test_sip_is_taken_from_telephones_and_trunks_only(asterisk_tree: Asterisk, tmp_path: Path) -> None:
    made = new_gateway(tmp_path, GATEWAY_ASTERISK_PHONE_NETS="127.0.0.4")
    runs = running(made)
    await asyncio.to_thread(next, runs)
    known = json.loads(made.command("user", "show", "agent1", "--json"))
    async with Phone("8001", "127.0.0.3", sip_server=made.sip, password=known["sip_password"]) as stranger:
        with pytest.raises(PbxDown, match="403"):
            await stranger.register()
    async with Phone("8001", "127.0.0.4", sip_server=made.sip, password=known["sip_password"]) as seat:
        await seat.register()
    async with made.phone("13912370010") as caller:
        call = await caller.dial("12315")
        assert call.answered
        await call.hang_up()
    await asyncio.to_thread(runs.close)  # type: ignore[attr-defined]


async def test_asterisks_logs_begin_anew(installed: Installed) -> None:
    folder = installed.places.root / "log"
    pbx = AsteriskPbx(installed.config, installed.secrets.ami)
    await pbx.start(lambda event: None)
    await pbx.wait_ready(10)
    await pbx.rotate_logs()
    await pbx.close()
    assert {file.name.partition(".")[0] for file in folder.glob("*.[0-9]*")} >= {"messages", "security"}
    assert not is_due(folder, datetime.now(UTC))
    assert (folder / "messages").exists()


async def test_a_second_telephone_does_not_take_a_seats_calls_in_silence(gateway: Gateway) -> None:
    known = json.loads(gateway.command("user", "show", "agent1", "--json"))
    async with gateway.seat("8001", "agent1", sign_in=False) as first:
        await star(first, "*60", "agent_signed_in")
        first.answer_with(Answer())
        async with gateway.phone("8001", password=known["sip_password"]) as second:
            await second.register()
            told = await first.incoming()
            await told.wait_prompt("agent_not_a_seat", timeout=10)
            await until_state(gateway, "agent1", ("paused", "taken"))
            await star(second, "*65", "agent_ready")
            await until_state(gateway, "agent1", ("ready", ""))
            await star(second, "*69", "agent_signed_out")


async def test_a_telephone_that_moves_is_no_second_one(gateway: Gateway) -> None:
    """It took itself off, or it had gone: the seat is ready where it is now."""
    known = json.loads(gateway.command("user", "show", "agent1", "--json"))
    for gone in (False, True):
        async with gateway.phone("8001", password=known["sip_password"]) as first:
            await first.register()
            await star(first, "*60", "agent_signed_in")
            if gone:
                first.answer_with(Ignore())
                await until_state(gateway, "agent1", ("paused", "phone"))
            else:
                await first.register(0)
            async with gateway.phone("8001", password=known["sip_password"]) as second:
                await second.register()
                await until_state(gateway, "agent1", ("ready", ""))
                await star(second, "*69", "agent_signed_out")


async def test_half_sent_requests_cost_no_call_and_no_answer(gateway: Gateway) -> None:
    """1,100 of one address, held open or begun again when closed, while a caller leaves a message."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    host, port = "127.0.0.1", gateway.config.web.port
    answered: list[int] = []
    opened: set[int] = set()

    async def attack(number: int) -> None:
        await asyncio.sleep(number / 500)
        while True:
            reader, writer = await asyncio.open_connection(host, port, local_addr=("127.0.0.9", 0))
            try:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n")
                opened.add(number)
                await reader.read()
            except OSError:
                pass
            finally:
                writer.close()
            await asyncio.sleep(AGAIN)

    async def ask_health() -> None:
        while True:
            await asyncio.to_thread(gateway.wait_healthy, 5)
            answered.append(len(opened))
            await asyncio.sleep(0.2)

    attackers = [asyncio.create_task(attack(number)) for number in range(1100)]
    asked = asyncio.create_task(ask_health())
    try:
        await asyncio.to_thread(until, lambda: len(opened) == len(attackers))
        async with gateway.phone("13912370012") as phone:
            call = await phone.dial("12315")
            await call.wait_prompt("welcome", timeout=10)
            await call.press("5")
            await call.wait_prompt("beep", timeout=20)
            await call.say(SPEECH)
            await call.hang_up()
            record = await gateway.call_of("13912370012")
        assert (record["outcome"], bool(record["number"])) == ("message", True)
        assert not any(one.done() and one.exception() for one in (*attackers, asked))
    finally:
        for one in (*attackers, asked):
            one.cancel()
        await asyncio.gather(*attackers, asked, return_exceptions=True)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(answered) > 10 and answered[-1] == len(attackers), answered


async def test_who_guesses_is_shut_out_never_a_trunk_or_a_seat(
    asterisk_tree: Asterisk, tmp_path: Path
) -> None:
    made = new_gateway(tmp_path, GATEWAY_ASTERISK_BAN_AFTER=3)
    runs = running(made)
    await asyncio.to_thread(next, runs)
    words = [json.loads(made.command("user", "show", f"agent{n}", "--json"))["sip_password"] for n in (1, 2)]

    async def answer(source: str, user: str, password: str) -> str:
        async with Phone(user, source, sip_server=made.sip, password=password) as phone:
            try:
                await phone.register()
            except PbxDown as refused:
                return str(refused).partition("refused: ")[2][:3]
            return "200"

    async with Phone("8002", "127.0.0.10", sip_server=made.sip, password=words[1]) as seat:
        await seat.register()
        for source in ("127.0.0.1", "127.0.0.10", "127.0.0.9"):
            for user in ("8001", "8001", "8009", "8001"):
                assert await answer(source, user, "guessed") in ("401", "403")
        async with asyncio.timeout(10):
            while True:
                if await answer("127.0.0.9", "8001", words[0]) == "403":
                    break
                await asyncio.sleep(0.05)
        assert await answer("127.0.0.1", "8001", words[0]) == "200"
        assert await answer("127.0.0.10", "8001", words[0]) == "200"
    async with made.phone("13912370011") as caller:
        call = await caller.dial("12315")
        assert call.answered
        await call.hang_up()
    log = made.log.read_text("utf-8")
    assert "127.0.0.9 guesses SIP passwords and is shut out" in log
    assert "127.0.0.10 guesses SIP passwords, and is not shut out" in log
    await asyncio.to_thread(runs.close)  # type: ignore[attr-defined]
