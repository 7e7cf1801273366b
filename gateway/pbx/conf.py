"""asterisk_conf, filled in and put in place: ports, paths, lines, seats and secrets become plain values.

What stands between double at-signs is a word of `words`; a file with a word that is not there is
refused. Written under var/asterisk/etc, asterisk.conf last, so that whoever waits for it finds all.
"""

from __future__ import annotations

import ipaddress
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.core import telephone
from gateway.core.flow.steps.queue import Queue
from gateway.errors import Problem, SetupError
from gateway.pbx import trunks
from gateway.pbx.asterisk_tree import Asterisk, major
from gateway.pbx.event_filters import as_regexes, filters_by_name
from gateway.settings.durable_files import write_private
from gateway.settings.own_name import kept_name, own_name
from gateway.settings.schema import Config
from gateway.settings.secrets import Secrets, random_password

QUEUE = "hotline"
VISITOR = "visitor"
WEB = "-web"  # behind a seat: its phone in the browser
FIRST_OFFER = 20  # seconds in the queue until the call-back is offered
MESSAGE_AFTER = (
    Queue().message_after
)  # seconds until the message's key works in a flow that sets nothing else
DEBIANS_DATA = Path("/usr/share/asterisk")
WORD = re.compile(r"@@([A-Z_]+)@@")


@dataclass(frozen=True, slots=True)
class Places:
    """Where Asterisk and the gateway meet on the disk; all below var/."""

    var: Path

    @property
    def root(self) -> Path:
        return self.var / "asterisk"

    @property
    def etc(self) -> Path:
        return self.root / "etc"

    @property
    def conf(self) -> Path:
        return self.etc / "asterisk.conf"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def sounds(self) -> Path:
        """Every prompt by its id: the recording where there is one, else the made sound."""
        return self.data / "sounds" / "zh" / "hotline"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def messages(self) -> Path:
        return self.root / "spool" / "messages"

    @property
    def faxes(self) -> Path:
        """Faxes as they come in, each a TIFF named after its call, until they are in the queue."""
        return self.root / "spool" / "fax"

    @property
    def recordings(self) -> Path:
        return self.var / "recordings"

    @property
    def name(self) -> str:
        """Of this gateway and its Asterisk, once it was made."""
        return kept_name(self.var)

    def make(self) -> None:
        """Make every folder. Raises OSError."""
        for name in ("etc", "run", "state", "spool", "log", "journal", "spool/messages", "spool/fax"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for folder in (self.sounds, self.recordings, self.data / "agi-bin"):
            folder.mkdir(parents=True, exist_ok=True)


def put_in_place(
    config: Config, secrets: Secrets, sounds: Mapping[str, Path], asterisk: Asterisk | None
) -> Places:
    """Write the configuration for this Asterisk, None for one in another container. Raises SetupError.

    `sounds` is the sound file of every prompt by id.
    """
    places = Places(config.var)
    try:
        places.make()
        own_name(config.var)
        _lay_sounds(places, sounds, asterisk)
        values = words(config, secrets, places, asterisk, trunks.passwords(config))
        filled = fill(config.root / config.asterisk.conf, values)
        if asterisk and not filters_by_name(asterisk.version) and "manager.conf" in filled:
            filled["manager.conf"] = as_regexes(filled["manager.conf"])
        for name in sorted(filled, key=lambda name: name == "asterisk.conf"):
            write_private(places.etc / name, filled[name], safe=False)  # secrets are among the values
    except OSError as error:
        raise SetupError(Problem(str(error.filename), 0, error.strerror or str(error))) from error
    return places


def fill(folder: Path, values: Mapping[str, str]) -> dict[str, str]:
    """Every *.conf of a folder with its words filled in. Raises SetupError with file and line."""
    files = sorted(folder.glob("*.conf"))
    if not files:
        raise SetupError(Problem(str(folder), 0, "no *.conf is here"))
    problems: list[Problem] = []
    filled = {}
    for file in files:
        lines = file.read_text("utf-8").split("\n")
        for number, line in enumerate(lines, 1):
            unknown = [word for word in WORD.findall(line) if word not in values]
            problems += [Problem(str(file), number, f"no value for @@{word}@@") for word in unknown]
        if not problems:
            filled[file.name] = WORD.sub(lambda match: values[match[1]], "\n".join(lines))
    if problems:
        raise SetupError(*problems)
    return filled


def words(
    config: Config,
    secrets: Secrets,
    places: Places,
    asterisk: Asterisk | None,
    passwords: Mapping[str, str],
) -> dict[str, str]:
    """The value of every word that a file of asterisk_conf may use; `passwords` are those of the trunks."""
    c = config
    folders = {
        "ETC": places.etc,
        "DATA": places.data,
        "STATE": places.root / "state",
        "SPOOL": places.root / "spool",
        "RUN": places.run,
        "LOG": places.root / "log",
        "SOUNDS": places.sounds,
        "JOURNAL": places.journal,
        "MESSAGES": places.messages,
        "RECORDINGS": places.recordings,
        "FAXES": places.faxes,
        "MUSIC": (c.root / c.flows.folder / "sounds" / "moh").resolve(),
    }
    numbers = {
        "AMI_PORT": c.ami.port,
        "AGI_PORT": c.agi.port,
        "HTTP_PORT": c.asterisk.http_port,
        "SIP_PORT": c.asterisk.sip_port,
        "ASK_PHONES": c.asterisk.ask_phones,
        "RTP_FIRST": c.asterisk.rtp_first,
        "RTP_LAST": c.asterisk.rtp_last,
        "LINES": c.centre.lines,
        "RING_SECONDS": c.queue.ring_seconds,
        "FULL_AT": c.queue.full_at,
        "ANNOUNCE_SECONDS": c.queue.announce_seconds,
        "FIRST_OFFER": max(FIRST_OFFER, MESSAGE_AFTER + 1 - c.queue.announce_seconds),
        "LONGEST_WAIT": c.queue.longest_wait,
        "LONGEST_MESSAGE": c.recording.longest_message,
        "CALL_BACK_LINES": c.queue.call_back_lines,
        "RATE_CALLS": int(c.queue.rate_calls),
        "SURVEY_LINES": c.queue.survey_free_lines + 1,
        "SURVEY_RING": c.queue.survey_ring_seconds,
        "RECORD": int(c.recording.calls),
        "VISITOR_SECONDS": 60 * c.demo.visitor_minutes,
        "OUTSIDE_A_DAY": c.outgoing.per_day,
        "OUTSIDE_TO_ONE": c.outgoing.per_number,
        "LONGEST_FAX": c.fax.longest_minutes * 60,
        "FAX_LINES": c.fax_out.lines,
        "FAX_DETECT_SECONDS": c.fax.detect_seconds,
    }
    texts = {
        "AMI_HOST": c.ami.host,
        "AMI_USER": c.ami.user,
        "AMI_SECRET": secrets.ami,
        "AMI_PERMIT": "\n".join(f"permit = {net}" for net in ("127.0.0.0/8", *_networks(c.agi.peers))),
        "AGI_HOST": c.agi.host,
        "AGI_SECRET": secrets.agi,
        "NOBODY": random_password(32),
        "SIP_ACL": _sip_acl(config),
        "HTTP_HOST": c.asterisk.http_host,
        "SIP_HOST": c.asterisk.sip_host,
        "MEDIA_HOST": c.media_host,
        "NAME": places.name,
        "NUMBER": c.centre.number,
        "AREA_CODE": c.centre.area_code,
        "MODULES": f"astmoddir => {asterisk.modules}" if asterisk else "; astmoddir: as it was built",
        "QUEUE": QUEUE,
        "WAYS": trunks.ways(c),
        "TRUNKS": trunks.blocks(c, passwords),
        "TRANSPORTS": trunks.transports(c),
        "NAT": trunks.nat_lines(c),
        "CALLED_NUMBERS": _called_numbers(config),
        "OUTSIDE_ALLOWED": _numbers(c.outgoing.allow),
        "OUTSIDE_OFTEN": _numbers(c.outgoing.often),
        "FAX_CALLER": c.fax.number or c.centre.number,
        "FAX_STATION": c.fax.station or c.fax.number,
        "TIMEZONE": c.centre.timezone,
        "TRUNK_KEYS": "info" if c.asterisk.info_keys else "auto",
        "INFO_KEYS": "load = res_pjsip_dtmf_info.so"
        if c.asterisk.info_keys
        else "; asterisk.info_keys is off",
        "UDPTL": "yes" if c.fax.t38 else "no",
        "VISITOR": _visitor(secrets.visitor) if c.demo.enabled else "; the demo is off",
        "ICE_ONLY": _ice(c.media_host),
        # Asterisk 20 still has a place for a macro before the gosub.
        "GAP": "," if asterisk and major(f"Asterisk {asterisk.version}") < 21 else "",
    }
    all_words = {name: str(value) for name, value in (folders | numbers | texts).items()}
    return all_words | _seats(config, secrets)


def _numbers(patterns: Iterable[str]) -> str:
    """Extensions that exist for these dial patterns and do nothing."""
    return "\n".join(f"exten => _{pattern},1,NoOp()" for pattern in patterns)


def _called_numbers(config: Config) -> str:
    """The extensions of [called]: every spelling of every number of ours, and where its calls go."""
    centre = config.centre
    goes = {centre.number: "hotline"} | {row.number: "hotline" for row in config.numbers}
    if config.fax.number:
        goes[config.fax.number] = "fax-line"
    lines = []
    for number, context in goes.items():
        for spelled, plain in telephone.called_as(number, centre.area_code).items():
            lines.append(f"exten => 0{spelled},1,Set(CALLERID(dnid)={plain})\n same => n,Goto({context},s,1)")
    return "\n".join(lines)


def _sip_acl(config: Config) -> str:
    """Who may send SIP: this machine, the trunks, the telephones' networks; all while none is set."""
    if not config.asterisk.phone_nets:
        return "; asterisk.phone_nets is empty: every address"
    peers = [peer for trunk in trunks.named(config) for peer in trunk.peers]
    networks = _networks(("127.0.0.1", "127.0.0.2", "::1", *peers, *config.asterisk.phone_nets))
    return "\n".join(("deny = 0.0.0.0/0.0.0.0", "deny = ::/0", *(f"permit = {net}" for net in networks)))


def web_phone(seat: str) -> str:
    """The SIP user of a seat's phone in the browser; the SIP telephone's is the seat itself."""
    return f"{seat}{WEB}"


def _seats(config: Config, secrets: Secrets) -> dict[str, str]:
    """Blocks of lines, one for each seat."""
    phones, calls, ready, agents = [], [], [], []
    for agent in config.agents:
        seat, web, word = agent.seat, web_phone(agent.seat), secrets.seats[agent.id].sip
        keys = "dtmf_mode = info\n" if seat in config.asterisk.info_seats else ""
        phones.append(
            f"[{seat}](seat)\naors = {seat}\nauth = {seat}\ncallerid = {agent.id} <{seat}>\n"
            f"set_var = SEAT={seat}\n{keys}\n"
            f"[{seat}](seat-auth)\nusername = {seat}\npassword = {word}\n\n"
            f"[{seat}](telephone-aor)\n\n"
            f"[{web}](seat-web)\naors = {web}\nauth = {seat}\ncallerid = {agent.id} <{seat}>\n"
            f"set_var = SEAT={seat}\n\n"
            f"[{web}](seat-aor)\n"
        )
        calls.append(
            f"exten => {seat},1,Dial(PJSIP/{seat}&PJSIP/{web_phone(seat)},30,i)\n same => n,Hangup()"
        )
        agents.append(f"AGENT_{seat} = {agent.id}")
        ready.append(
            f" same => n,Set(SEAT={seat})\n same => n,Gosub(seat-member,s,1)\n"
            f' same => n,ExecIf($["${{WRAP_{seat}}}" = "1"]?UnpauseQueueMember(${{QUEUE}},${{MEMBER}}))\n'
            f" same => n,Set(GLOBAL(WRAP_{seat})=)"
        )
    blocks = {"SEATS": phones, "SEAT_CALLS": calls, "READY_ALL": ready, "SEAT_AGENTS": agents}
    return {name: "\n".join(lines) for name, lines in blocks.items()}


def _visitor(word: str) -> str:
    """The demo's caller in a browser; it only calls and is never called."""
    return (
        f"[{VISITOR}](seat-web)\ncontext = from-visitor\nauth = {VISITOR}\ncallerid = <13800012315>\n\n"
        f"[{VISITOR}](seat-auth)\nusername = {VISITOR}\npassword = {word}\n"
    )


def _ice(host: str) -> str:
    """Which of the machine's addresses browsers are told: the one that telephones use.

    Asterisk never tells a loopback address, and without any there is no sound: then the browser runs on
    this machine, and the address of its outer side does, though it is not listened on.
    """
    address = ipaddress.ip_address(host)
    if address.is_unspecified or address.is_loopback:
        return "; asterisk.media_host is no address of a network: every address of this machine"
    return f"ice_deny = {'::/0' if address.version == 6 else '0.0.0.0/0'}\nice_permit = {address}"


def _networks(peers: tuple[str, ...]) -> list[str]:
    return [str(ipaddress.ip_network(peer, strict=False)) for peer in peers]


def _lay_sounds(places: Places, sounds: Mapping[str, Path], asterisk: Asterisk | None) -> None:
    """Links to every prompt, and to the clips by which Asterisk says numbers in Mandarin."""
    zh = places.data / "sounds" / "zh"
    (zh / "digits").mkdir(parents=True, exist_ok=True)
    for name, file in sounds.items():
        _link(places.sounds / f"{name}.wav", file)
        digit = re.fullmatch(r"num_(\d+)", name)
        if digit:
            _link(zh / "digits" / f"{digit[1]}.wav", file)
    if "beep" in sounds:
        _link(zh / "beep.wav", sounds["beep"])
    for old in places.sounds.glob("*.wav"):
        if old.stem not in sounds:
            old.unlink()
    # Asterisk reads the descriptions of its own options there; in another container it is Debian's folder.
    _link(places.data / "documentation", (asterisk.data if asterisk else DEBIANS_DATA) / "documentation")


def _link(link: Path, target: Path) -> None:
    """Let `link` lead to `target`, by one rename; a play in progress keeps what it opened."""
    target = target.resolve()
    if link.is_symlink() and link.readlink() == target:
        return
    part = link.with_name(f".{link.name}")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    part.replace(link)
