"""What make needs beyond the Python packages: an Asterisk, the pages' npm parts, programs that tests call.

    python -m gateway.setup.workshop run      what `make run` needs: an Asterisk, the browser's parts
    python -m gateway.setup.workshop test     and what the tests need besides

As root, missing programs are installed from Debian; else a line says which to install. The
gateway itself never comes here.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SetupError
from gateway.settings.cache import cache_home
from gateway.setup import asterisk_tree, browser_parts, debian, fonts

# Read by Debian's PostgreSQL packages: tests start servers of their own, none is to run all the time.
_CLUSTER_CONF = Path("/etc/postgresql-common/createcluster.conf")
# Dovecot's package starts a server on all addresses; this keeps systemd from it.
_DOVECOT_UNIT = Path("/etc/systemd/system/dovecot.service")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that tests call, and the Debian package it comes in. `places` besides the PATH."""

    program: str
    package: str
    purpose: str
    places: str = ""

    def find(self) -> Path | None:
        program = shutil.which(self.program)
        if program:
            return Path(program)
        here = sorted(Path("/").glob(self.places.lstrip("/"))) if self.places else []
        return here[-1] if here else None


TOOLS = (
    Tool("sipp", "sip-tester", "callers and carriers from outside"),
    Tool("postgres", "postgresql", "storage on PostgreSQL", "/usr/lib/postgresql/*/bin/postgres"),
    Tool("chromium", "chromium", "the public pages in a browser"),
    Tool("efax", "efax", "a fax machine that is not Asterisk"),
    Tool("iaxmodem", "iaxmodem", "its modem"),
    Tool("dovecot", "dovecot-imapd", "a mailbox to take mail from", "/usr/sbin/dovecot"),
)
FONT = Tool("noto-cjk", "fonts-noto-cjk", "pages to fax", "/usr/share/fonts/*/noto/NotoSansCJK-Regular.ttc")
"""No program, but a part that tests need as well: Chinese letters for the pages they send."""
CHINESE = Tool(
    "zh-CN.pak", "chromium-l10n", "Chinese words of a browser", "/usr/lib/chromium/locales/zh-CN.pak"
)
"""What pictures of pages need besides: without it a date field of Chromium says mm/dd/yyyy."""


def tool(program: str) -> Path:
    """Where a program that a test needs is. Raises SetupError that says what to install."""
    wanted = next(t for t in (*TOOLS, FONT, CHINESE) if t.program == program)
    path = wanted.find()
    if not path:
        raise SetupError(f"{program} is missing ({wanted.purpose}): apt-get install {wanted.package}")
    return path


def prepare(purpose: str, say: Callable[[str], None]) -> None:
    """Set up what `purpose` (run, test or pictures) needs and is not there. Raises SetupError."""
    asterisk_tree.find_or_make(cache_home(), say)
    browser_parts.find_or_make(say)
    fonts.find_or_make(cache_home(), say)
    if purpose == "test":
        _install_tools((*TOOLS, FONT), say)
    if purpose == "pictures":
        _install_tools((*TOOLS, FONT, CHINESE), say)


def _install_tools(tools: Sequence[Tool], say: Callable[[str], None]) -> None:
    missing = [t for t in tools if not t.find()]
    if not missing:
        return
    if not debian.is_root():
        for name in missing:
            advice = f"as root: apt-get install {name.package}"
            say(f"missing: {name.program}; tests with {name.purpose} fail until it is there; {advice}")
        return
    if not _CLUSTER_CONF.exists() and any(t.package == "postgresql" for t in missing):
        _CLUSTER_CONF.parent.mkdir(parents=True, exist_ok=True)
        _CLUSTER_CONF.write_text("create_main_cluster = false\n")
    if not _DOVECOT_UNIT.exists() and any(t.program == "dovecot" for t in missing):
        _DOVECOT_UNIT.parent.mkdir(parents=True, exist_ok=True)
        _DOVECOT_UNIT.symlink_to("/dev/null")
    debian.install([t.package for t in missing], say)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    if tuple(arguments) not in {("run",), ("test",), ("pictures",)}:
        print("usage: python -m gateway.setup.workshop run|test|pictures", file=sys.stderr)
        return 2
    try:
        prepare(arguments[0], lambda line: print(line, flush=True))
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
