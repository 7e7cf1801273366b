"""Passwords that nobody chose: made once per installation, kept under var/secrets, never in the repo.

Read by the filling-in of asterisk_conf, the AMI link, and `gateway user`. Only the owner may read
the file. A seat that joins gets its passwords at the next start; the others keep theirs.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.errors import Problem, SetupError

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is mistaken for another on a phone's display


@dataclass(frozen=True, slots=True)
class SeatSecrets:
    """One agent's passwords: of his phone and of the web side."""

    sip: str
    web: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """All of one installation; `seats` by agent id."""

    ami: str
    seats: dict[str, SeatSecrets]


def load_secrets(var: Path, agents: Iterable[str]) -> Secrets:
    """Read them, make what is missing, and write them back. Raises SetupError."""
    file = var / "secrets" / "secrets.json"
    try:
        known = _read(file)
        seats = dict(known.seats) if known else {}
        for agent in agents:
            seats.setdefault(agent, SeatSecrets(word(20), word(14)))
        made = Secrets(known.ami if known else word(32), seats)
        if made != known:
            _write(file, made)
    except OSError as error:
        raise SetupError(Problem(str(file), 0, f"cannot be used: {error.strerror}")) from error
    return made


def word(length: int) -> str:
    """A random word: five bits a letter."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _read(file: Path) -> Secrets | None:
    try:
        raw = json.loads(file.read_text("utf-8"))
        seats = {name: SeatSecrets(**seat) for name, seat in raw["seats"].items()}
        return Secrets(raw["ami"], seats)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        why = "damaged; restore it, or delete it and give every phone its new password"
        raise SetupError(Problem(str(file), 0, why)) from error


def _write(file: Path, made: Secrets) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(asdict(made), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
