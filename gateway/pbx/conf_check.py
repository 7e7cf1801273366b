"""Checks asterisk_conf against itself, the settings and the prompts: every fault with file and line.

Read with pyst2's parser, the dialplan by its own few rules. Nothing here needs a running Asterisk;
what only a running one can tell is doctor's. Called by `gateway check`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from asterisk import config as pyst

from gateway.errors import Problem, SetupError
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.conf import Places, fill, words
from gateway.settings.schema import Config
from gateway.settings.secrets import SeatSecrets, Secrets

ROUTES = ("call", "resume", "survey")  # what the gateway answers on FastAGI

# Where an application or function of our dialplan lives; those of Asterisk's core stand under "".
MODULES: Mapping[str, str] = {
    **dict.fromkeys(
        ("Answer", "Goto", "GotoIf", "Hangup", "MSet", "NoOp", "Set", "Wait", "EPOCH", "UNIQUEID"), ""
    ),
    **dict.fromkeys(("Gosub", "GosubIf", "Return", "LOCAL"), "app_stack"),
    **dict.fromkeys(
        ("Queue", "AddQueueMember", "RemoveQueueMember", "PauseQueueMember", "UnpauseQueueMember"),
        "app_queue",
    ),
    "QUEUE_MEMBER": "app_queue",
    "QUEUE_MEMBER_LIST": "app_queue",
    "AGI": "res_agi",
    "ChannelRedirect": "app_channelredirect",
    "ChanSpy": "app_chanspy",
    "ConfBridge": "app_confbridge",
    "CONFBRIDGE_INFO": "app_confbridge",
    "Dial": "app_dial",
    "ExecIf": "app_exec",
    "MASTER_CHANNEL": "func_channel",
    "MixMonitor": "app_mixmonitor",
    "MusicOnHold": "res_musiconhold",
    "Playback": "app_playback",
    "Read": "app_read",
    "ReceiveFAX": "res_fax",
    "SendFAX": "res_fax",
    "Record": "app_record",
    "TIMEOUT": "func_timeout",
    "FAXOPT": "res_fax",
    "UserEvent": "app_userevent",
    "BASE64_DECODE": "func_base64",
    "BASE64_ENCODE": "func_base64",
    "CALLERID": "func_callerid",
    "CHANNEL": "func_channel",
    "CUT": "func_cut",
    "DB": "func_db",
    "DBdeltree": "app_db",
    "DEVICE_STATE": "func_devstate",
    "DIALPLAN_EXISTS": "func_dialplan",
    "FILE": "func_env",
    "FILTER": "func_strings",
    "GLOBAL": "func_global",
    "GROUP": "func_groupcount",
    "GROUP_COUNT": "func_groupcount",
    "IF": "func_logic",
    "LEN": "func_strings",
    "LOCK": "func_lock",
    "REGEX": "func_strings",
    "UNLOCK": "func_lock",
    "STAT": "func_env",
    "STRFTIME": "func_strings",
    "TONE_DETECT": "res_tonedetect",
}
_STEP = re.compile(r"(?:exten|same)")
_APP = re.compile(r"^(?:[^,]+,)?(?:n|\d+)(?:\([\w-]+\))?,\s*(\w+)\(")
_NESTED_APP = re.compile(r"[?:]([A-Z][A-Za-z]+)\(")
_FUNCTION = re.compile(r"\b([A-Z][A-Z0-9_]{1,})\(")
_JUMP = re.compile(r"(?:Goto|Gosub)\(([^()$?]*)[()]|[?:]([a-z][a-z-]*,[\w-]+(?:,[\w-]+)?)[:)]")
_SOUND = re.compile(r"\$\{SOUNDS\}/([a-z0-9_]+)|@@SOUNDS@@/([a-z0-9_]+)")
_CHOSEN = re.compile(r"\$\{SOUNDS\}/\$\{IF\(\$\[.*?\]\?([a-z0-9_]+):([a-z0-9_]+)\)\}")
_ROUTE = re.compile(r"agi://\$\{AGI\}/(\w+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One `name = value` line, its section and its line number."""

    section: str
    name: str
    value: str
    line: int


class _Conf(pyst.Config):  # type: ignore[misc]  # pyst2 has no types
    """pyst2's parser on text as Asterisk really takes it."""

    def load(self) -> None:
        text = Path(self.filename).read_text("utf-8-sig")
        text = re.sub(r";--.*?--;", lambda match: "\n" * match[0].count("\n"), text, flags=re.S)
        self.raw_lines = [_plain(line) for line in text.split("\n")]


def _plain(line: str) -> str:
    """A line as pyst2 can take it: no comment, no template marks, no bare word, no directive."""
    line = re.sub(r"(?<!\\);.*", "", line).strip().replace("\\;", "%3B")
    if line.startswith("["):
        return re.sub(r"\]\s*\(.*\)$", "]", line)
    return "" if line.startswith(("#", "@@")) or "=" not in line else line


def read_conf(file: Path) -> list[Entry]:
    """Every entry of a conf file. Raises SetupError with file and line."""
    try:
        parsed = _Conf(str(file))
    except pyst.ParseError as error:
        number, text = (*error.args, "")[:2]
        raise SetupError(Problem(str(file), int(number), str(text))) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(Problem(str(file), 0, str(error))) from error
    return [
        Entry(category.name, item.name, item.value.strip(), item.number)
        for category in parsed.categories
        for item in category.items
    ]


def sections(file: Path) -> set[str]:
    """The names of a conf file's sections, templates included."""
    return {category.name for category in _Conf(str(file)).categories}


def check_conf(config: Config, prompts: Collection[str]) -> list[Problem]:
    """Everything that is wrong with the folder `asterisk.conf` of the settings."""
    folder = config.root / config.asterisk.conf
    needed = [folder / f"{name}.conf" for name in ("extensions", "modules", "pjsip", "queues", "manager")]
    missing = [Problem(str(file), 0, "this file is missing") for file in needed if not file.is_file()]
    if missing:
        return missing
    problems: list[Problem] = []
    for file in sorted(folder.glob("*.conf")):
        try:
            read_conf(file)
        except SetupError as error:
            problems += error.problems
    if problems:
        return problems
    problems += _unknown_words(config, folder)
    problems += _dialplan(folder / "extensions.conf", loaded(folder / "modules.conf"))
    problems += _sounds(folder, prompts)
    problems += _queue(folder)
    problems += _ports(config)
    return sorted(problems, key=lambda problem: (problem.file, problem.line))


def loaded(file: Path) -> set[str]:
    """The modules that modules.conf loads, without .so."""
    return {entry.value.removesuffix(".so") for entry in read_conf(file) if entry.name == "load"}


def _unknown_words(config: Config, folder: Path) -> list[Problem]:
    """Words between double at-signs that nobody gives a value."""
    seats = {agent.id: SeatSecrets("x", "x") for agent in config.agents}
    here = Path("/")
    values = words(
        config, Secrets("x", seats), Places(config.var), Asterisk((), here, here, "22.0", system=True), {}
    )
    try:
        fill(folder, values)
    except SetupError as error:
        return list(error.problems)
    return []


def _dialplan(file: Path, modules: Collection[str]) -> Iterator[Problem]:
    contexts = sections(file)
    extens = _extensions(file)
    for entry in read_conf(file):
        if not _STEP.fullmatch(entry.name):
            continue
        for name in _called(entry.value):
            yield from _where_from(file, entry.line, name, modules)
        for context, exten in _targets(entry.value):
            if context and context not in contexts:
                yield Problem(str(file), entry.line, f"no context [{context}]")
            elif exten not in extens.get(context or entry.section, {exten}):
                yield Problem(str(file), entry.line, f"no extension {exten} in [{context or entry.section}]")
        for route in _ROUTE.findall(entry.value):
            if route not in ROUTES:
                yield Problem(str(file), entry.line, f"the gateway answers no agi://…/{route}")


def _called(step: str) -> set[str]:
    applications = set(_APP.findall(step)) | set(_NESTED_APP.findall(step))
    return applications | {name for name in _FUNCTION.findall(step) if name in MODULES or "_" in name}


def _where_from(file: Path, line: int, name: str, modules: Collection[str]) -> Iterator[Problem]:
    if name not in MODULES:
        yield Problem(str(file), line, f"{name}(): not known which module has it; see conf_check.MODULES")
    elif MODULES[name] and MODULES[name] not in modules:
        yield Problem(str(file), line, f"{name}() needs load = {MODULES[name]}.so in modules.conf")


def _extensions(file: Path) -> dict[str, set[str]]:
    """The extensions of every context without patterns."""
    extensions: dict[str, set[str]] = {}
    for entry in read_conf(file):
        if entry.name == "exten":
            extensions.setdefault(entry.section, set()).add(entry.value.partition(",")[0])
    return {name: extens for name, extens in extensions.items() if not any(e.startswith("_") for e in extens)}


def _targets(step: str) -> Iterator[tuple[str, str]]:
    """Context ("" for the same) and extension that a step leads to, where they are written out."""
    for jump, chosen in _JUMP.findall(step):
        parts = [part.strip() for part in (jump or chosen).split(",")]
        if len(parts) == 3 and all(re.fullmatch(r"[\w-]+", part) for part in parts):
            yield parts[0], parts[1]
        elif len(parts) == 2 and parts[1] == "1" and re.fullmatch(r"[a-z-]+", parts[0]):
            yield "", parts[0]


def _sounds(folder: Path, prompts: Collection[str]) -> Iterator[Problem]:
    for file in (folder / "extensions.conf", folder / "queues.conf"):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            names = [a or b for a, b in _SOUND.findall(line)]
            names += [name for pair in _CHOSEN.findall(line) for name in pair]
            for name in names:
                if name not in prompts:
                    yield Problem(str(file), number, f"no prompt {name} in prompts.yaml")


def _queue(folder: Path) -> Iterator[Problem]:
    contexts = sections(folder / "extensions.conf")
    for entry in read_conf(folder / "queues.conf"):
        if entry.name == "context" and entry.value not in contexts:
            yield Problem(str(folder / "queues.conf"), entry.line, f"no context [{entry.value}]")


def _ports(config: Config) -> Iterator[Problem]:
    """Two parts on one port."""
    c = config
    tcp = {
        "web.port": (c.web.host, c.web.port),
        "agi.port": (c.agi.host, c.agi.port),
        "ami.port": (c.ami.host, c.ami.port),
        "asterisk.http_port": (c.asterisk.http_host, c.asterisk.http_port),
    }
    seen: dict[tuple[str, int], str] = {}
    for name, address in tcp.items():
        if address in seen:
            yield Problem("gateway.toml", 0, f"{name} and {seen[address]} are both {address[1]}")
        seen[address] = name
    if c.asterisk.rtp_first <= c.asterisk.sip_port <= c.asterisk.rtp_last:
        yield Problem("gateway.toml", 0, "asterisk.sip_port lies among the RTP ports")
