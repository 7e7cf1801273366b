"""People's accounts: log-in by password, sessions, locking. What the log-in page and `gateway user` call.

Whether an account exists, is locked or has another password is answered alike, and takes as long.
Who may try how often is the web side's to say. Bearer tokens of programs are not here.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.accounts import totp
from gateway.accounts.inside import Inside
from gateway.core.audit import ASKER, Asker
from gateway.core.roles import OF_CENTRE, OF_UNITS, Account, Role
from gateway.core.unit import CENTRE, membership_fault
from gateway.errors import OperatorError, StorageDown
from gateway.settings.schema import AccountSettings
from gateway.storage import Storage
from gateway.storage.accounts import AccountRow, SessionRow

PEOPLE = (*OF_CENTRE, *OF_UNITS, Role.AUDITOR)
"""The roles that a person can have; the others are machines'."""
ID = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
SHORTEST = 10  # characters of a password that somebody chose
LONGEST = 200
HASHER = PasswordHasher()
"""Argon2id at the library's own cost, which is the second choice of RFC 9106."""
AT_ONCE = 2  # hashes at a time: each takes 64 MB and a core for some tens of milliseconds
SEEN = timedelta(seconds=60)  # how exactly it is kept when a session was last used
CALL_LEFT = timedelta(minutes=15)  # for which the session of a person in a call holds at the least


@dataclass(frozen=True, slots=True)
class Session:
    """The result of a log-in: the text of the cookie and whose session it is."""

    cookie: str = field(repr=False)
    account: Account


class Accounts:
    """The accounts of one centre. `seats` by agent id.

    `password_set` is told whose password was changed.
    `in_call` tells whether an account's person is in a call now; no session ends by time meanwhile.
    """

    def __init__(
        self,
        storage: Storage,
        limits: AccountSettings,
        now: Callable[[], datetime],
        seats: Mapping[str, str] | None = None,
    ) -> None:
        self._rows = storage.accounts
        self._audit = storage.audit
        self._units = storage.units
        self._seals = storage.identities
        self._limits = limits
        self._inside = Inside(limits.inside)
        self._now = now
        self._seats = seats or {}
        self.in_call: Callable[[str], bool] = lambda account: False
        self.password_set: Callable[[str], None] = lambda account: None
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobody = ""

    # ------------------------------------------------------------ logging in and out

    async def log_in(
        self, account_id: str, password: str, address: str, old: str = "", code: str = ""
    ) -> Session | None:
        """A new session; None when the two do not fit. `old` is the cookie that came along.

        Raises StorageDown.
        """
        account_id = account_id.strip().lower()
        row = await self._rows.get(account_id) if ID.fullmatch(account_id) else None
        ASKER.set(Asker(row.id if row else "", address))
        right = await self._fits(row.password if row else "", password)
        why = await self._why_not(row, right, address, code)
        if row is None or why:
            await self._audit.note("log_in.failed", row.id if row else "", {"why": why})
            return None
        return await self._begun(row, old)

    async def _why_not(self, row: AccountRow | None, right: bool, address: str, code: str) -> str:
        """Why the log-in is refused, "" when it is not; `right`: the password is. A code is accepted once."""
        if row is None:
            return "unknown"
        if not right:
            return "password"
        if row.locked_at:
            return "locked"
        if not row.totp and self.codes_wanted(address):
            return "outside"
        return "" if await self._coded(row, code) else "code"

    def codes_wanted(self, address: str) -> bool:
        """Does whoever comes from this address need one-time codes?"""
        return not self._inside.has(address)

    async def _begun(self, row: AccountRow, old: str = "") -> Session:
        now = self._now()
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        await self._rows.begin(row.id, cookie, csrf, now, now + timedelta(hours=self._limits.hours), old)
        return Session(cookie, self._account(row, csrf))

    async def _coded(self, row: AccountRow, code: str) -> bool:
        """Is the one-time code right, if the account has one? A code is accepted once."""
        if not row.totp:
            return True
        secret = self._seals.open_text(_bound(row.id), bytes.fromhex(row.totp))
        step = totp.step_of(secret, code.strip().replace(" ", ""), self._now(), row.totp_step)
        if step:
            return await self._rows.spend(row.id, row, totp_step=step)
        left = [kept_code for kept_code in row.recovery if kept_code != totp.kept(code)]
        if len(left) == len(row.recovery):
            return False
        return await self._rows.spend(row.id, row, recovery=json.dumps(left))

    async def account(self, cookie: str) -> Account | None:
        """Whose session a cookie is; None when it is over, or none. Raises StorageDown."""
        session = await self._rows.session(cookie)
        if session is None or session.account.locked_at:
            return None
        now = self._now()
        if now - session.seen_at >= timedelta(minutes=self._limits.idle_minutes):
            return None
        if now > session.ends_at - CALL_LEFT and not await self._lives_on(cookie, session, now):
            return None
        if now - session.seen_at >= SEEN:
            with suppress(StorageDown):  # a full disk stops writing, not reading
                await self._rows.seen(cookie, now)
        return self._account(session.account, session.csrf)

    async def _lives_on(self, cookie: str, session: SessionRow, now: datetime) -> bool:
        """Does a session near its end still hold? In a call it is renewed, and one just over holds too.

        The desk's open page asks once a minute, so the renewal comes before the end.
        """
        if not self.in_call(session.account.id):
            return now < session.ends_at
        if now >= session.ends_at + CALL_LEFT:
            return False
        if session.ends_at - now < CALL_LEFT - SEEN:
            with suppress(StorageDown):
                await self._rows.renew(cookie, now + CALL_LEFT)
        return True

    async def log_out(self, cookie: str) -> None:
        await self._rows.end(cookie)

    def _account(self, row: AccountRow, csrf: str) -> Account:
        return Account(row.id, Role(row.role), row.name, self._seats.get(row.id, ""), csrf, row.unit)

    # ------------------------------------------------------------ one's own account

    async def proves(self, account_id: str, password: str, code: str = "") -> bool:
        """Does whoever is logged in know the password, and the one-time code where one is asked for?"""
        row = await self.get(account_id)
        return await self._fits(row.password, password) and await self._coded(row, code)

    async def has_codes(self, account_id: str) -> tuple[bool, int]:
        """Whether one-time codes are asked for, and how many recovery codes are left."""
        row = await self.get(account_id)
        return bool(row.totp), len(row.recovery)

    async def anew(self, account_id: str) -> Session:
        """A session for whoever has just proved who he is, after all others have ended."""
        return await self._begun(await self.get(account_id))

    # ------------------------------------------------------------ keeping accounts

    async def ensure(self, account_id: str, name: str, role: Role, password: str) -> bool:
        """Make an account that is not there yet; one that is stays as it is."""
        if await self._rows.get(account_id):
            return False
        return await self._rows.add(account_id, name, role, await self._hash(password), self._now())

    async def add(self, account_id: str, name: str, role: Role, password: str, unit: str = "") -> None:
        """Raises OperatorError."""
        if not ID.fullmatch(account_id):
            raise OperatorError(
                f"账号为 1 至 64 位小写字母、数字或 . _ @ - / {account_id!r}: 1 to 64 of a-z, 0-9 and . _ @ -"
            )
        if role not in PEOPLE:
            raise OperatorError(f"此角色不是人员账号 / {role}: a person is {', '.join(PEOPLE)}")
        unit = await self.member_of(role, unit)
        _acceptable(account_id, password)
        hashed = await self._hash(password)
        if not await self._rows.add(account_id, name, role, hashed, self._now(), unit):
            raise OperatorError(f"已有账号 {account_id} / there is an account {account_id} already")

    async def member_of(self, role: Role, unit: str) -> str:
        """The unit as it is kept of somebody with this role, "" for the centre. Raises OperatorError."""
        if fault := membership_fault(role, unit, await self._units.tree()):
            raise OperatorError(f"{fault.zh} / {fault.en}")
        return "" if unit == CENTRE else unit

    async def move(self, account_id: str, unit: str) -> None:
        """To another unit, as which he works from now on: every session ends. Raises OperatorError."""
        row = await self.get(account_id)
        unit = await self.member_of(Role(row.role), unit)
        await self._change(account_id, "account.unit", ends_sessions=True, unit=unit)

    async def set_role(self, account_id: str, role: Role, unit: str = "") -> None:
        """Another role, and the unit where it needs one: every session ends. Raises OperatorError."""
        if role not in PEOPLE:
            raise OperatorError(f"此角色不是人员账号 / {role}: a person is {', '.join(PEOPLE)}")
        unit = await self.member_of(role, unit)
        await self._change(account_id, "account.role", ends_sessions=True, role=role.value, unit=unit)

    async def set_password(self, account_id: str, password: str) -> None:
        """And end every session. Raises OperatorError."""
        _acceptable(account_id, password)
        fresh = {"password": await self._hash(password)}
        await self._change(account_id, "account.password", ends_sessions=True, **fresh)
        self.password_set(account_id)

    async def lock(self, account_id: str) -> None:
        """Refuse further log-ins and end every session. Raises OperatorError."""
        now = int(self._now().timestamp() * 1000)
        await self._change(account_id, "account.lock", ends_sessions=True, locked_at=now)

    async def unlock(self, account_id: str) -> None:
        """Raises OperatorError."""
        await self._change(account_id, "account.unlock", ends_sessions=False, locked_at=None)

    async def sign_out(self, account_id: str) -> int:
        """End every session; how many there were. Raises OperatorError."""
        await self.get(account_id)
        return await self._rows.end_all(account_id)

    async def ask_codes(self, account_id: str, secret: str = "") -> tuple[str, tuple[str, ...]]:
        """Ask for one-time codes from now on: the secret, which may be given, and recovery codes.

        Raises OperatorError.
        """
        secret, recovery = secret or totp.new_secret(), totp.new_recovery()
        values = {
            "totp": self._seals.seal_text(_bound(account_id), secret).hex(),
            "totp_step": 0,
            "recovery": json.dumps([totp.kept(code) for code in recovery]),
        }
        await self._change(account_id, "account.totp", ends_sessions=True, **values)
        return secret, recovery

    async def ask_no_codes(self, account_id: str) -> None:
        """The password is enough again. Raises OperatorError."""
        values = {"totp": "", "totp_step": 0, "recovery": "[]"}
        await self._change(account_id, "account.totp_off", ends_sessions=True, **values)

    async def get(self, account_id: str) -> AccountRow:
        """Raises OperatorError."""
        row = await self._rows.get(account_id)
        if row is None:
            known_accounts = ", ".join(account.id for account in await self._rows.list())
            raise OperatorError(
                f"没有账号 {account_id} / there is no account {account_id}; known: {known_accounts}"
            )
        return row

    async def list(self) -> list[AccountRow]:
        return await self._rows.list()

    async def _change(self, account_id: str, what: str, *, ends_sessions: bool, **values: object) -> None:
        now = self._now()
        if "password" in values:
            values["changed_at"] = int(now.timestamp() * 1000)
        if not await self._rows.change(account_id, what, now, ends_sessions=ends_sessions, **values):
            raise OperatorError(
                f"没有账号 {account_id} / there is no account {account_id}: `gateway user list`"
            )

    # ------------------------------------------------------------ passwords

    async def _hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(HASHER.hash, password)

    async def _fits(self, kept: str, password: str) -> bool:
        """Compare a password with a hash; without a hash, with a fixed one, so that it takes as long."""
        if not self._nobody:
            self._nobody = await self._hash(secrets.token_hex(16))
        async with self._turns:
            return await asyncio.to_thread(self._verify, kept or self._nobody, password[:LONGEST])

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return HASHER.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def _bound(account_id: str) -> str:
    return f"totp:{account_id}"


def password_fault(account_id: str, password: str) -> tuple[str, str] | None:
    """What is wrong with a password that somebody chose, in Chinese and English."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"密码长度为 {SHORTEST} 至 {LONGEST} 位", f"a password has {SHORTEST} to {LONGEST} characters"
    if account_id in password.lower() or len(set(password)) < 5:
        return "密码过于简单，容易被猜中", "this password is too easy to guess"
    return None


def _acceptable(account_id: str, password: str) -> None:
    """Raises OperatorError."""
    if fault := password_fault(account_id, password):
        raise OperatorError(" / ".join(fault))
