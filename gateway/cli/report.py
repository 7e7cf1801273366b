"""`gateway report`: the figures of days or months, as a table to read or as CSV.

The same statistics as the wallboard's; the gateway may be running. Calls that still go on are not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TextIO

from gateway.calls.statistics import FIRST_DAY, Statistics
from gateway.channels.registry import REGISTRY
from gateway.cli.storage import opened
from gateway.core.item.channel import ChannelRegistry
from gateway.core.item.contact import Channel
from gateway.core.statistics import Figures, Share, together
from gateway.errors import OperatorError
from gateway.rules.load import load_rules
from gateway.settings.load import load
from gateway.settings.schema import Config


@dataclass(frozen=True, slots=True)
class Column:
    """One figure: its names, and its cell."""

    zh: str
    en: str
    cell: Callable[[Figures], str]


def _count(name: str) -> Callable[[Figures], str]:
    return lambda figures: str(getattr(figures, name))


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2%}"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"


def _share(share: Share | None) -> str:
    return "" if share is None else _rate(share.rate)


def _written(channel: Channel) -> Callable[[Figures], str]:
    return lambda figures: str(dict(figures.written).get(channel, 0))


def _agent(agent: str, name: str) -> Callable[[Figures], str]:
    def cell(figures: Figures) -> str:
        value = next((getattr(row, name) for row in figures.agents if row.agent == agent), 0)
        return str(value) if name == "answered" else _seconds(value)

    return cell


COLUMNS: tuple[Column, ...] = (
    Column("呼入", "offered", _count("offered")),
    Column("请求人工", "asked", _count("asked")),
    Column("人工接听", "answered", _count("answered")),
    Column("15秒内接听", "in_time", _count("in_time")),
    Column("15秒接听率", "in_time_rate", lambda f: _rate(f.in_time_rate)),
    Column("接通", "connected", _count("connected")),
    Column("接通率", "connect_rate", lambda f: _rate(f.connect_rate)),
    Column("末24小时接通率", "last_24h", lambda f: _share(f.last_24h)),
    Column("最低24小时接通率", "lowest_24h", lambda f: _share(f.lowest_24h)),
    Column("遇忙未接入", "turned_away", _count("turned_away")),
    Column("号码或编码不符", "refused", _count("refused")),
    Column("中途放弃", "gave_up", _count("gave_up")),
    Column("中断", "cut_off", _count("cut_off")),
    Column("留言", "messages", _count("messages")),
    Column("预约回电", "call_backs", _count("call_backs")),
    Column("转协作单位", "partner", _count("partner")),
    Column("自助查询", "served", _count("served")),
    Column("平均等候秒", "average_wait", lambda f: _seconds(f.average_wait)),
    Column("最长等候秒", "longest_wait", lambda f: _seconds(f.longest_wait)),
    Column("登记回电", "booked", _count("booked")),
    Column("回电接通", "called_back", _count("called_back")),
    Column("回电未通", "not_reached", _count("not_reached")),
    Column("呼出", "outgoing", _count("outgoing")),
    Column("通话评价", "rated", _count("rated")),
    Column("通话评价满意", "rated_well", _count("rated_well")),
)


def channel_columns(channels: ChannelRegistry) -> list[Column]:
    """A column for each channel but the telephone."""
    return [
        Column(f"书面-{entry.zh}", f"written_{entry.channel}", _written(entry.channel))
        for entry in channels.written
    ]


def agent_columns(agents: Iterable[str]) -> list[Column]:
    """Three columns an agent."""
    columns = []
    for agent in agents:
        columns.append(Column(f"{agent} 接听", f"{agent}_answered", _agent(agent, "answered")))
        columns.append(Column(f"{agent} 通话秒", f"{agent}_talk_seconds", _agent(agent, "talk_seconds")))
        columns.append(
            Column(f"{agent} 话后秒", f"{agent}_wrap_up_seconds", _agent(agent, "wrap_up_seconds"))
        )
    return columns


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway report`."""
    parser.add_argument("--from", dest="first", metavar="DAY", help="first day; today when left out")
    parser.add_argument("--to", dest="last", metavar="DAY", help="last day, included; today when left out")
    parser.add_argument("--by", choices=["day", "month"], default="day", help="a row for each")
    parser.add_argument("--csv", action="store_true", help="for programs and spreadsheets")


def run(args: argparse.Namespace) -> int:
    """Print the report; exit code 0. Raises OperatorError, StorageDown."""
    return asyncio.run(_run(args, load()))


async def _run(args: argparse.Namespace, settings: Config) -> int:
    async with opened(settings) as storage:
        book = Statistics(storage.figures, settings.zone, lambda: datetime.now(UTC))
        first = _day(args.first, "--from") if args.first else book.today()
        last = _day(args.last, "--to") if args.last else book.today()
        if last < first:
            raise OperatorError(f"--to {last} lies before --from {first}")
        if first < FIRST_DAY or last > book.today():
            raise OperatorError(f"{first} to {last}: from {FIRST_DAY} to today is possible")
        periods = await rows(book, first, last, args.by == "month")
    channels = load_rules(settings.root / settings.rules.folder, REGISTRY).channels
    columns = [
        *COLUMNS,
        *channel_columns(channels),
        *agent_columns(row.agent for row in periods[-1][1].agents),
    ]
    (write_csv if args.csv else write_table)(sys.stdout, columns, periods)
    return 0


async def rows(book: Statistics, first: date, last: date, months: bool) -> list[tuple[str, Figures]]:
    """A row a day or a month, and the whole as the last."""
    parts: dict[str, list[Figures]] = {}
    async for day, figures in book.days(first, last):
        parts.setdefault(f"{day:%Y-%m}" if months else f"{day}", []).append(figures)
    whole = together([figures for days in parts.values() for figures in days])
    return [*((name, together(days)) for name, days in parts.items()), ("合计 total", whole)]


def write_csv(out: TextIO, columns: Sequence[Column], periods: Sequence[tuple[str, Figures]]) -> None:
    """A row a period; the heads are the API's names, behind the Chinese ones."""
    sheet = csv.writer(out, lineterminator="\n")
    sheet.writerow(["日期 period", *(f"{column.zh} {column.en}" for column in columns)])
    for name, figures in periods:
        sheet.writerow([name, *(column.cell(figures) for column in columns)])


def write_table(out: TextIO, columns: Sequence[Column], periods: Sequence[tuple[str, Figures]]) -> None:
    """A line a figure, a block a period: there are more figures than a screen is wide."""
    for name, figures in periods:
        out.write(f"{name}\n")
        for column in columns:
            if cell := column.cell(figures):
                out.write(f"  {cell:>10}  {column.zh} {column.en}\n")


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise OperatorError(f"{what} {text!r}: a day is written like 2026-11-24") from None
