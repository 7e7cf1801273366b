"""What is asked of a server with very many items: the reads of the pages, with the paths that take turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from sqlalchemy import select, text

from gateway.core.item.lists import Sort, Tab
from gateway.core.order.figures import Figure
from gateway.storage.database import Transaction
from gateway.storage.tables import calls, items, orders

SOME = 40  # items, orders and callers that take turns
RARE = "㐀"  # stands in no text
NAMES = ("张伟", "欧阳", RARE)


@dataclass(frozen=True, slots=True)
class Read:
    """One row of the table. `often`: how many of the wished samples, for what is read seldom."""

    what: str
    paths: Sequence[str]
    often: float = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Of a database: some numbers of items with and without order, ids of orders, firms, telephones."""

    numbers: Sequence[str]
    ordered: Sequence[str]
    orders: Sequence[int]
    firms: Sequence[str]
    phones: Sequence[str]
    callers: Sequence[str]
    bureaus: Sequence[str]
    stations: Sequence[str]


def sample(t: Transaction) -> Sample:
    """Spread over the whole database, by places in its primary keys."""
    numbers = _spread(t, items.c.number)
    rows = t.execute(
        select(items.c.respondent_name, items.c.person_phone).where(items.c.number.in_(numbers))
    ).all()
    ids = [int(order) for order in _spread(t, orders.c.id)]
    open_ones = (
        "SELECT {0} FROM orders WHERE state IN ('assigned', 'signed') GROUP BY 1 ORDER BY count(*) DESC"
    )
    units = [
        list(t.execute(text(open_ones.format(name) + " LIMIT 5")).scalars()) for name in ("bureau", "unit")
    ]
    return Sample(
        numbers=numbers,
        ordered=list(t.execute(select(orders.c.number).where(orders.c.id.in_(ids))).scalars()),
        orders=ids,
        firms=[row[0] for row in rows if row[0]],
        phones=[row[1] for row in rows if row[1]],
        callers=[caller for caller in _spread(t, calls.c.id, calls.c.caller) if caller],
        bureaus=units[0],
        stations=[unit for unit in units[1] if len(unit) > 6] or units[1],
    )


def _spread(t: Transaction, key: object, wanted: object = None) -> list[str]:
    """Rows at even distances by the key, each found by its index."""
    column = wanted if wanted is not None else key
    lowest, highest = (
        t.execute(select(key).order_by(order).limit(1)).scalar_one()  # type: ignore[call-overload]
        for order in (key, key.desc())  # type: ignore[attr-defined]
    )
    places = _between(lowest, highest)
    rows = (
        t.execute(select(column).where(key >= place).order_by(key).limit(1)).scalar()  # type: ignore[call-overload, operator]
        for place in places
    )
    return [row for row in rows if row is not None]


def _between(lowest: object, highest: object) -> list[object]:
    if isinstance(lowest, int) and isinstance(highest, int):
        return [lowest + (highest - lowest) * place // SOME for place in range(SOME)]
    return [_key_between(str(lowest), str(highest), place) for place in range(SOME)]


def _key_between(lowest: str, highest: str, place: int) -> str:
    """Numbers and ids of invented calls have the day in them: keys at even distances of days."""
    at = next(n for n, pair in enumerate(zip(lowest, highest, strict=False)) if pair[0] != pair[1])
    digits = slice(at, at + 4)
    first, last = int(lowest[digits].ljust(4, "0")), int(highest[digits].ljust(4, "0"))
    return f"{lowest[:at]}{first + (last - first) * place // SOME:04}"


def reads(of: Sample, today: date) -> list[Read]:
    """Every read that a page does for itself."""
    return [
        *_lists(),
        *_dispatch(of),
        *_orders(of),
        *_supervision(of, today),
        *_items(of),
        *_search(of, today),
        *_calls(of, today),
    ]


def _lists() -> list[Read]:
    tabs = [
        Read(f"list {tab.value}, by {sort.value}", [f"queue/rows?tab={tab.value}&sort={sort.value}&limit=50"])
        for tab in Tab
        for sort in Sort
    ]
    filtered = [
        f"queue/rows?tab={tab.value}&{wish}&limit=50"
        for tab in Tab
        for wish in ("channel=fax", "kind=report", "county=141002", "county=141099")
    ]
    return [
        *tabs,
        Read("lists with a filter", filtered),
        Read("holders", ["queue/holders"]),
        Read(
            "queue of the API",
            ["queue?limit=50", "queue?state=waiting&limit=50", "queue?kind=report&limit=50"],
        ),
        Read("queue of the API, overdue", ["queue?overdue=true&limit=50", "queue?county=141002&limit=50"]),
    ]


def _dispatch(of: Sample) -> list[Read]:
    return [
        Read("dispatch list, first page", ["dispatch?limit=20"]),
        Read("dispatch list, filtered", ["dispatch?county=141002&limit=20", "dispatch?kind=report&limit=20"]),
        Read("likely unit of one item", [f"dispatch/{number}" for number in of.numbers]),
    ]


def _orders(of: Sample) -> list[Read]:
    bureau, station = of.bureaus[0], of.stations[0]
    figures = [f"orders?figure={figure.value}&limit=50" for figure in Figure]
    return [
        Read("orders of a bureau", [f"orders?unit={unit}&limit=50" for unit in of.bureaus]),
        Read("orders of a station", [f"orders?unit={unit}&limit=50" for unit in of.stations]),
        Read(
            "open orders of a unit", [f"orders?unit={unit}&open=true&limit=50" for unit in (bureau, station)]
        ),
        Read(
            "what a unit has to do", [f"orders?unit={unit}&todo=true&limit=50" for unit in (bureau, station)]
        ),
        Read(
            "overdue orders of a unit",
            [f"orders?unit={unit}&overdue=true&limit=50" for unit in (bureau, station)],
        ),
        Read("orders with copies", [f"orders?unit={bureau}&copied=true&limit=50"]),
        Read(
            "closed orders", ["orders?state=closed&limit=50", f"orders?state=closed&unit={bureau}&limit=50"]
        ),
        Read(
            "orders in a state",
            [f"orders?state={state}&limit=50" for state in ("extension_asked", "reported")],
        ),
        Read(
            "orders of a kind",
            ["orders?kind=report&limit=50", f"orders?kind=question&unit={bureau}&limit=50"],
        ),
        Read("problem orders, disputes", ["orders?problem=true&limit=50", "orders?disputed=true&limit=50"]),
        Read("list behind a figure", figures),
        Read("list behind a bureau's figure", [f"{path}&bureau={bureau}" for path in figures]),
        Read("one order", [f"orders/{order}" for order in of.orders]),
        Read("earlier orders of the respondent", [f"orders/{order}/earlier" for order in of.orders]),
    ]


def _supervision(of: Sample, today: date) -> list[Read]:
    last = today.replace(day=1) - timedelta(days=1)
    month = f"from={last.replace(day=1)}&to={last}"
    return [
        Read("supervision", ["supervision"]),
        Read("supervision of a kind", ["supervision?kind=complaint", "supervision?kind=report"]),
        Read("figures of this month", ["supervision/figures"], 0.2),
        Read("figures of last month", [f"supervision/figures?{month}"], 0.2),
        Read("list behind a month's figure", [f"supervision/figures/orders?{month}&measure=assigned"], 0.1),
        Read("follow-up calls", ["follow-ups?limit=50", "follow-ups?due=today&limit=50"]),
        Read("follow-up calls that are over", ["follow-ups?state=answered&limit=50"]),
    ]


def _items(of: Sample) -> list[Read]:
    each = {
        "item page": "queue/{0}",
        "likely twins": "queue/{0}/likely",
        "history of person and firm": "queue/{0}/history",
        "links and decisions of an item": "queue/{0}/matter",
    }
    whole = [Read(what, [path.format(number) for number in of.numbers]) for what, path in each.items()]
    return [*whole, Read("orders of an item", [f"queue/{number}/orders" for number in of.ordered])]


def _search(of: Sample, today: date) -> list[Read]:
    def found(what: str, words: Sequence[str], more: str = "") -> Read:
        return Read(f"search: {what}", [f"search?q={quote(word)}{more}" for word in words])

    return [
        found("a name of two characters", NAMES[:1]),
        found("a name that nobody has", NAMES[1:]),
        found("a firm", of.firms),
        found("part of a firm's name", [firm[-6:] for firm in of.firms]),
        found("two characters of a firm's name", ["家电", "超市", "恒信"]),
        found("two words", [f"{firm[:4]} 退款" for firm in of.firms]),
        found("words that seldom meet", ["张伟 冰箱 称重", "罗建国 轮胎 过期"]),
        found("telephone", of.phones),
        found("end of a telephone", [phone[-4:] for phone in of.phones]),
        found("number", of.numbers),
        found("a name, in one state", NAMES[:1], "&state=waiting"),
        found(
            "a name, in a period",
            NAMES[:1],
            f"&from={today - timedelta(days=500)}&to={today - timedelta(days=470)}",
        ),
        found("a period", [""], f"&from={today - timedelta(days=500)}&to={today - timedelta(days=470)}"),
    ]


def _calls(of: Sample, today: date) -> list[Read]:
    back = f"until={today - timedelta(days=200)}T00:00:00Z"
    return [
        Read("calls", ["calls?limit=50"]),
        Read(
            "calls of an agent, with an outcome",
            ["calls?agent=agent1&limit=50", "calls?outcome=gave_up&limit=50"],
        ),
        Read("calls of an agent with a rare outcome", ["calls?agent=agent1&outcome=cut_off&limit=50"]),
        Read("calls before a day", [f"calls?{back}&limit=50"]),
        Read("calls of a number", [f"calls?caller={caller}&limit=50" for caller in of.callers]),
        Read("figures of today", ["figures"], 0.2),
        Read("figures of a month of calls", [f"figures?from={today - timedelta(days=30)}&to={today}"], 0.1),
    ]
