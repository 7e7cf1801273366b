"""Which Asterisk we run: the system's when it is new enough, else a tree of our own.

Debian 12 and 13 have no asterisk package, so the tree is unpacked from Debian's sid into the
user's cache and run by its own loader: no root, no chroot, nothing of the system changed. It is
made once per recipe and shared by every clone of the user. Called by the set-up and the start.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway import debian
from gateway.errors import PbxDown, SetupError

OLDEST = 20  # the dialplan and the modules we load by name need this much
NEEDED_MB = 700  # packages and tree side by side while it is being made
WANTED = debian.Wanted(
    suite="sid",
    packages=("asterisk",),
    # Needed only by modules that asterisk_conf does not load, or by a system-wide installation.
    left_out=(
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
    ),
)
_NOT_RUN = ("doc", "info", "lintian", "locale", "man")
_SBIN = ("/usr/sbin", "/usr/local/sbin", "/sbin")
_MODULES = ("usr/lib/*-linux-gnu/asterisk/modules", "usr/lib/asterisk/modules", "usr/lib64/asterisk/modules")
_DATA = ("usr/share/asterisk", "var/lib/asterisk")
_ADVICE = "install asterisk >= 20 by hand and run this again"


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


def find_or_make(cache: Path, say: Callable[[str], None]) -> Asterisk:
    """As `find`; makes the tree when there is none (a minute, 200 MB). Raises SetupError with advice."""
    found = find(cache)
    if found:
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / "asterisk.lock"):
            return _own(_folder(cache)) or _make(_folder(cache), say)
    except SetupError as error:
        raise SetupError(f"no Asterisk could be made: {error}\n{_ADVICE}") from error
    except OSError as error:
        raise SetupError(f"no Asterisk could be made in {cache}: {error.strerror}\n{_ADVICE}") from error


def major(said: str) -> int:
    """The main version in what `asterisk -V` prints; 0 when there is none."""
    found = re.match(r"Asterisk (?:certified[-/])?(\d+)\.", said)
    return int(found[1]) if found else 0


def version_line(said: str) -> str:
    """The line that names the version. Without a network card others come before it, about an EID."""
    return next((line.strip() for line in said.splitlines() if major(line.strip())), "")


def _make(folder: Path, say: Callable[[str], None]) -> Asterisk:
    """Unpack beside the final place, try it, then move it there: a half-made tree is never found."""
    free = shutil.disk_usage(folder.parent).free // 2**20
    if free < NEEDED_MB:
        raise SetupError(f"{NEEDED_MB} MB are needed in {folder.parent}, {free} MB are free")
    work = folder.with_suffix(".part")
    work.mkdir(exist_ok=True)
    tree = work / "tree"
    debian.unpack(WANTED, work, tree, say)
    for name in _NOT_RUN:
        shutil.rmtree(tree / "usr/share" / name, ignore_errors=True)
    if not _own(tree):
        raise SetupError("the unpacked Asterisk does not start: " + _why_not(tree))
    tree.replace(folder)
    shutil.rmtree(work)
    made = _own(folder)
    assert made, "it answered before it was moved"
    say(f"Asterisk {made.version} is ready in {folder}")
    return made


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
    said = _version(argv)
    modules = next((found for pattern in _MODULES for found in root.glob(pattern)), None)
    data = next((root / name for name in _DATA if (root / name / "documentation").exists()), None)
    if major(said) < OLDEST or not modules or not data:
        return None
    return Asterisk(argv, modules, data, said.removeprefix("Asterisk ").strip(), system)


def _version(argv: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(
            [*argv, "-V"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return version_line(done.stdout.decode("utf-8", "replace")) if done.returncode == 0 else ""


def _why_not(tree: Path) -> str:
    argv = _by_own_loader(tree)
    if not argv:
        return "no loader in it"
    done = subprocess.run([*argv, "-V"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return (done.stderr + done.stdout).decode("utf-8", "replace").strip()[-300:]


def _folder(cache: Path) -> Path:
    """One tree per recipe and processor: a changed recipe makes a new one beside the old."""
    recipe = json.dumps([WANTED.suite, WANTED.packages, WANTED.left_out, platform.machine()])
    return cache / f"asterisk-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One set-up at a time; a second one waits and then finds the tree made."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
