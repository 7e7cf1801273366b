"""Makes an Asterisk of our own where the system has none that is new enough."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import SetupError
from gateway.pbx.asterisk_tree import LEFT_OUT, PACKAGES, SUITE, Asterisk, _by_own_loader, _folder, _own, find
from gateway.setup import debian

NEEDED_MB = 700  # packages and tree side by side while it is being made


_NOT_RUN = ("doc", "info", "lintian", "locale", "man")


_ADVICE = "install asterisk >= 20 by hand and run this again"


def find_or_make(cache: Path, say: Callable[[str], None]) -> Asterisk:
    """As `find`; makes the tree when there is none (a minute, 200 MB). Raises SetupError with advice."""
    folder = find(cache)
    if folder:
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / "asterisk.lock"):
            return _own(_folder(cache)) or _make(_folder(cache), say)
    except SetupError as error:
        raise SetupError(f"no Asterisk could be made: {error}\n{_ADVICE}") from error
    except OSError as error:
        raise SetupError(f"no Asterisk could be made in {cache}: {error.strerror}\n{_ADVICE}") from error


def _make(folder: Path, say: Callable[[str], None]) -> Asterisk:
    """Unpack beside the final place, try it, then move it there: a half-made tree is never found."""
    free = shutil.disk_usage(folder.parent).free // 2**20
    if free < NEEDED_MB:
        raise SetupError(f"{NEEDED_MB} MB are needed in {folder.parent}, {free} MB are free")
    work = folder.with_suffix(".part")
    work.mkdir(exist_ok=True)
    tree = work / "tree"
    debian.unpack(debian.Wanted(SUITE, PACKAGES, LEFT_OUT), work, tree, say)
    for name in _NOT_RUN:
        shutil.rmtree(tree / "usr/share" / name, ignore_errors=True)
    if not _own(tree):
        raise SetupError("the unpacked Asterisk does not start: " + _why_not(tree))
    tree.replace(folder)
    shutil.rmtree(work)
    asterisk = _own(folder)
    assert asterisk, "it answered before it was moved"
    say(f"Asterisk {asterisk.version} is ready in {folder}")
    return asterisk


def _why_not(tree: Path) -> str:
    argv = _by_own_loader(tree)
    if not argv:
        return "no loader in it"
    done = subprocess.run([*argv, "-V"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return (done.stderr + done.stdout).decode("utf-8", "replace").strip()[-300:]


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One set-up at a time; a second one waits and then finds the tree made."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
