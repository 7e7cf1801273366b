"""Which Asterisk we run: the system's when it is new enough, else a tree of our own.

Debian 12 and 13 have no asterisk package, so the tree is unpacked from Debian's sid into the
user's cache and run by its own loader: no root, no chroot, nothing of the system changed. It is
made once per recipe and shared by every clone of the user. Called by the set-up and the start.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import PbxDown

OLDEST = 20  # the dialplan and the modules we load by name need this much
# The packages of the tree; their names are the key of its folder, so that a changed list makes a new tree.
SUITE = "sid"
PACKAGES = ("asterisk",)
# Needed only by modules that asterisk_conf does not load, or by a system-wide installation.
LEFT_OUT = (
    "adduser",
    "asterisk-config-custom",  # stands in for asterisk-config: the sample configuration
    "asterisk-core-sounds-en",
    "libcodec2-1.2",
    "libgmime-3.0-0t64",
    "libical3t64",
    "libiksemel3",
    "libjack-jackd2-0",
    "liblua5.1-0",
    "libneon27t64",
    "libportaudio2",
    "libradcli4",
    "libsnmp45",
    "libsybdb5",
    "libunbound8",
)
_SBIN = ("/usr/sbin", "/usr/local/sbin", "/sbin")
_MODULES = ("usr/lib/*-linux-gnu/asterisk/modules", "usr/lib/asterisk/modules", "usr/lib64/asterisk/modules")
_DATA = ("usr/share/asterisk", "var/lib/asterisk")


@dataclass(frozen=True, slots=True)
class Asterisk:
    """A runnable Asterisk. `argv` starts it; `modules` and `data` belong into asterisk.conf."""

    argv: tuple[str, ...]
    modules: Path
    data: Path
    version: str
    system: bool

    def foreground(self, conf: Path) -> tuple[str, ...]:
        """The command that runs it in the foreground with this asterisk.conf."""
        return (*self.argv, "-f", "-C", str(conf))

    def console(self, conf: Path, command: str, limit: float = 10) -> str:
        """What a running Asterisk answers to a console command. Blocking; raises PbxDown."""
        try:
            done = subprocess.run(
                [*self.argv, "-C", str(conf), "-rx", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PbxDown(f"no answer to {command!r} within {limit:g} s") from None
        if done.returncode:
            raise PbxDown((done.stderr or done.stdout).decode("utf-8", "replace").strip()[-300:])
        return done.stdout.decode("utf-8", "replace")


def find(cache: Path) -> Asterisk | None:
    """The system's Asterisk, else the tree in `cache`, else None. Takes a tenth of a second."""
    return _system() or _own(_folder(cache))


def major(output: str) -> int:
    """The main version in what `asterisk -V` prints; 0 when there is none."""
    match = re.match(r"Asterisk (?:certified[-/])?(\d+)\.", output)
    return int(match[1]) if match else 0


def version_line(output: str) -> str:
    """The line that names the version. Without a network card others come before it, about an EID."""
    return next((line.strip() for line in output.splitlines() if major(line.strip())), "")


def _system() -> Asterisk | None:
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SBIN))
    program = shutil.which("asterisk", path=path)
    return _described((program,), Path("/"), system=True) if program else None


def _own(tree: Path) -> Asterisk | None:
    argv = _by_own_loader(tree)
    return _described(argv, tree, system=False) if argv else None


def _by_own_loader(tree: Path) -> tuple[str, ...]:
    """The command that starts the tree's asterisk with the tree's C library, whatever the processor."""
    loaders = [*tree.glob("usr/lib*/ld-linux*.so.*"), *tree.glob("usr/lib/*-linux-gnu/ld-linux*.so.*")]
    libraries = sorted(tree.glob("usr/lib/*-linux-gnu"))
    if not loaders or not libraries:
        return ()
    paths = os.pathsep.join(str(folder) for folder in libraries)
    return (str(loaders[0]), "--library-path", paths, str(tree / "usr/sbin/asterisk"))


def _described(argv: tuple[str, ...], root: Path, *, system: bool) -> Asterisk | None:
    version = _version(argv)
    modules = next((folder for pattern in _MODULES for folder in root.glob(pattern)), None)
    data = next((root / name for name in _DATA if (root / name / "documentation").exists()), None)
    if major(version) < OLDEST or not modules or not data:
        return None
    return Asterisk(argv, modules, data, version.removeprefix("Asterisk ").strip(), system)


def _version(argv: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(
            [*argv, "-V"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return version_line(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else ""


def _folder(cache: Path) -> Path:
    """One tree per recipe and processor: a changed recipe makes a new one beside the old."""
    recipe = json.dumps([SUITE, PACKAGES, LEFT_OUT, platform.machine()])
    return cache / f"asterisk-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
