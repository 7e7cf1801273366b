"""Passwords that nobody chose: made once per installation, kept under var/secrets, never in the repo.

Read by the filling-in of asterisk_conf, the AMI link, and `gateway user`; keys of mail and pages are
made here too. Only the owner may read the files. A seat that joins gets its passwords at the next
start; the others keep theirs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from gateway.errors import Problem, SetupError
from gateway.settings.durable_files import write_private

LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is mistaken for another on a phone's display


@dataclass(frozen=True, slots=True)
class SeatSecrets:
    """One agent's passwords: of his phone and of the web side."""

    sip: str
    web: str


@dataclass(frozen=True, slots=True)
class Secrets:
    """All of one installation; `seats` by agent id, `people` the log-ins of others by account id.

    A log-in's password is "" once somebody has set another. `visitor` is for the demo's phone page. `agi` is
    what Asterisk says first on each FastAGI connection.
    """

    ami: str
    seats: dict[str, SeatSecrets]
    visitor: str = ""
    people: dict[str, str] = field(default_factory=dict)
    agi: str = ""


def load_secrets(var: Path, agents: Iterable[str], people: Iterable[str] = ()) -> Secrets:
    """Read them, make what is missing, and write them back. Raises SetupError."""
    file = _file(var)
    try:
        stored = _read(file)
        seats = dict(stored.seats) if stored else {}
        for agent in agents:
            seats.setdefault(agent, SeatSecrets(random_password(20), random_password(14)))
        others = dict(stored.people) if stored else {}
        for person in people:
            if person not in seats:
                others.setdefault(person, random_password(14))
        visitor = (stored and stored.visitor) or random_password(20)
        agi = (stored and stored.agi) or random_password(32)
        secrets = Secrets(stored.ami if stored else random_password(32), seats, visitor, others, agi)
        if secrets != stored:
            write_private(file, json.dumps(asdict(secrets), indent=1))
    except OSError as error:
        raise SetupError(Problem(str(file), 0, f"cannot be used: {error.strerror}")) from error
    return secrets


def ami_secret(var: Path) -> str:
    """The manager account's password; "" where no installation was made yet. Raises SetupError."""
    try:
        stored = _read(_file(var))
    except OSError as error:
        raise SetupError(Problem(str(_file(var)), 0, f"cannot be used: {error.strerror}")) from error
    return stored.ami if stored else ""


def forget_web_password(var: Path, account: str) -> None:
    """The password that was made for this log-in is no longer the right one. Raises SetupError."""
    stored = load_secrets(var, ())
    if account in stored.seats:
        stored.seats[account] = replace(stored.seats[account], web="")
    elif account in stored.people:
        stored.people[account] = ""
    write_private(_file(var), json.dumps(asdict(stored), indent=1))


def _file(var: Path) -> Path:
    return var / "secrets" / "secrets.json"


def random_password(length: int) -> str:
    """A random word: five bits a letter."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def _read(file: Path) -> Secrets | None:
    try:
        raw = json.loads(file.read_text("utf-8"))
        seats = {name: SeatSecrets(**seat) for name, seat in raw["seats"].items()}
        people = dict(raw.get("people", {}))
        return Secrets(raw["ami"], seats, raw.get("visitor", ""), people, raw.get("agi", ""))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        why = "damaged; restore it, or delete it and give every phone its new password"
        raise SetupError(Problem(str(file), 0, why)) from error


def key_once(file: Path, lost: str) -> bytes:
    """A key of 32 bytes, made once and kept as hex. Raises SetupError.

    `lost` says what goes with it, for whoever finds the file damaged and has to delete it.
    """
    try:
        if not file.exists():
            write_private(file, secrets.token_hex(32), once=True)
        key = bytes.fromhex(file.read_text("ascii").strip())
        if len(key) < 16:
            raise ValueError("too short")
    except OSError as error:
        raise SetupError(Problem(str(file), 0, f"cannot be used: {error.strerror}")) from error
    except ValueError as error:
        raise SetupError(Problem(str(file), 0, f"damaged; restore it, or delete it: {lost}")) from error
    return key


def proof(key: bytes, text: str, letters: int) -> str:
    """A signature of a text (HMAC-SHA-256): lower-case base 32, five bits a letter, at most 52 letters.

    For links that people type from a fax and marks in mail addresses, where the longer mixed-case tokens of
    itsdangerous do not fit; the ledger of what a link opens says when it ends. Passes and cookies of the web
    side are signed by itsdangerous (gateway/web/http/proof_of_work.py).
    """
    mac = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.b32encode(mac).decode("ascii")[:letters].lower()
