"""Files of a form that comes again: after a fault, or a question. Kept for an hour, within a limit for all.

Blocking; called in a thread. What is here belongs to nobody yet: the whole folder is swept at the start.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HOLD = "held-"
SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Held:
    """One file and what is known of it."""

    path: Path
    name: str
    size: int
    ending: str
    media_type: str
    role: str


class HeldFiles:
    """The held files of one installation, below `folder`; `limit` bytes in all."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._adding = threading.Lock()  # room is looked at and taken in one step

    def put(self, files: Sequence[Held], key: str) -> bool:
        """Keep these under a form's key, in the place of what was there; False when there is no room for
        them. Some may lie there already. Raises OSError."""
        home = self.home(key)
        if sum(file.size for file in files) > self.room():
            return False
        folder = self._folder / f"{HOLD}new-{secrets.token_hex(8)}"
        folder.mkdir(mode=0o700, parents=True)
        for place, file in enumerate(files):
            shutil.copyfile(file.path, folder / str(place))
        _note(folder, files)
        shutil.rmtree(home, ignore_errors=True)
        folder.replace(home)
        return True

    def get(self, key: str) -> tuple[Held, ...]:
        """What is held under a key; nothing when its time is over. Raises OSError."""
        home = self.home(key)
        try:
            entries = json.loads((home / "files").read_text("utf-8"))
        except FileNotFoundError:
            return ()
        return tuple(Held(home / str(place), *entry) for place, entry in enumerate(entries))

    def add(self, file: Held, key: str, most: int) -> int | None:
        """Keep one more under a form's key, behind those that are there, by moving it; its place, or None
        when there are `most`. Raises OSError."""
        home = self.home(key)
        with self._adding:
            held = self.get(key)
            if len(held) >= most:
                return None
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.path.replace(home / str(len(held)))
            _note(home, (*held, file))
        return len(held)

    def room(self) -> int:
        """Bytes that may still be held. Raises OSError."""
        self._forget_old()
        return self._limit - sum(file.stat().st_size for file in self._folder.glob(f"{HOLD}*/**/*"))

    def drop(self, key: str) -> None:
        """What was held under a key is no longer needed."""
        shutil.rmtree(self.home(key), ignore_errors=True)

    def home(self, key: str) -> Path:
        """The folder of a form's files; parts of files that are on their way lie there too."""
        return self._folder / f"{HOLD}{hashlib.sha256(key.encode()).hexdigest()}"

    def _forget_old(self) -> None:
        for old in self._folder.glob(f"{HOLD}*"):
            if time.time() - old.stat().st_mtime > SECONDS:
                shutil.rmtree(old, ignore_errors=True)


def _note(home: Path, files: Sequence[Held]) -> None:
    """What is known of the files of a form, in the place of what was noted before."""
    rows = [[file.name, file.size, file.ending, file.media_type, file.role] for file in files]
    new = home / "files.new"
    new.write_text(json.dumps(rows), "utf-8")
    new.replace(home / "files")
