"""/desk/supervision/charts: figures of orders by month, week or unit, drawn on the server, with a table whose
figures open their lists. It works without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup
from pydantic import Field

from gateway.cases.period_figures import Behind
from gateway.core.item.states import KIND_NAMES
from gateway.core.order.period import MEASURE_NAMES, Figures, Measure, Period, PeriodRow, Step
from gateway.core.rights import Right
from gateway.core.roles import Account
from gateway.core.unit import Tree, UnitKind
from gateway.errors import BadContact
from gateway.web.api.period_figures import MONTHS, PeriodDesk, days_asked, kind_asked
from gateway.web.api.period_models import PeriodAsked
from gateway.web.http.auth import Gate
from gateway.web.http.fields import Choice, Day, Text
from gateway.web.http.models import members
from gateway.web.http.reading import read_query
from gateway.web.http.route import AuditNotes
from gateway.web.pages.chart_drawing import Chart, Point, bars, columns
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.supervision import FIGURE_WORDS
from gateway.web.pages.work_page import POLICY, WorkPage, words

M = Measure
PATH = "/desk/supervision/charts"
SLOTS = {Step.MONTH: 28, Step.WEEK: 36}
"""Pixels from column to column."""
COUNTS = (M.ASSIGNED, M.FELL_DUE, M.MET, M.RETURNED, M.CLOSED, M.ANSWERED, M.SATISFIED)
RATES = ("in_time", "closed", "returned", "satisfied")


class By(StrEnum):
    """What stands side by side."""

    MONTH = "month"
    WEEK = "week"
    UNIT = "unit"


class ChartsAsked(PeriodAsked):
    """What the page's address says: what is drawn, and which figure's list is open."""

    by: Choice[By] = By.MONTH
    unit: Annotated[str, Text(16)] = ""
    measure: Choice[Measure] | None = None
    since: Day | None = Field(default=None, description="该数字的起始日 / first day of the figure")
    until: Day | None = Field(default=None, description="该数字的截止日 / last day of the figure")
    bureau: Annotated[str, Text(16)] = ""
    at: Annotated[str, Text(16)] = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table, one point of each chart, where its name stands in two lines. `where` is what the
    lists of its figures are asked by."""

    name: str
    figures: Figures
    where: Mapping[str, str] = field(default_factory=dict)
    lines: tuple[str, str] = ("", "")
    going: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the page shows of one question."""

    at: datetime
    rows: tuple[Row, ...]
    total: Row


class OrderChartsPage(WorkPage):
    """The page."""

    def __init__(self, pages: Pages, gate: Gate, desk: PeriodDesk, notes: AuditNotes | None) -> None:
        super().__init__(pages, gate, PATH, "order_charts.html", {}, Right.SEE_SUPERVISION)
        self._desk = desk
        self._notes = notes

    async def shown(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        given = {name: request.query.get(name, "") for name in members(ChartsAsked)}
        tree = await self._desk.units()
        try:
            asked = read_query(ChartsAsked, given.items())
            first, last = days_asked(asked, self._desk.today(), MONTHS)
        except BadContact as bad:
            faults = {fault.field: look.t(fault.zh, fault.en) for fault in bad.faults}
            return self._page(look, account, tree, given, 422, faults=faults)
        drawn = await self._drawn(asked, first, last, tree, look)
        given |= {"from": first.isoformat(), "to": last.isoformat(), "by": asked.by.value}
        return self._page(
            *(look, account, tree, given),
            behind=await self._behind(asked, first, last, tree, look),
            cut_off=f"{drawn.at.astimezone(self._pages.zone):%Y-%m-%d %H:%M}",
            table=_table(drawn, given, look),
            charts=list(_charts(drawn, given, tree, look)),
        )

    async def _drawn(self, asked: ChartsAsked, first: date, last: date, tree: Tree, look: Look) -> Drawn:
        where = _where(asked.unit, tree)
        kind, of = kind_asked(asked), (where.get("bureau", ""), where.get("at", ""))
        if asked.by is By.UNIT:
            view = await self._desk.view(first, last, kind)
            rows = tuple(_unit_rows(view.rows, asked.unit, tree, look))
            series = await self._desk.series(first, last, Step.MONTH, kind, *of)
        else:
            series = await self._desk.series(first, last, Step(asked.by.value), kind, *of)
            rows = tuple(_piece_rows(series.pieces, Step(asked.by.value), where, look))
        whole = {"since": first.isoformat(), "until": last.isoformat()}
        return Drawn(series.at, rows, Row(look.t("合计", "All"), series.total, whole | where))

    async def _behind(
        self, asked: ChartsAsked, first: date, last: date, tree: Tree, look: Look
    ) -> tuple[str, Behind] | None:
        """The list that is open, with its name."""
        if asked.measure is None:
            return None
        days = max(first, asked.since or first), min(last, asked.until or last)
        listed = await self._desk.behind(asked.measure, *days, kind_asked(asked), asked.bureau, asked.at)
        if self._notes:
            await self._notes.note("period_orders.view")
        unit = asked.at or asked.bureau
        about = short(tree.name(unit)) if unit else look.t("全部单位", "All units")
        name = measure_name(asked.measure, look)
        zh = f"{about}，{days[0]} 至 {days[1]}：{name}（{listed.count} 件）"
        return look.t(zh, f"{about}, {days[0]} to {days[1]}: {name} ({listed.count})"), listed

    def _page(
        self,
        look: Look,
        account: Account,
        tree: Tree,
        given: Mapping[str, str],
        status: int = 200,
        **shown: Any,
    ) -> web.Response:
        held: dict[str, Any] = {"faults": {}, "cut_off": "", "table": None, "charts": (), "behind": None}
        return self._pages.show(
            look,
            "order_charts.html",
            status,
            headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"},
            account=account,
            words=words(self._pages, look, {}),
            given=given,
            kinds={kind.value: look.t(zh, en.capitalize()) for kind, (zh, en) in KIND_NAMES.items()},
            units=[(unit.id, unit.zh, unit.kind is UnitKind.STATION) for unit in _in_order(tree)],
            names={unit.id: short(unit.zh) for unit in tree},
            **held | shown,
        )


def short(name: str) -> str:
    """A unit's name as a clerk says it."""
    return name.replace("市场监督管理局", "局").replace("市场监督管理所", "所")


def _in_order(tree: Tree) -> Iterator[Any]:
    """Bureaus, each with its stations behind it."""
    for unit in tree:
        if unit.kind in (UnitKind.BUREAU, UnitKind.DEPARTMENT):
            yield unit
            yield from tree.children(unit.id)


def _where(unit: str, tree: Tree) -> dict[str, str]:
    """What lists and figures of a unit are asked by: a bureau answers for all below it."""
    node = tree.get(unit)
    if not unit:
        return {}
    return {"at" if node and node.kind is UnitKind.STATION else "bureau": unit}


def _unit_rows(rows: Sequence[PeriodRow], unit: str, tree: Tree, look: Look) -> Iterator[Row]:
    """A row for each bureau; of a bureau that was chosen, for itself and each of its stations."""
    if not unit:
        for row in rows:
            name = short(tree.name(row.unit))
            yield Row(name, row.figures, {"bureau": row.unit}, (name, ""))
        return
    for row in rows:
        for part in row.parts or (row,):
            if unit in (row.unit, part.unit):
                name = look.t("本局", "itself") if part.unit == row.unit else short(tree.name(part.unit))
                yield Row(name, part.figures, {"bureau": row.unit, "at": part.unit}, (name, ""))


def _piece_rows(
    pieces: Sequence[tuple[Period, Figures]], step: Step, where: Mapping[str, str], look: Look
) -> Iterator[Row]:
    """A row for each month or week; the year stands below the first one of it, unless it has but one, at the
    beginning."""
    years = [period.first.year for period, _ in pieces]
    for place, (period, figures) in enumerate(pieces):
        first, begins = period.first, years[place] not in years[:place]
        month = look.t(f"{first.month}月", f"{first:%b}")
        line = month if step is Step.MONTH else f"{first.month}/{first.day}"
        alone = place == 0 and years[0] not in years[1:2]
        lines = line, str(first.year) if begins and not alone else ""
        days = {"since": first.isoformat(), "until": period.last.isoformat()}
        going = period.has(period.cut_off)
        yield Row(_piece_name(period, step, look), figures, days | dict(where), lines, going)


def _piece_name(period: Period, step: Step, look: Look) -> str:
    first, last = period.first, period.last
    whole = step is Step.MONTH and first.day == 1 and (last + timedelta(days=1)).day == 1
    name = f"{first:%Y-%m}" if whole else look.t(f"{first} 至 {last:%m-%d}", f"{first} to {last:%m-%d}")
    return name + look.t("（未完）", " (so far)") if period.has(period.cut_off) else name


# ------------------------------------------------------------ the table


def _table(drawn: Drawn, given: Mapping[str, str], look: Look) -> dict[str, Any]:
    """Heads, rows and the last row; each figure with the address of its list."""
    kept = {name: given[name] for name in ("by", "unit", "kind", "from", "to")}

    def cells(row: Row) -> Iterator[tuple[str, str]]:
        for measure in COUNTS:
            count = row.figures.counts[measure]
            to = kept | {"measure": measure.value} | dict(row.where)
            query = urlencode({name: text for name, text in to.items() if text})
            yield str(count), f"{PATH}?{query}#list" if count else ""
        for rate in RATES:
            yield percent(row.figures.rates[rate]), ""

    heads = [measure_name(measure, look) for measure in COUNTS]
    shut = urlencode({name: text for name, text in kept.items() if text})
    return {
        "shut": f"{PATH}?{shut}",
        "heads": [*heads, *(rate_name(rate, look) for rate in RATES)],
        "rows": [(row.name, list(cells(row))) for row in drawn.rows],
        "total": (drawn.total.name, list(cells(drawn.total))),
    }


def measure_name(measure: Measure, look: Look) -> str:
    zh, en = MEASURE_NAMES[measure]
    return look.t(zh, en.capitalize())


def rate_name(rate: str, look: Look) -> str:
    zh, en = FIGURE_WORDS[f"rate.{rate}"]
    return look.t(zh, f"% {en}")


def percent(rate: float | None, places: int = 1) -> str:
    return "–" if rate is None else f"{100 * rate:.{places}f}%"


# ------------------------------------------------------------ the charts


def _charts(drawn: Drawn, given: Mapping[str, str], tree: Tree, look: Look) -> Iterator[tuple[str, Markup]]:
    """Each chart with its title: how many were assigned, and each share."""
    about = short(tree.name(given["unit"])) if given["unit"] else look.t("全部单位", "all units")
    counts = [row.figures.counts[M.ASSIGNED] for row in drawn.rows]
    whole = drawn.total.figures

    def chart(id: str, title: str, values: Sequence[float | None], all_of: str) -> tuple[str, Markup]:
        share = id in RATES
        points = _points(drawn.rows, values, [percent(v, 0).rstrip("%") if share else str(v) for v in values])
        most = 1.0 if share else max(counts, default=0)
        description = _told(title, about, all_of, points, look)
        return title, _draw(By(given["by"]), Chart(id, *description, points, most))

    name = look.t("派单（件）", "Assigned (orders)")
    yield chart(M.ASSIGNED, name, counts, str(whole.counts[M.ASSIGNED]))
    for rate in RATES:
        zh, en = FIGURE_WORDS[f"rate.{rate}"]
        name = look.t(f"{zh}（%）", f"{en.capitalize()} (%)")
        yield chart(rate, name, [row.figures.rates[rate] for row in drawn.rows], percent(whole.rates[rate]))


def _points(rows: Sequence[Row], values: Sequence[float | None], texts: Sequence[str]) -> list[Point]:
    return [
        Point(row.lines[0], value, text, row.lines[1], row.going)
        for row, value, text in zip(rows, values, texts, strict=True)
    ]


def _told(title: str, about: str, whole: str, points: Sequence[Point], look: Look) -> tuple[str, str]:
    """A chart in words: title and description."""
    values = look.t("、", ", ").join(f"{point.name} {point.words}" for point in points)
    return f"{title}{look.t('，', ', ')}{about}", look.t(f"合计 {whole}；{values}", f"All: {whole}; {values}")


def _draw(by: By, chart: Chart) -> Markup:
    return bars(chart) if by is By.UNIT else columns(chart, SLOTS[Step(by.value)])
