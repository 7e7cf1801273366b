"""One matter, many arrivals, and what is decided on it: links, likely duplicates, splitting, decisions.

Nothing happens automatically: a person asks, the core's tables and the rules in force on the day of
receipt say whether it may be, and the timelines of all items concerned tell of it. Taking in, leases
and merging are intake's. Called by the API; what a method does and raises is told at the part's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.core.item.catalogue import name_of
from gateway.core.item.contact import Person, Receipt
from gateway.core.item.deadlines import Rules
from gateway.core.item.delivery import Plan
from gateway.core.item.duplicates import Likely
from gateway.core.item.item import Item, ItemDetail, NoticeRecord
from gateway.core.item.matter import External, Matter, Names
from gateway.core.item.notice import Sending
from gateway.core.item.steps import Step
from gateway.intake.decisions import Act, Decisions, HandOverListener
from gateway.intake.intake import Intake
from gateway.intake.item_changes import ChangeListener, ItemChanges
from gateway.intake.item_links import Links
from gateway.intake.likely import History, LikelyDuplicates
from gateway.intake.splits import Split, Splits
from gateway.intake.telling import Planned, Preview, Telling
from gateway.storage import Storage, Transaction

BY_HAND_ALONE = Sending()


class Matters:
    """The matters of one installation. `centre` names the city, which stands before firms' names;
    `area_code` completes local telephone numbers.
    """

    def __init__(
        self,
        intake: Intake,
        storage: Storage,
        rules: Rules,
        zone: ZoneInfo,
        *,
        centre: str = "",
        area_code: str = "",
        sending: Sending = BY_HAND_ALONE,
        planned: Planned = lambda occasion, about: Plan(),
        on_change: ChangeListener = lambda what, number: None,
        handed_over: HandOverListener | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._intake = intake
        self._rules = rules
        self._changes = changes = ItemChanges(storage, now)
        changes.listen(on_change)
        self._likely = LikelyDuplicates(changes, rules, centre, area_code)
        self._item_links = Links(changes)
        self._splits = Splits(changes, intake, rules.channels)
        self._decisions = Decisions(changes, rules, zone, handed_over)
        self._telling = Telling(changes, sending, planned)

    # ------------------------------------------------------------ looking

    async def matter(self, number: str) -> Matter:
        """Links, decisions, milestones and numbers elsewhere of an item. Raises NotFound, StorageDown."""

        def looked_up(t: Transaction) -> Matter:
            self._changes.items.there(t, number)
            return self._changes.links.matter(t, number)

        return await self._changes.read(looked_up)

    async def likely(self, number: str) -> tuple[Likely, ...]:
        return await self._likely.likely(number)

    async def history(self, number: str) -> History:
        return await self._likely.history(number)

    async def identity(self, number: str) -> Person:
        """Who is behind an item, a reporter too. Raises NotFound, StorageDown."""
        items = self._changes.items
        return await self._changes.read(lambda t: items.person_of(t, items.there(t, number)))

    async def registered(self, number: str) -> tuple[Item, bytes]:
        """An item, and its contact as it came (b"" when all that was said stands in the item).

        Raises NotFound, StorageDown.
        """
        items, links = self._changes.items, self._changes.links
        return await self._changes.read(lambda t: (items.there(t, number), links.raw_of(t, number)))

    def names(self, item: Item) -> Names:
        """The Chinese names of an item's channel, county, claims and categories."""
        rules = self._rules
        county = next(
            (division.zh for division in rules.divisions if division.code == item.county), item.county
        )
        claims = {division.id: division.zh for division in rules.claims}
        return Names(
            rules.channels.zh(item.channel),
            county,
            tuple(claims.get(claim, claim) for claim in item.claims),
            name_of(rules.categories.subjects, item.subject),
            name_of(rules.categories.problems, item.problem),
        )

    # ------------------------------------------------------------ links, splitting, decisions

    async def link(self, number: str, other: str, who: str, reason: str) -> Matter:
        return await self._item_links.link(number, other, who, reason)

    async def unlink(self, number: str, other: str, who: str, reason: str) -> Matter:
        return await self._item_links.unlink(number, other, who, reason)

    async def unmerge(self, number: str, who: str, reason: str) -> ItemDetail:
        return await self._intake.unmerge(number, who, reason)

    async def split(self, number: str, half: Split, who: str) -> Receipt:
        return await self._splits.split(number, half, who)

    async def act(self, number: str, who: str, act: Act, *, held: bool = False) -> ItemDetail:
        await self._decisions.act(number, who, act, held=held)
        return await self._intake.get(number)

    async def take_step(self, number: str, who: str, step: Step) -> ItemDetail:
        await self._intake.take_step(number, who, step)
        return await self._intake.get(number)

    async def withdraw_by_person(self, number: str, reason: str) -> None:
        await self._decisions.withdraw_by_person(number, reason)

    # ------------------------------------------------------------ telling people

    async def reply(
        self, number: str, who: str, text: str, ways: Collection[str], key: str = ""
    ) -> ItemDetail:
        await self._telling.reply(number, who, text, ways, key)
        return await self._intake.get(number)

    async def ways(self, number: str) -> tuple[Item, Mapping[str, str]]:
        return await self._telling.ways(number)

    async def preview(self, number: str, text: str, ways: Collection[str]) -> Preview:
        return await self._telling.preview(number, text, ways)

    async def send_receipt(self, number: str, who: str, ways: Collection[str]) -> ItemDetail:
        await self._telling.send_receipt(number, who, ways)
        return await self._intake.get(number)

    async def notice(self, number: str, notice: int) -> tuple[Item, NoticeRecord]:
        return await self._telling.notice(number, notice)

    async def told_by_hand(self, number: str, who: str, notice: int, text: str) -> ItemDetail:
        await self._telling.told_by_hand(number, who, notice, text)
        return await self._intake.get(number)

    async def tell_again(self, number: str, who: str, notice: int, way: str) -> ItemDetail:
        await self._telling.tell_again(number, who, notice, way)
        return await self._intake.get(number)

    async def set_external(self, number: str, source: str, external_no: str, who: str) -> Matter:
        """Note the number that the national platform (or another system) gave. Raises NotFound."""

        def noted(t: Transaction) -> Matter:
            self._changes.items.locked(t, number)
            external = External(source, external_no, self._changes.now(), who)
            self._changes.links.set_external(t, number, external)
            self._changes.note(t, number, "external", who, f"{source} {external_no}")
            self._changes.announce(t, number)
            return self._changes.links.matter(t, number)

        matter = await self._changes.write(noted)
        self._changes.tell("changed", number)
        return matter
