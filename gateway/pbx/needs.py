"""What a running Asterisk must have before calls can be taken, compared with what it reports.

Asterisk starts although a port is taken, a module is missing or an address in pjsip.conf was refused: it
logs the fault and goes on without that part. So it is asked after the start, while running, and by
`gateway doctor`. `missing` is pure; the caller runs COMMANDS on the console or over AMI.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.pbx.conf import QUEUE, Places
from gateway.settings.schema import Config

COMMANDS = (
    "module show",
    "pjsip list transports",
    "pjsip list endpoints",
    "pjsip list identifies",
    "pjsip list aors",
    "http show status",
    "queue show",
    "dialplan show from-trunk",
)
# Modules without which a path of a call fails, and what fails. A list of our own: asterisk_conf/modules.conf
# may have lost a line. Sound formats and functions of the dialplan are among them.
_FAILS = {
    "SIP": "chan_pjsip res_pjsip res_pjsip_session res_pjsip_sdp_rtp",
    "sound": "res_rtp_asterisk codec_alaw codec_ulaw format_wav",
    "calls of the carrier": "res_pjsip_endpoint_identifier_ip",
    "seats": "res_pjsip_endpoint_identifier_user res_pjsip_authenticator_digest res_pjsip_registrar",
    "telephones in browsers": "res_http_websocket res_pjsip_transport_websocket res_srtp",
    "the dialplan": "pbx_config app_stack app_exec app_userevent app_channelredirect func_base64 "
    "func_callerid func_channel func_cut func_db app_db func_env func_global func_groupcount func_lock "
    "func_logic func_math func_strings func_timeout",
    "the IVR": "app_playback app_read res_agi",
    "the queue": "app_queue res_musiconhold",
    "pausing a seat whose other phone is in a call": "res_manager_devicestate",
    "talks": "app_dial bridge_simple",
    "transfers": "app_confbridge bridge_softmix bridge_holding",
    "messages": "app_record",
    "recordings": "app_mixmonitor",
    "listening in": "app_chanspy",
    "telling a fax machine": "res_tonedetect",
}
MODULES: Mapping[str, str] = {name: fails for fails, names in _FAILS.items() for name in names.split()}
FAX_MODULES = ("res_fax", "res_fax_spandsp")
LISTS = {  # kind of object in pjsip.conf: the console's list of it, and the settings it comes from
    "transport": ("pjsip list transports", "asterisk.sip_host, asterisk.sip_port"),
    "endpoint": ("pjsip list endpoints", "[trunk], [[agents]]"),
    "identify": ("pjsip list identifies", "trunk.peers"),
    "aor": ("pjsip list aors", "trunk.far_end"),
}


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that is not there. `setting` is what the operator can change; texts are one line each."""

    setting: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.en} / {self.zh}"


Said = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be there: taken from the settings and from the configuration as it was put in place."""

    modules: Mapping[str, str]
    objects: Collection[tuple[str, str]]  # kind and name of pjsip.conf
    sip: tuple[str, int]
    http: tuple[str, int]
    prompts: Collection[str]
    sounds: Path


def wanted(config: Config, prompts: Collection[str]) -> Wanted:
    """What this installation needs; `prompts` are ids. Reads pjsip.conf under var/. Raises OSError."""
    places = Places(config.var)
    faxes = config.fax.number or config.fax_out.enabled
    modules = {**MODULES, **dict.fromkeys(FAX_MODULES if faxes else (), "fax")}
    return Wanted(
        modules,
        frozenset(objects((places.etc / "pjsip.conf").read_text("utf-8"))) | {("endpoint", "trunk")},
        (config.asterisk.sip_host, config.asterisk.sip_port),
        (config.asterisk.http_host, config.asterisk.http_port),
        frozenset(prompts),
        places.sounds,
    )


def objects(pjsip_conf: str) -> Iterator[tuple[str, str]]:
    """Kind and name of every object of a filled pjsip.conf that Asterisk lists, templates followed."""
    kinds: dict[str, str] = {}
    for head, marks, body in re.findall(r"^\[([^\]]+)\](?:\(([^)]*)\))?[^\n]*\n([^\[]*)", pjsip_conf, re.M):
        parents = [mark.strip() for mark in marks.split(",")]
        own = re.search(r"^\s*type\s*=\s*(\w+)", body, re.M)
        kind = own[1] if own else next((kinds[parent] for parent in parents if parent in kinds), "")
        if "!" in parents:
            kinds[head] = kind
        elif kind in LISTS:
            yield kind, head


def missing(need: Wanted, answers: Said) -> list[Lack]:
    """Everything that is needed and not there. `answers` is the answer to each of COMMANDS."""
    return [
        *_modules(need, answers["module show"]),
        *_objects(need, answers),
        *_sip(need, answers["pjsip list transports"]),
        *_http(need, answers["http show status"]),
        *_queue(answers["queue show"]),
        *_dialplan(answers["dialplan show from-trunk"]),
        *_prompts(need),
    ]


def _modules(need: Wanted, text: str) -> Iterator[Lack]:
    running = set(re.findall(r"^(\w+)\.so .*\bRunning", text, re.M))
    for name in sorted(need.modules.keys() - running):
        fails = need.modules[name]
        yield Lack(
            "asterisk_conf/modules.conf",
            f"模块 {name} 未运行，{fails} 无法工作",
            f"module {name} is not running; without it {fails} cannot work",
        )


def _objects(need: Wanted, answers: Said) -> Iterator[Lack]:
    listed = {kind: _listed(answers[command]) for kind, (command, _) in LISTS.items()}
    for kind, name in sorted(need.objects):
        if name not in listed[kind]:
            setting = LISTS[kind][1]
            yield Lack(
                setting,
                f"Asterisk 没有接受 {kind} {name}（端口被占用，或地址写错）",
                f"Asterisk has no {kind} {name}: its port is taken, or it refused the address",
            )


def _listed(text: str) -> set[str]:
    """The names of one `pjsip list`: `Endpoint:  8001/agent1  Unavailable` has 8001."""
    return set(re.findall(r"^\s*[A-Z]\w+:\s+([^\s/<]+)", text, re.M))


def _sip(need: Wanted, text: str) -> Iterator[Lack]:
    """A process that was adopted may still listen where earlier settings said."""
    bound = re.findall(r"^\s*Transport:\s+\S+\s+(?:udp|tcp|tls)\s.*?(\S+:\d+)\s*$", text, re.M)
    if bound and _address(*need.sip) not in bound:
        listens = ", ".join(bound)
        yield Lack(
            "asterisk.sip_host, asterisk.sip_port",
            f"SIP 监听在 {listens}，不是 {_address(*need.sip)}，请重新启动",
            f"SIP listens on {listens}, not on {_address(*need.sip)}: end Asterisk and start again",
        )


def _http(need: Wanted, text: str) -> Iterator[Lack]:
    if f"Bound to {_address(*need.http)}" not in text:
        yield Lack(
            "asterisk.http_host, asterisk.http_port",
            f"Asterisk 的 HTTP 没有监听 {_address(*need.http)}（端口被占用？），浏览器电话无法使用",
            f"Asterisk's HTTP does not listen on {_address(*need.http)}: no telephones in browsers",
        )


def _queue(text: str) -> Iterator[Lack]:
    if not re.search(rf"^{QUEUE} has \d+ calls", text, re.M):
        yield Lack(
            "asterisk_conf/queues.conf",
            f"没有队列 {QUEUE}，来电无法排队",
            f"there is no queue {QUEUE}: callers cannot wait for an agent",
        )


def _dialplan(text: str) -> Iterator[Lack]:
    if "Context 'from-trunk'" not in text:
        yield Lack(
            "asterisk_conf/extensions.conf",
            "拨号方案没有 from-trunk，来电无人接听",
            "the dialplan has no context from-trunk: nobody answers calls",
        )


def _prompts(need: Wanted) -> Iterator[Lack]:
    silent = sorted(name for name in need.prompts if not _sounds(need.sounds / f"{name}.wav"))
    if silent:
        named = ", ".join(silent[:5]) + (" …" if len(silent) > 5 else "")
        yield Lack(
            "flows.folder",
            f"{len(silent)} 个提示音没有声音文件：{named}；运行 gateway prompts build",
            f"{len(silent)} prompts have no sound file: {named}; run `gateway prompts build`",
        )


def _sounds(file: Path) -> bool:
    """Has it more than the 44 bytes of a WAV header?"""
    try:
        return file.stat().st_size > 44
    except OSError:
        return False


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
