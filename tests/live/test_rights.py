"""Every end point of a running gateway with every role: who may ask what."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from asyncio import to_thread

import aiohttp
import pytest

from gateway.core.rights import Right, holders
from gateway.core.roles import OF_UNITS, Role
from gateway.sip_phone.phone import Answer
from tests.live.conftest import Gateway

pytestmark = pytest.mark.live

PUBLIC = "submit state healthz openapi docs"
# Each end point by name: a new one is refused by this test until somebody says here which right it needs.
NEEDS: dict[Right, str] = {
    Right.WORK_ITEMS: """
        queue claim renew release complete addition_read merge write_up revisions counter form
        likely matter link unlink external split unmerge accept refuse_acceptance hand_over hand_back
        wait_for_papers papers_came answer withdraw reopen refer faxes fax send_fax fax_pages arrange_fax
        split_fax queue_rows queue_counts search history undo retract note mentions mentions_seen code
        arrival answers colleagues reply told tell_again notice_letter end_mediation reply_preview ways
        send_receipt step
    """,
    Right.WORK_CALLS: """
        consult back leave transfer transfers call_about partners calls lines agents set_agent pop
        draft save_draft drop_draft drafts write_items seat_phone seat_phone_holder call_back
        call_back_again add_to_item
    """,
    Right.SEE_ITEM: "item attachment",
    Right.ADD_FILES: "files",
    Right.HEAR_CALLS: "recording peaks",
    Right.OPEN_IDENTITY: "identity",
    Right.FOLLOW_UP: "follow_ups follow_up_call follow_up_result follow_up_attempt",
    Right.LEAD_SHIFT: "listen referral_accounts outbox resend holders reassign",
    Right.HOLD_ITEMS: "hold let_go",
    Right.SEE_HOLDS: "holds",
    Right.ANSWER_REFERRALS: """
        referrals referral referral_accept referral_refuse referral_return referral_keep referral_answer
        referral_close
    """,
    Right.SEND_REFERRALS: "push",
    Right.READ_FIGURES: "figures",
    Right.OWN_ACCOUNT: "me",
    Right.SEE_UNITS: "units",
    Right.EDIT_UNITS: "unit add_unit change_unit unit_people take_into_unit",
    Right.ASSIGN_ORDERS: "dispatch dispatch_one assign",
    Right.SEE_ORDERS: "orders order orders_of_item earlier_orders order_rungs rung_paper",
    Right.SEE_SUPERVISION: """
        supervision period_figures period_series period_orders period_csv period_xlsx published_figures
    """,
    Right.HANDLE_ORDERS: """
        order_draft order_sign order_return order_pass_down order_ask_extension order_suspend order_resume
        order_decide order_dispute order_report
    """,
    Right.DIRECT_ORDERS: """
        order_decide_extension order_uphold order_cancel order_approve order_send_back order_take_back
        order_urge order_do_again
    """,
    Right.SUPERVISE_ORDERS: "publish_figures order_supervise",
    Right.WATCH_BOARD: "board events",
    Right.READ_AUDIT: "audit audit_verify audit_export",
}
MAY: dict[str, set[str]] = {
    **{name: {"", *Role} for name in [*PUBLIC.split(), "metrics"]},  # metrics: this machine needs no right
    **{name: set(holders(right)) for right, names in NEEDS.items() for name in names.split()},
}


async def test_every_end_point_with_every_role(own_gateway: Gateway) -> None:
    gateway = own_gateway
    tokens = {"": ""}
    for role in Role:
        name = "agent1" if role is Role.AGENT else f"a-{role}"  # an agent's token bears his id
        unit = ["--unit", "141002"] if role in OF_UNITS else []
        made = await to_thread(
            gateway.command, "token", "create", "--role", role.value, "--name", name, *unit
        )
        tokens[role.value] = made.strip().splitlines()[-1]
    paths = (await to_thread(gateway.api, "/openapi.json"))["paths"]
    routes = [(path, way, one) for path, ways in paths.items() for way, one in ways.items() if way != "head"]
    unknown = {one["operationId"] for _, _, one in routes} ^ MAY.keys()
    assert not unknown, f"in one of the two alone: {unknown}"
    wrong = []
    for path, way, one in routes:
        for role, token in tokens.items():
            status = await to_thread(asked, gateway, way, _plain(path), token)
            wanted = "in" if role in MAY[one["operationId"]] else 403 if role else 401
            if wanted != ("in" if status not in (401, 403) else status):
                wrong.append((way, path, role or "nobody", status))
    assert not wrong


OPEN = ("/", "/report", "/track", "/docs", "/phone", "/desk", "/wallboard")
WORK = ("/desk/entry", "/desk/linkage", "/desk/calls", "/desk/fax/261124000010")
PAGES: dict[str, set[str]] = {
    **{path: {"", *Role} for path in OPEN},
    **{path: set(holders(Right.WORK_ITEMS)) for path in WORK},
    "/desk/today": set(holders(Right.LEAD_SHIFT)),
    "/desk/supervision": set(holders(Right.SEE_SUPERVISION)),
    "/desk/dispatch": set(holders(Right.ASSIGN_ORDERS)),
    "/desk/supervision/figures": set(holders(Right.SEE_SUPERVISION)),
    "/desk/supervision/charts": set(holders(Right.SEE_SUPERVISION)),
    "/desk/follow-ups": set(holders(Right.FOLLOW_UP)),
    "/unit": set(holders(Right.WORK_IN_UNIT)),
    "/unit/people": set(holders(Right.KEEP_HANDLERS)),
    "/desk/units": set(holders(Right.EDIT_UNITS)),
    "/desk/account": set(holders(Right.OWN_ACCOUNT)),
    "/desk/audit": set(holders(Right.READ_AUDIT)),
}
PEOPLE = holders(Right.OWN_ACCOUNT)
LED = {("/desk", role.value): 303 for role in OF_UNITS}  # to their own page


@pytest.mark.parametrize("role", ["", *Role])
async def test_every_page_with_every_role(gateway: Gateway, role: str) -> None:
    """People by their session, programs by a token. /desk is the log-in for whoever has no session."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        headers = {}
        if role in PEOPLE:
            unit = ["--unit", "141002"] if role in OF_UNITS else []
            said = await to_thread(gateway.command, "user", "add", f"p-{role}", "--role", role, *unit)
            form = {"account": f"p-{role}", "password": said.split()[-1]}
            async with client.post(gateway.url("/desk/login"), data=form, allow_redirects=False) as answer:
                assert answer.status == 303
        elif role:
            token = await to_thread(gateway.command, "token", "create", "--role", role, "--name", f"t-{role}")
            headers = {"Authorization": f"Bearer {token.strip().splitlines()[-1]}"}
        for path, roles in PAGES.items():
            wanted = 200 if role in roles else 403 if role in PEOPLE else 303
            wanted = LED.get((path, role), wanted)
            async with client.get(gateway.url(path), headers=headers, allow_redirects=False) as answer:
                assert answer.status == wanted, (path, role)


def _plain(path: str) -> str:
    """A path with parts that fit; nothing is behind them but the seat."""
    parts = {"number": "261124000010", "sha256": "0" * 64, "id": "agent1" if "/agents/" in path else "1.1"}
    return re.sub(r"\{(\w+)\}", lambda part: parts.get(part[1], "1"), path)


def asked(gateway: Gateway, way: str, path: str, token: str) -> int:
    """The status of a request without a body."""
    request = urllib.request.Request(gateway.url(path), method=way.upper())
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


async def test_looks_at_what_is_personal_are_written_down(own_gateway: Gateway) -> None:
    gateway = own_gateway
    form = {"kind": "question", "name": "张三", "phone": "13800138000", "content": "请问如何退货"}
    number = (await to_thread(gateway.api, "/api/v1/intake", form))["number"]
    for path in (f"queue/{number}/likely", f"queue/{number}/matter", "calls/1.1/transfers", "referrals"):
        await to_thread(gateway.api, f"/api/v1/{path}")
    assert await to_thread(asked, gateway, "get", f"/api/v1/queue/{number}/form", gateway.token) == 200
    looks = {"likely.view", "matter.view", "transfers.view", "referrals.view", "form.view"}
    wish = {"partner": "12345", "text": "请贵方办理"}
    await to_thread(gateway.api, "/api/v1/queue/claim", {"number": number})
    referral = await to_thread(gateway.api, f"/api/v1/queue/{number}/refer", wish)
    await to_thread(gateway.api, f"/api/v1/referrals/{referral['id']}")
    call = await a_talk(gateway)
    assert await to_thread(asked, gateway, "get", f"/api/v1/calls/{call}/peaks", gateway.token) == 200
    looks |= {"referral.view", "recording.picture"}
    rows = (await to_thread(gateway.api, "/api/v1/audit?limit=100"))["rows"]
    assert looks <= {row["what"] for row in rows}


async def a_talk(gateway: Gateway) -> str:
    """The id of a talk of agent1 that is over, with its recording."""
    async with gateway.seat("8001", "agent1") as seat, gateway.phone("13912361200") as phone:
        seat.answer_with(Answer(0.1, 440))
        call = await phone.dial("12315")
        await call.wait_prompt("welcome", timeout=10)
        await call.press("1")
        rung = await seat.incoming(15)
        await call.wait_tone(440, timeout=10)
        await rung.hang_up()
        await call.ended(10)
    return str((await gateway.call_of("13912361200"))["id"])


async def test_transfers_and_recordings_are_for_those_whose_call_it_was(own_gateway: Gateway) -> None:
    gateway = own_gateway
    tokens = {}
    agents = [("agent", name) for name in ("agent1", "agent2", "program")]
    for role, name in (*agents, ("supervisor", "lead")):
        made = await to_thread(gateway.command, "token", "create", "--role", role, "--name", name)
        tokens[name] = made.strip().splitlines()[-1]
    call = await a_talk(gateway)
    for what in ("transfers", "recording", "peaks"):
        answers = {
            name: await to_thread(asked, gateway, "get", f"/api/v1/calls/{call}/{what}", token)
            for name, token in tokens.items()
        }
        assert answers == {"agent1": 200, "agent2": 403, "program": 403, "lead": 200}, what
