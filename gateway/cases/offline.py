"""Units without accounts: an order goes to them by mail or fax, and they reply on a page behind a link and
a code.

The link is signed and names the order, the unit and the day on which it was sent; the code goes to the mail
address or mobile telephone that is stored with the unit, else to its fax. What is done on the page is done as
the unit's handler.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from gateway.cases.order_actions import OrderInput
from gateway.cases.orders import OrderDetail, Orders
from gateway.core.item.contact import Evidence
from gateway.core.item.delivery import Draft
from gateway.core.item.item import Attachment, Item
from gateway.core.order.order import Order
from gateway.core.order.paper import (
    CODE_LENGTH,
    CODE_MINUTES,
    CODES_AN_HOUR,
    ON_PAGE,
    SENT_ON,
    TRIES,
    CodeResult,
    CodeWay,
    Link,
    Standing,
    read_link,
    standing,
)
from gateway.core.order.states import OrderEvent
from gateway.core.roles import Account, Role
from gateway.core.unit import Unit
from gateway.errors import Conflict, NotFound
from gateway.settings.secrets import proof
from gateway.storage import Storage, Transaction

TOKEN = 20  # letters of base 32: 100 bits
MARK = 52


class OrderLetters(Protocol):
    """notify/order_slips.py."""

    def drafts(
        self, order: Order, item: Item, unit: Unit, event: str, text: str, path: str, at: datetime
    ) -> tuple[Draft, ...]: ...

    def code(self, order: Order, way: CodeWay, code: str, at: datetime) -> Draft: ...

    def code_ways(self, unit: Unit) -> tuple[CodeWay, ...]:
        """By which ways can a code be sent to it?"""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opens. `whole` is for whoever has given a code, None unless it stands open; `ways` are
    those by which a code can be sent."""

    link: Link
    standing: Standing
    unit: Unit
    order: Order
    whole: OrderDetail | None
    ways: tuple[CodeWay, ...]

    @property
    def acts(self) -> tuple[OrderEvent, ...]:
        """What the unit may do on the page now."""
        possible = self.whole.shown.possible if self.whole else ()
        return tuple(event for event in ON_PAGE if event in possible)


class OfflineUnits:
    """`secret` signs links and codes; `digits` makes a code of so many digits, `keep` brings files to where
    attachments lie."""

    def __init__(
        self,
        orders: Orders,
        storage: Storage,
        letters: OrderLetters,
        secret: bytes,
        now: Callable[[], datetime],
        digits: Callable[[int], str],
        keep: Callable[[tuple[Evidence, ...]], Awaitable[Sequence[Attachment]]],
    ) -> None:
        self._orders = orders
        self._storage = storage
        self._letters = letters
        self._secret = secret
        self._now = now
        self._digits = digits
        self._keep = keep
        orders.on_event(self.hears)

    def hears(self, t: Transaction, order: Order, event: str, text: str) -> None:
        """Listener of order events: writes to a unit without accounts."""
        unit = self._storage.units.tree_in(t).get(order.unit)
        if event not in SENT_ON or unit is None or unit.online:
            return
        at, item = self._now(), self._storage.items.there(t, order.number)
        for draft in self._letters.drafts(order, item, unit, event, text, self.path(order), at):
            self._storage.outbox.add(t, order.number, draft, at)

    # ------------------------------------------------------------ the link

    def path(self, order: Order) -> str:
        """The path of the reply page of an order at the unit that has it now."""
        link = Link(order.id, order.unit, self._orders.day(self._now()))
        return f"/order/{link}.{self._token(link)}"

    def _token(self, link: Link) -> str:
        return proof(self._secret, f"order:{link}", TOKEN)

    async def open(self, name: str, token: str) -> Opened:
        """Raises NotFound for a link that is not ours, StorageDown."""
        link = read_link(name)
        if link is None or not hmac.compare_digest(self._token(link), token):
            raise NotFound("链接无效，请核对是否完整 / this is no link of ours")
        order = await self._storage.database.read(lambda t: self._storage.orders.there(t, link.order))
        unit = (await self._storage.units.tree()).get(link.unit)
        if unit is None:
            raise NotFound
        state = standing(link, order, self._orders.day(self._now()))
        is_open = state is Standing.OPEN
        whole = await self._orders.order(link.order, _account(link)) if is_open else None
        return Opened(link, state, unit, order, whole, self._letters.code_ways(unit))

    # ------------------------------------------------------------ the code

    async def send_code(self, opened: Opened, way: CodeWay) -> None:
        """A new code by one of the unit's ways. Raises Conflict when there are too many, StorageDown."""
        now, link = self._now(), opened.link
        code, order = self._digits(CODE_LENGTH), opened.order

        def sent(t: Transaction) -> None:
            codes = self._storage.order_codes
            if codes.made_since(t, link.order, now - timedelta(hours=1)) >= CODES_AN_HOUR:
                raise Conflict("验证码发送过于频繁，请一小时后再试 / too many codes: try again in an hour")
            mark = self._mark(link, code)
            codes.add(t, link.order, link.unit, mark, now, now - timedelta(days=1))
            draft = self._letters.code(order, way, code, now)
            self._storage.outbox.add(t, order.number, draft, now)

        await self._storage.database.write(sent)
        self._orders.tell(order.number)

    async def enter(self, opened: Opened, code: str) -> CodeResult:
        """Was this the code? It opens the page once. Raises StorageDown."""
        link, now = opened.link, self._now()

        def entered(t: Transaction) -> CodeResult:
            codes = self._storage.order_codes.of(t, link.order, link.unit)
            mark = self._mark(link, code)
            same = next((entry for entry in codes if hmac.compare_digest(entry.mark, mark)), None)
            if same is not None and same.used_at is not None:
                return CodeResult.USED
            if not codes:
                return CodeResult.NONE
            latest = codes[0]
            if latest.tries >= TRIES:
                return CodeResult.LOCKED
            if same is None:
                self._storage.order_codes.tried(t, latest.id)
                return CodeResult.WRONG
            if same is not latest or now > same.made_at + timedelta(minutes=CODE_MINUTES):
                return CodeResult.LATE
            self._storage.order_codes.used(t, same.id, now)
            return CodeResult.RIGHT

        return await self._storage.database.write(entered)

    def _mark(self, link: Link, code: str) -> str:
        return proof(self._secret, f"order-code:{link.order}:{link.unit}:{code}", MARK)

    # ------------------------------------------------------------ acting

    async def act(
        self, opened: Opened, event: OrderEvent, values: OrderInput, files: tuple[Evidence, ...] = ()
    ) -> OrderDetail:
        """As the unit's handler; `files` belong to the report. Raises NotFound, NotPossible, Conflict,
        BadContact, StorageDown."""
        if opened.standing is not Standing.OPEN or event not in ON_PAGE:
            raise NotFound
        if files:
            kept = tuple(await self._keep(files))
            named = tuple(dict.fromkeys(file.sha256 for file in kept))
            values = replace(values, files=kept, report=replace(values.report, files=named))
        return await self._orders.act(opened.link.order, _account(opened.link), event, values)


def _account(link: Link) -> Account:
    """Whoever holds the link and the code acts for the unit."""
    return Account(f"paper:{link.unit}", Role.HANDLER, unit=link.unit)
