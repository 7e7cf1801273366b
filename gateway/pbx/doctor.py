"""A live Asterisk examined: what it is, what is loaded, who is there, and what to do about what is wrong.

Asks over the console, or over AMI where Asterisk is not ours to run; works when the gateway does not.
Changes nothing.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gateway.errors import PbxDown
from gateway.pbx import trunks
from gateway.pbx.ami_console import AmiConsole
from gateway.pbx.asterisk_tree import OLDEST, Asterisk, major, version_line
from gateway.pbx.conf import QUEUE, Places
from gateway.pbx.conf_check import loaded
from gateway.pbx.event_filters import filters_by_name
from gateway.pbx.journal import journal_written
from gateway.pbx.needs import COMMANDS, Wanted, missing, wanted
from gateway.settings.schema import Config
from gateway.settings.secrets import ami_secret

LEAST_DISK = 1 << 30  # bytes free under which recordings are in danger


class Verdict(StrEnum):
    """OK; WARN: it works, but look; BAD: something does not work."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` says what to do, Chinese and English; "" when all is well."""

    verdict: Verdict
    what: str
    advice: str = ""


Ask = Callable[[str], str]


def examine(config: Config, asterisk: Asterisk | None, prompts: Collection[str]) -> Iterator[Finding]:
    """Look at everything, one finding after another. `prompts` are the ids that must have a sound."""
    places = Places(config.var)
    try:
        with contextlib.ExitStack() as stack:
            ask = _asker(config, asterisk, places, stack)
            yield from _asterisk(config, asterisk, places, prompts, ask)
    except (PbxDown, OSError) as error:
        yield Finding(Verdict.BAD, "Asterisk", f"没有运行 / it does not run: {error}")
    yield from _disk(config.var)
    yield from _spool(places)
    yield from _journal(places)


def _asker(config: Config, asterisk: Asterisk | None, places: Places, stack: contextlib.ExitStack) -> Ask:
    """The console where Asterisk is ours to run, else AMI: it may run in another container."""
    if not config.asterisk.manage:
        ami = config.ami
        return stack.enter_context(AmiConsole(ami.host, ami.port, ami.user, ami_secret(config.var)))
    if asterisk is None:
        raise PbxDown("未找到 Asterisk，运行 make setup / there is no Asterisk: make setup")
    asterisk_found = asterisk

    def ask(command: str) -> str:
        return asterisk_found.console(places.conf, command)

    return ask


def _asterisk(
    config: Config, asterisk: Asterisk | None, places: Places, prompts: Collection[str], ask: Ask
) -> Iterator[Finding]:
    yield from _version(ask, config.asterisk.manage)
    yield from _needs(wanted(config, prompts), ask)
    yield from _modules(ask, places)
    yield from _sound(ask)
    yield from _trunks(ask, config)
    yield from _seats(ask, config)
    if asterisk is not None and config.asterisk.manage:
        yield from _queue_order(places, asterisk)
    yield from _gateway(ask)


def _needs(need: Wanted, ask: Ask) -> Iterator[Finding]:
    """What calls cannot do without."""
    lacks = missing(need, {command: ask(command) for command in COMMANDS})
    for lack in lacks:
        yield Finding(Verdict.BAD, f"{lack.zh} / {lack.en}", lack.setting)
    if not lacks:
        yield Finding(Verdict.OK, "中继 / trunk")
        yield Finding(
            Verdict.OK,
            f"SIP {need.sip[0]}:{need.sip[1]}、{len(need.prompts)} 条提示音、队列、HTTP / "
            f"SIP {need.sip[0]}:{need.sip[1]}, {len(need.prompts)} prompts, queue, HTTP",
        )


def _version(ask: Ask, ours: bool) -> Iterator[Finding]:
    """`ours`: the gateway runs it, and wrote manager.conf for its version."""
    version = version_line(ask("core show version"))
    if major(version) < OLDEST:
        verdict, advice = Verdict.BAD, f"需要 {OLDEST} 以上版本 / version {OLDEST} or newer is needed"
    elif not ours and not filters_by_name(version):
        verdict, advice = Verdict.WARN, _ALL_EVENTS
    else:
        verdict, advice = Verdict.OK, ""
    yield Finding(verdict, " ".join(version.split()[:2]) or "Asterisk", advice)


_ALL_EVENTS = (
    "此版本不能按名称筛选事件，会发送全部事件；通话照常，但更占用处理器，请升级到 20.11、21.6、22.1 以上"
    " / it cannot filter events by name and sends all; calls work, but cost more: "
    "update to 20.11, 21.6, 22.1 or later"
)


def _modules(ask: Ask, places: Places) -> Iterator[Finding]:
    running = set(re.findall(r"^(\w+)\.so .*Running", ask("module show"), re.M))
    wanted = loaded(places.etc / "modules.conf")
    missing = sorted(wanted - running)
    if missing:
        advice = "查看 var/asterisk/log/messages / see that log for why"
        yield Finding(Verdict.BAD, f"模块未运行 / modules not running: {', '.join(missing)}", advice)
    else:
        yield Finding(Verdict.OK, f"{len(wanted)} 个模块 / {len(wanted)} modules")
    fax = "res_fax" in running
    yield Finding(
        Verdict.OK,
        "传真 / fax" if fax else "传真未加载（没有设置传真线路） / fax: not loaded (no fax line is set up)",
    )


def _sound(ask: Ask) -> Iterator[Finding]:
    codecs = ask("core show codecs audio")
    missing = [codec for codec in ("alaw", "ulaw", "slin") if not re.search(rf"\b{codec}\b", codecs)]
    advice = "" if not missing else "modules.conf 缺少编解码模块 / a codec module is not loaded"
    yield Finding(
        Verdict.BAD if missing else Verdict.OK, f"编解码 / codecs {missing or 'alaw, ulaw, slin'}", advice
    )


def _trunks(ask: Ask, config: Config) -> Iterator[Finding]:
    """Whether each trunk answers, where it is asked, and whether its registration stands."""
    contacts, registrations = ask("pjsip show contacts"), ask("pjsip show registrations")
    for trunk in trunks.named(config):
        away = re.search(rf"^\s*Contact:\s+{trunk.name}/\S+\s.*\bUnavail", contacts, re.M) is not None
        contact = re.search(rf"^\s*Contact:\s+{trunk.name}/\S+\s.*\b(Avail|Unavail)\b", contacts, re.M)
        states = [_AWAY if away else _THERE if contact else _NOT_ASKED]
        registration = re.search(rf"^\s*{trunk.name}/sips?:\S+\s+\S*\s*(\w+)", registrations, re.M)
        if trunk.trunk.registers:
            states.append(_registered(registration[1].lower() if registration else ""))
        bad = away or (trunk.trunk.registers and states[-1] != _REGISTERED)
        advice = "查看地址、用户和密码，见 trunks.md / look at far_end, user and password: trunks.md"
        name = f"{trunk.name} ({trunk.trunk.far_end})"
        what = f"{name}：{'，'.join(zh for zh, _ in states)} / {name}: {', '.join(en for _, en in states)}"
        yield Finding(Verdict.BAD if bad else Verdict.OK, what, advice if bad else "")


_AWAY = ("没有应答", "does not answer")
_THERE = ("有应答", "answers")
_NOT_ASKED = ("未查询（ask_seconds）", "is not asked (ask_seconds)")
_REGISTERED = ("已注册", "registered")


def _registered(state: str) -> tuple[str, str]:
    """How a registration stands, in both languages."""
    states = {"registered": _REGISTERED, "": ("没有注册", "no registration")}
    return states.get(state, (f"注册状态 {state}", state))


def _seats(ask: Ask, config: Config) -> Iterator[Finding]:
    contacts, queue = ask("pjsip show contacts"), ask(f"queue show {QUEUE}")
    for agent in config.agents:
        signed_in = f"PJSIP/{agent.seat}" in queue
        registered = re.search(rf"\b{agent.seat}/sip", contacts) is not None
        zh = ("已注册" if registered else "未注册") + ("，已签入" if signed_in else "")
        en = ("registered" if registered else "not registered") + (", signed in" if signed_in else "")
        seat = f"{agent.seat} ({agent.id})"
        what = f"坐席 {seat}：{zh} / seat {seat}: {en}"
        if signed_in and not registered:
            yield Finding(
                Verdict.BAD, what, "话机未注册，来电不会振铃 / its phone is not registered and will not ring"
            )
        else:
            yield Finding(Verdict.OK, what)


def _queue_order(places: Places, asterisk: Asterisk) -> Iterator[Finding]:
    """Asterisk 20 has a macro's place among the arguments of Queue()."""
    gap = ",,,agent-on" in (places.etc / "extensions.conf").read_text("utf-8")
    old = major(f"Asterisk {asterisk.version}") < 21
    advice = (
        "" if gap == old else "重新启动 gateway 以重写配置 / restart the gateway, it writes the files anew"
    )
    yield Finding(Verdict.OK if gap == old else Verdict.BAD, "Queue() 的参数 / arguments of Queue()", advice)


def _gateway(ask: Ask) -> Iterator[Finding]:
    variables = dict(re.findall(r"^\s*(\w+)=(.*)$", ask("dialplan show globals"), re.M))
    up = variables.get("GATEWAY_UP") == "1"
    advice = (
        ""
        if up
        else "来电正走安全网：gateway 没有运行或没有响应 / callers meet the safety net: it does not answer"
    )
    yield Finding(Verdict.OK if up else Verdict.BAD, "网关心跳 / gateway's heart", advice)


def _disk(var: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(var if var.exists() else var.parent).free
    advice = "" if free > LEAST_DISK else "磁盘空间不足，录音会失败 / recordings will fail, make room"
    yield Finding(
        Verdict.OK if free > LEAST_DISK else Verdict.BAD,
        f"{var} 所在磁盘剩 {free / (1 << 30):.1f} GB / {free / (1 << 30):.1f} GB free for {var}",
        advice,
    )


def _journal(places: Places) -> Iterator[Finding]:
    """Its age alone is no fault: a quiet night has no calls. /healthz holds it against what Asterisk told."""
    written = journal_written(places.journal)
    ago = int(time.time() - written)
    zh, en = (
        (f"最近一条在 {ago} 秒前", f"last entry {ago} s ago") if written else ("尚无记录", "no entry yet")
    )
    yield Finding(Verdict.OK, f"通话日志：{zh} / journal: {en}")


def _spool(places: Places) -> Iterator[Finding]:
    waiting = len(list(places.messages.glob("*.wav")))
    advice = "留言等待导入，数据库是否可用？ / messages wait to be taken over: is the database there?"
    verdict = Verdict.WARN if waiting > 5 else Verdict.OK
    yield Finding(
        verdict, f"{waiting} 条留言待导入 / {waiting} messages in the spool", advice if waiting > 5 else ""
    )
