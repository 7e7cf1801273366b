"""The far end of the carrier: a second Asterisk that sends and receives faxes as a machine at home would.

What it is dialled with says what happens: 7000001 takes a fax, 7000002 takes it as sound only, 7000003 is
busy, 7000004 rings until the carrier gives up, 7000005 is a person, 7000006 hangs up in page 1, 7000007 at
once, 7000008 in page 2. 0357302 and four digits are machines of another make (modem.py), which call too.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.pbx.asterisk_tree import Asterisk

MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb codec_alaw codec_ulaw
codec_resample format_wav format_pcm format_sln res_pjproject res_http_websocket res_pjsip
res_pjsip_session res_pjsip_pubsub res_pjsip_sdp_rtp res_pjsip_caller_id
res_pjsip_endpoint_identifier_ip res_pjsip_t38 res_rtp_asterisk chan_pjsip bridge_simple pbx_config
pbx_spool app_playback app_exec app_stack func_base64 func_callerid func_channel func_env
func_global func_logic func_strings func_timeout res_fax res_fax_spandsp app_dial app_senddtmf
"""

DIALPLAN = """\
[globals]
OUT = {out}

[send]
exten => s,1,Set(FAXOPT(headerinfo)=from afar)
 same => n,Set(FAXOPT(localstationid)=${{STATION}})
 same => n,Set(FAXOPT(ecm)=${{ECM}})
 same => n,ExecIf($[${{LEN(${{CUT_AT}})}}]?Set(TIMEOUT(absolute)=${{CUT_AT}}))
 same => n,ExecIf($[${{LEN(${{KEYS}})}}]?SendDTMF(${{KEYS}}))
 same => n,Wait(${{AFTER}})
 same => n,SendFAX(${{FILE}},s{f})
 same => n,Hangup()
exten => h,1,Set(FILE(${{OUT}}/${{JOB}}.done)=${{FAXSTATUS}}|${{FAXPAGES}}|${{FAXMODE}}|${{FAXERROR}})

; Machines on IAX2. On the hotline's number a key is pressed before the machine is heard: it is in a menu.
[from-modem]
exten => 12315,1,Dial(PJSIP/12315@sound,30,D(wwww5ww))
 same => n,Hangup()
exten => _X.,1,Dial(PJSIP/${{EXTEN}}@sound,30)
 same => n,Hangup()

[from-hotline]
exten => _0357302XXXX,1,Dial(IAX2/${{EXTEN}},40)
 same => n,Hangup()
exten => _0357X.,1,Goto(7000001,1)
exten => 7000001,1,Goto(take,1)
exten => 7000002,1,Set(FAXOPT(t38timeout)=1)
 same => n,Goto(take,1)
exten => 7000003,1,Hangup(17)
exten => 7000004,1,Ringing()
 same => n,Wait(2)
 same => n,Hangup(19)
exten => 7000005,1,Answer()
 same => n,Wait(40)
 same => n,Hangup()
exten => 7000006,1,Set(TIMEOUT(absolute)=14)
 same => n,Goto(take,1)
exten => 7000007,1,Answer()
 same => n,Hangup()
exten => 7000008,1,Set(GLOBAL(CUT)=${{CHANNEL}})
 same => n,Answer()
 same => n,ReceiveFAX(${{OUT}}/cut.tif,s{f})
exten => take,1,Answer()
 same => n,Set(FAXOPT(localstationid)=7000001)
 same => n,ReceiveFAX(${{OUT}}/${{UNIQUEID}}.tif,s{f})
exten => h,1,Set(FILE(${{OUT}}/${{UNIQUEID}}.taken)=${{FAXSTATUS}}|${{FAXPAGES}}|${{FAXMODE}}|${{FAXERROR}})
"""

IAX = """\
[general]
bindaddr = 127.0.0.1:{port}
autokill = yes
"""

MODEM = """
[{number}]
type = friend
host = dynamic
secret = {number}
requirecalltoken = no
context = from-modem
disallow = all
allow = alaw
"""

TIFF_HEAD = 8  # bytes: before the first page is whole
TOLD = 2.5  # seconds in which a whole page is acknowledged and the next one begins
LOGGED = "notice,warning,error"

PJSIP = """\
[global]
type = global
[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{port}
[hotline]
type = endpoint
context = from-hotline
aors = hotline
transport = udp
identify_by = ip
disallow = all
allow = alaw
direct_media = no
bind_rtp_to_media_address = yes
media_address = 127.0.0.1
rtp_timeout = 20
t38_udptl = {t38}
t38_udptl_ec = redundancy
t38_udptl_maxdatagram = 400
t38_bind_udptl_to_media_address = yes
[hotline]
type = aor
contact = sip:{hotline}
[hotline]
type = identify
endpoint = hotline
match = 127.0.0.1
; The same without T.38: what is asked of it is refused.
[sound]
type = endpoint
aors = hotline
transport = udp
disallow = all
allow = alaw
direct_media = no
bind_rtp_to_media_address = yes
media_address = 127.0.0.1
rtp_timeout = 20
"""


@dataclass
class Sent:
    """How a sending ended, as the sender saw it."""

    status: str
    pages: int
    mode: str
    error: str


@dataclass
class FarFax:
    """The running far end."""

    asterisk: Asterisk
    conf: Path
    out: Path
    spool: Path
    jobs: int = 0
    since: float = 0.0  # when the test that runs now began

    def console(self, command: str) -> str:
        return self.asterisk.console(self.conf, command)

    async def send(
        self,
        file: Path,
        dialled: str,
        caller: str,
        *,
        station: str = "0357 3012345",
        ecm: bool = True,
        sound: bool = False,
        cut_at: int = 0,
        keys: str = "",
        after: float = 0.0,
        limit: float = 240,
    ) -> Sent:
        """Send a TIFF. `sound` refuses T.38; `cut_at` hangs up so many seconds after the answer; `keys` are
        pressed first (w is half a second), `after` so many seconds the machine begins."""
        self.jobs += 1
        job = f"job{self.jobs}"
        lines = [
            f"Channel: PJSIP/{dialled}@{'sound' if sound else 'hotline'}",
            f"CallerID: <{caller}>",
            "MaxRetries: 0",
            "WaitTime: 30",
            "Context: send",
            "Extension: s",
            f"Setvar: FILE={file}",
            f"Setvar: JOB={job}",
            f"Setvar: STATION={station}",
            f"Setvar: ECM={'yes' if ecm else 'no'}",
            f"Setvar: CUT_AT={cut_at or ''}",
            f"Setvar: KEYS={keys}",
            f"Setvar: AFTER={after}",
        ]
        part = self.out / f"{job}.call"
        part.write_text("\n".join(lines) + "\n")
        part.rename(self.spool / part.name)
        done = self.out / f"{job}.done"
        return await told(done, limit)

    async def cut_in_page_2(self, limit: float = 120) -> None:
        """Who dialled 7000008 is hung up on a moment after his first page was whole."""
        pages = self.out / "cut.tif"
        async with asyncio.timeout(limit):
            while not (_new(pages, self.since) and pages.stat().st_size > TIFF_HEAD):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(TOLD)
        channel = self.console("dialplan show globals").partition("CUT=")[2].split()[0]
        self.console(f"channel request hangup {channel}")

    async def taken(self, count: int = 1, limit: float = 240) -> list[tuple[Path, Sent]]:
        """The faxes that came here in this test, once there are so many: file and how it went."""
        async with asyncio.timeout(limit):
            while True:
                ends = [end for end in sorted(self.out.glob("*.taken")) if _new(end, self.since)]
                found = [end for end in ends if end.with_suffix(".tif").exists()]
                if len(found) >= count:
                    return [(one.with_suffix(".tif"), _sent(one.read_text())) for one in found]
                await asyncio.sleep(0.1)


def _new(file: Path, since: float) -> bool:
    return file.exists() and file.stat().st_mtime >= since


async def told(file: Path, limit: float) -> Sent:
    async with asyncio.timeout(limit):
        while not (file.exists() and file.read_text().strip()):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.1)
    return _sent(file.read_text())


def _sent(text: str) -> Sent:
    status, pages, mode, error = [*text.strip().split("|"), "", "", "", ""][:4]
    return Sent(status, int(pages or 0), mode, error)


@contextmanager
def far_fax(
    asterisk: Asterisk,
    folder: Path,
    port: int,
    hotline: str,
    rtp: int,
    *,
    t38: bool = True,
    iax: int = 0,
    modems: Sequence[str] = (),
) -> Iterator[FarFax]:
    """Run one beside a gateway whose trunk's far end is `port`; it uses 100 ports from `rtp` on. The
    `modems` are numbers that register by IAX2 at the port `iax`."""
    etc, out, run = folder / "etc", folder / "out", folder / "run"
    for one in (etc, out, run, folder / "spool" / "outgoing", folder / "log", folder / "state"):
        one.mkdir(parents=True)
    rtp_conf = f"[general]\nrtpstart = {rtp}\nrtpend = {rtp + 59}\n"
    loaded = [*MODULES.split(), *(["chan_iax2"] if modems else [])]
    files = {
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"load = {m}.so\n" for m in loaded),
        "extensions.conf": DIALPLAN.format(out=out, f="f"),
        "pjsip.conf": PJSIP.format(port=port, hotline=hotline, t38="yes" if t38 else "no"),
        "rtp.conf": rtp_conf,
        "udptl.conf": f"[general]\nudptlstart = {rtp + 60}\nudptlend = {rtp + 99}\nuse_even_ports = no\n",
        "res_fax.conf": "[general]\nmaxrate = 14400\nminrate = 2400\nmodems = v17,v27,v29\necm = yes\n",
        "logger.conf": f"[general]\n[logfiles]\nmessages = {LOGGED}\n",
        "iax.conf": IAX.format(port=iax) + "".join(MODEM.format(number=one) for one in modems),
        "asterisk.conf": "[directories]\n"
        + "".join(
            f"{name} => {place}\n"
            for name, place in (
                ("astetcdir", etc),
                ("astmoddir", asterisk.modules),
                ("astvarlibdir", asterisk.data),
                ("astdatadir", asterisk.data),
                ("astdbdir", folder / "state"),
                ("astspooldir", folder / "spool"),
                ("astrundir", run),
                ("astlogdir", folder / "log"),
            )
        ),
    }
    for name in ("ccss", "cdr", "cel", "features", "manager", "http"):
        files[f"{name}.conf"] = "[general]\n"
    files |= {f"{name}.conf": "" for name in ("acl", "indications", "pjproject")}
    for name, text in files.items():
        (etc / name).write_text(text)
    conf = etc / "asterisk.conf"
    with (folder / "console").open("wb") as log:
        process = subprocess.Popen(
            asterisk.foreground(conf), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ
        )
    made = FarFax(asterisk, conf, out, folder / "spool" / "outgoing")
    try:
        _booted(made, process)
        yield made
    finally:
        process.kill()
        process.wait()


def _booted(made: FarFax, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        assert process.poll() is None, "the far Asterisk has ended"
        try:
            if "fully booted" in made.console("core waitfullybooted"):
                return
        except Exception:
            time.sleep(0.1)
    raise AssertionError("the far Asterisk did not come up")
