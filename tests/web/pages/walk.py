"""Counts what a task costs a person at a page: pages, clicks, keys and characters of content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import FilePayload, Page, Request

TABLE = Path(__file__).resolve().parents[3] / "docs/using/walks.md"
COLUMNS = ("pages", "clicks", "keys", "typed")
Counts = tuple[int, int, int, int]
ON_THE_PHONE = {"register-call"}
"""Tasks that need a call: tests/live/test_desk.py walks them."""


@dataclass
class Walk:
    """A page as one person uses it. A choice in a list is two clicks, as is a file of the system's dialog."""

    page: Page
    clicks: int = 0
    keys: int = 0
    typed: int = 0
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        """A page counts when it is asked for, whenever its load ends; a redirect does not."""
        own = request.is_navigation_request() and request.frame == self.page.main_frame
        if own and not request.redirected_from:
            self.addresses.append(request.url)

    @property
    def counts(self) -> Counts:
        return len(self.addresses), self.clicks, self.keys, self.typed

    def begin(self) -> None:
        """The next task starts at the page that is open, which is its first."""
        self.clicks = self.keys = self.typed = 0
        self.addresses = [self.page.url]

    async def click(self, selector: str) -> None:
        self.clicks += 1
        await self.page.click(selector)

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            await self.page.keyboard.press(key)

    async def write(self, selector: str, text: str) -> None:
        """Type into a field; the click that reaches it is counted unless the page has put the focus there."""
        if not await self.has_focus(selector):
            await self.click(selector)
        self.typed += len(text)
        await self.page.keyboard.type(text)

    async def choose(self, selector: str, value: str) -> None:
        self.clicks += 2
        await self.page.select_option(selector, value)

    async def add_file(self, selector: str, file: FilePayload) -> None:
        self.clicks += 2
        await self.page.set_input_files(selector, [file])

    async def has_focus(self, selector: str) -> bool:
        return bool(
            await self.page.evaluate("selector => document.activeElement.matches(selector)", selector)
        )


def most() -> dict[str, Counts]:
    """The most that each task may cost, by its name, as the documentation shows it."""
    return {name: counts for name, counts in map(_row, _lines()) if name}


def _lines() -> list[str]:
    return [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| `")]


def _row(line: str) -> tuple[str, Counts]:
    name, _, *numbers = [cell.strip() for cell in line.strip("|").split("|")]
    pages, clicks, keys, typed = map(int, numbers)
    return name.strip("`"), (pages, clicks, keys, typed)


def renew(measured: dict[str, Counts]) -> None:
    """Put the measured counts into the documentation."""
    text = TABLE.read_text("utf-8")
    for line in _lines():
        name, _ = _row(line)
        if name in measured:
            words = line.strip("|").split("|")[1].strip()
            cells = " | ".join(map(str, measured[name]))
            text = text.replace(line, f"| `{name}` | {words} | {cells} |")
    TABLE.write_text(text, "utf-8")


class Log:
    """The counts of the tasks that were walked."""

    def __init__(self) -> None:
        self.measured: dict[str, Counts] = {}

    def done(self, name: str, walk: Walk) -> None:
        self.measured[name] = walk.counts

    def too_much(self, allowed: Callable[[], dict[str, Counts]] = most) -> dict[str, tuple[Counts, Counts]]:
        """Tasks that cost more than they may, with both counts; a task without a row may cost nothing."""
        limits = allowed()
        return {
            name: (counts, limits.get(name, (0, 0, 0, 0)))
            for name, counts in self.measured.items()
            if any(count > limit for count, limit in zip(counts, limits.get(name, (0, 0, 0, 0)), strict=True))
        }
