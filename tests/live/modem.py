"""Fax machines of another make: efax, each on a software modem (iaxmodem) of its own.

The modem makes and hears the tones itself and speaks IAX2 to the far Asterisk (far_fax.py), which only
carries the sound: on this side Asterisk has no part in the fax. efax knows no error correction.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from gateway.setup.workshop import tool
from tests.live.far_fax import FarFax

CAPABLE = "1,5,0,2,0,0,0,0"  # fine, 14,400 bit/s, A4 of any length, no error correction
CONF = """\
device {device}
owner {owner}
mode 600
port {port}
refresh 60
server 127.0.0.1:{server}
peername {number}
secret {number}
cidname {number}
cidnumber {number}
codec alaw
nodaemon
"""


@dataclass
class Machine:
    """A machine that sends or takes one fax at a time; what efax says of it is in `sent.log`, `came.log`."""

    number: str
    folder: Path
    far: FarFax
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    async def send(self, letter: Path, dialled: str, tries: int = 1) -> int:
        """Send the pages of a TIFF; 0 when all of them went over.

        A modem made of software may be late on a busy machine, and its call fails: it is made again then,
        as a person would.
        """
        code = -1
        for _ in range(tries):
            sending = self._efax("sent.log", "-t", dialled, *map(str, self._apart(letter)))
            code = await asyncio.to_thread(sending.wait, 200)
            if code == 0:
                break
        return code

    async def cut(self, page: int) -> None:
        """The line breaks as soon as that page goes over."""
        log = self.folder / "sent.log"
        async with asyncio.timeout(60):
            while not (log.exists() and f"P. {page}]" in log.read_text("utf-8", "replace")):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        for channel in self.far.console("core show channels concise").splitlines():
            name = channel.partition("!")[0]
            if name.startswith(f"IAX2/{self.number}-"):
                self.far.console(f"channel request hangup {name}")

    def listen(self) -> subprocess.Popen[bytes]:
        """Wait for a call and take its fax: the process ends with 0 when all is in `came`."""
        return self._efax("came.log", "-w", "-iS0=1", "-r", "came")

    @property
    def came(self) -> list[Path]:
        return sorted(self.folder.glob("came.0*"))

    def _apart(self, letter: Path) -> Iterator[Path]:
        """A file for each page, its dots in one strip: efax reads no other."""
        with Image.open(letter) as image:
            for number in range(image.n_frames):
                image.seek(number)
                file = self.folder / f"{letter.stem}-{number + 1}.tif"
                dpi = image.info["dpi"]
                image.save(file, "TIFF", compression="group3", dpi=dpi, strip_size=1 << 22, save_all=False)
                yield file

    def _efax(self, log: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("wb") as out:
            made = subprocess.Popen(
                [str(tool("efax")), "-d", "tty", "-l", self.number, "-c", CAPABLE, "-o1", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
            )
        self.processes.append(made)
        return made


@contextmanager
def machines(far: FarFax, folder: Path, modems: dict[str, int], server: int) -> Iterator[list[Machine]]:
    """One for each number; its modem uses the UDP port behind it and registers at the port `server`."""
    running: list[subprocess.Popen[bytes]] = []
    made: list[Machine] = []
    try:
        for number, port in modems.items():
            one = Machine(number, folder / number, far)
            one.folder.mkdir(parents=True)
            running.append(_registered(one, port, server))
            made.append(one)
        yield made
    finally:
        for process in [process for one in made for process in one.processes]:
            process.kill()
            process.wait()
        for modem in running:
            _end(modem)


def _registered(one: Machine, port: int, server: int) -> subprocess.Popen[bytes]:
    """A modem that the far Asterisk knows. Now and then its one request fails, and it asks again only after
    a minute: it is started anew then."""
    for _ in range(6):
        modem = _modem(one, port, server)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if f"Port {port}" in one.far.console(f"iax2 show peer {one.number}"):
                return modem
            time.sleep(0.05)
        _end(modem)
        (one.folder / "tty").unlink(missing_ok=True)
    raise AssertionError(f"the modem {one.number} does not register")


def _end(modem: subprocess.Popen[bytes]) -> None:
    os.killpg(modem.pid, signal.SIGKILL)  # it is two processes
    modem.wait()


def _modem(one: Machine, port: int, server: int) -> subprocess.Popen[bytes]:
    conf = one.folder / "modem.conf"
    conf.write_text(
        CONF.format(
            device=one.folder / "tty",
            owner=pwd.getpwuid(os.getuid()).pw_name,
            port=port,
            server=server,
            number=one.number,
        )
    )
    with (one.folder / "modem.log").open("wb") as out:
        # It looks for its configuration below /etc/iaxmodem and nowhere else.
        name = os.path.relpath(conf, "/etc/iaxmodem")
        return subprocess.Popen(
            [str(tool("iaxmodem")), name],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
