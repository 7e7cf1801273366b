"""Asterisk, the switchboard and the IVR."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import string

from gateway.calls.after_call import AfterCall
from gateway.calls.switchboard import Switchboard
from gateway.cases.offline import OfflineUnits
from gateway.cases.surveying import Surveying
from gateway.channels.email.service import load_marks
from gateway.channels.fax.reception import FaxReception
from gateway.core.fax.record import Reading
from gateway.errors import PbxDown, Problem, SetupError
from gateway.flows.prompts import load_prompts
from gateway.intake.referrals import Linkage
from gateway.notify.service import order_slips, partner_slips
from gateway.pbx.agi import LOOPBACK, AgiServer
from gateway.pbx.asterisk import AsteriskPbx
from gateway.pbx.asterisk_tree import Asterisk, find
from gateway.pbx.conf import put_in_place
from gateway.pbx.ivr import SURVEY, Ivr
from gateway.pbx.logs import keep_rotating
from gateway.pbx.needs import wanted
from gateway.pbx.process import AsteriskProcess
from gateway.pbx.readiness import Readiness
from gateway.settings.cache import cache_home
from gateway.settings.secrets import key_once
from gateway.web.site import utc_now
from gateway.wiring.parts import Parts, reads_faxes

FIRST_SIGHT = 30.0  # seconds for the first look at an Asterisk that we started


async def prepare_asterisk(parts: Parts) -> None:
    """Its configuration in place, and its process where it is ours to run; nothing is started yet."""
    config = parts.config
    prompts = load_prompts(config.root / config.flows.folder / "prompts.yaml")
    sounds = {prompt.id: prompts.sound_file(prompt.id) for prompt in prompts}
    asterisk = _find_asterisk() if config.asterisk.manage else None
    parts.places = await asyncio.to_thread(put_in_place, config, parts.secrets, sounds, asterisk)
    parts.process = AsteriskProcess(asterisk, parts.places) if asterisk else None
    parts.pbx = AsteriskPbx(config, parts.secrets.ami, tasks=parts.tasks)
    parts.readiness = Readiness(parts.pbx.ask, lambda: wanted(config, frozenset(sounds)))


async def build_calls(parts: Parts) -> None:
    """The switchboard with what is done after a call; it listens once it is started."""
    config = parts.config
    parts.marks = load_marks(config.var)
    parts.linkage = _linkage(parts)
    parts.offline = _offline(parts)
    parts.switchboard = Switchboard(
        *(config, parts.pbx, parts.flows, parts.rules, parts.intake, parts.storage, _after_call(parts)),
        handed=parts.linkage.of_call,
        surveys=_surveys(parts),
        tasks=parts.tasks,
    )
    parts.accounts.in_call = parts.switchboard.in_call


def _surveys(parts: Parts) -> Surveying | None:
    """What the PBX asks by itself; None where the rules leave all follow-up calls to agents."""
    by_pbx = any(rules.by_pbx for rules in parts.rules.follow_ups)
    if not by_pbx or parts.follow_ups is None:
        return None
    if SURVEY not in parts.flows.current().flows:
        why = f"`by_pbx` needs a flow `{SURVEY}`, and there is none"
        raise SetupError(
            Problem(str(parts.config.root / parts.config.rules.folder / "followups.yaml"), 0, why)
        )
    return Surveying(parts.follow_ups)


def _after_call(parts: Parts) -> AfterCall:
    config, storage, places = parts.config, parts.storage, parts.places
    faxes = FaxReception(
        *(parts.intake, storage.faxes, places.faxes, config.var / "fax-work", config.zone),
        most_pages=config.fax.pages,
        reading=Reading.WAITING if reads_faxes(config) else Reading.OFF,
    )
    return AfterCall(
        *(parts.intake, storage.calls, storage.call_backs, places.messages, places.recordings),
        *(config.zone, config.agent_id_of_seat),
        records=config.recording.calls,
        faxes=faxes,
        size=storage.files.size,
    )


def _offline(parts: Parts) -> OfflineUnits:
    """How units without accounts get orders and reply to them."""
    letters = order_slips(parts.config, parts.marks, parts.rules)
    return OfflineUnits(
        parts.orders, parts.storage, letters, _link_key(parts), utc_now, _digits, parts.intake.keep
    )


def _digits(length: int) -> str:
    return "".join(secrets.choice(string.digits) for _ in range(length))


def _link_key(parts: Parts) -> bytes:
    file = parts.config.var / "secrets" / "partner.key"
    return key_once(file, "links in slips sent so far end then")


def _linkage(parts: Parts) -> Linkage:
    """The ledger of what passes between us and partners."""
    config, rules, flows = parts.config, parts.rules, parts.flows
    secret = _link_key(parts)
    slips = partner_slips(config, parts.marks, rules, lambda id_: f"/partner/{id_}.{linkage.token(id_)}")
    linkage = Linkage(
        *(parts.storage, parts.intake, rules.calendar, config.zone),
        *(lambda: flows.current().partners, slips, secret),
    )
    return linkage


async def answer_calls(parts: Parts) -> None:
    """The IVR behind FastAGI, then the switchboard: calls that come from now on are served."""
    config, places = parts.config, parts.places
    ivr = Ivr(parts.switchboard, places.sounds, places.messages, config.recording.longest_message)
    peers = (*LOOPBACK, *config.agi.peers)
    server = AgiServer(config.agi.host, config.agi.port, secret=parts.secrets.agi, peers=peers)
    server.route("call", ivr.call)
    server.route("resume", ivr.resume)
    server.route("survey", ivr.survey)
    await _listening(server.start(), "agi", config.agi.host, config.agi.port)
    parts.stack.push_async_callback(server.stop)
    await parts.switchboard.start()
    parts.stack.push_async_callback(parts.switchboard.close)
    parts.keep("reminders to partners", parts.linkage.keep_reminding)


async def start_asterisk(parts: Parts) -> None:
    """Asterisk, where it is ours to run; in any case calls go to the dialplan's safety net at the end."""
    process, pbx, switchboard = parts.process, parts.pbx, parts.switchboard
    if process:
        parts.stack.push_async_callback(process.stop)  # a start that is broken off ends it too
        await process.start()
        parts.keep("asterisk watch", process.watch)
    parts.stack.push_async_callback(pbx.leave_calls_to_dialplan)
    if process:
        await switchboard.wait_in_step(FIRST_SIGHT)
        await parts.readiness.demand()
    else:
        parts.keep("first reload", lambda: _reload_when_seen(switchboard, pbx))
    parts.keep("what Asterisk needs", parts.readiness.keep_looking)
    parts.keep("Asterisk's logs", lambda: _rotate_logs(parts))


def _find_asterisk() -> Asterisk:
    asterisk = find(cache_home())
    if asterisk is None:
        raise SetupError("there is no Asterisk: `make run` sets one up")
    return asterisk


async def _reload_when_seen(switchboard: Switchboard, pbx: AsteriskPbx) -> None:
    """An Asterisk that is not ours to start may still run on an older configuration."""
    while True:
        with contextlib.suppress(PbxDown):
            await switchboard.wait_in_step(FIRST_SIGHT)
            await pbx.reload()
            return


async def _rotate_logs(parts: Parts) -> None:
    async def rotate() -> None:
        with contextlib.suppress(PbxDown):  # the next look tries again
            await parts.pbx.rotate_logs()

    await keep_rotating(parts.places.root / "log", parts.config.asterisk.keep_logs, rotate, utc_now)


async def _listening(start: object, section: str, host: str, port: int) -> None:
    """Start a server; a taken port is the operator's to mend."""
    try:
        await start  # type: ignore[misc]
    except OSError as error:
        raise SetupError(f"{section}.port {host}:{port} cannot be used: {error.strerror}") from error
