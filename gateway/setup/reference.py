"""Tables of the documentation that are made from the code: settings, rights, error codes and more.

They stand between `<!-- begin NAME -->` and `<!-- end NAME -->` in a page; all else there is
written by hand. `python -m gateway.setup.reference` renews them (`make docs`); a test says when they are old.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gateway import errors
from gateway.core.call.transfer import TABLE, Ask, TransferOutcome, TransferState
from gateway.core.order.states import ORDER_EVENT_NAMES, ORDER_STATE_NAMES, SIDE
from gateway.core.order.states import TABLE as ORDERS
from gateway.core.rights import GRANTS, Right
from gateway.core.roles import Role
from gateway.flows import reference as flow_reference
from gateway.settings.show import settings_table
from gateway.setup import reference_zh
from gateway.web.pages.admin_accounts import MACHINES
from gateway.web.pages.navigation import ROLE_NAMES


def errors_table() -> str:
    """Every error of the tree, parents first."""
    lines = ["| code | HTTP | English | Chinese | class |", "| --- | --- | --- | --- | --- |"]
    for error in _tree(errors.GatewayError):
        lines.append(f"| `{error.code}` | {error.status} | {error.en} | {error.zh} | `{error.__name__}` |")
    return "\n".join(lines)


def transfers_table() -> str:
    """Every row of core/call/transfer's table."""
    lines = ["| state | event | next | commands | outcome |", "| --- | --- | --- | --- | --- |"]
    for (state, event), step in sorted(TABLE.items(), key=lambda row: list(TransferState).index(row[0][0])):
        outcome = "" if step.outcome is TransferOutcome.OPEN else step.outcome.value
        event_name = f"asked: {event.value}" if isinstance(event, Ask) else event.value
        commands = ", ".join(command.value for command in step.commands)
        lines.append(f"| {state.value} | {event_name} | {step.state.value} | {commands} | {outcome} |")
    return "\n".join(lines)


def order_states_table() -> str:
    """Every move of core/order/states.py, and a drawing of them."""
    lines = ["| state | event | who | next |", "| --- | --- | --- | --- |"]
    for state, row in ORDERS.items():
        for event, after in row.items():
            names = (ORDER_STATE_NAMES[state][0], ORDER_EVENT_NAMES[event][0], ORDER_STATE_NAMES[after][0])
            lines.append(
                f"| `{state}` {names[0]} | `{event}` {names[1]} | {SIDE[event]} | `{after}` {names[2]} |"
            )
    return "\n".join([order_drawing(), "", *lines])


def order_drawing() -> str:
    return "\n".join(_drawn_orders())


def _drawn_orders() -> Iterator[str]:
    """The moves that lead to another state, those between the same two on one arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, row in ORDERS.items():
        for event, after in row.items():
            if after != state:
                arrows.setdefault((state.value, after.value), []).append(ORDER_EVENT_NAMES[event][0])
    yield "```mermaid"
    yield "stateDiagram-v2"
    for name, (zh, _) in ORDER_STATE_NAMES.items():
        yield f'  state "{zh}" as {name}'
    yield "  [*] --> assigned: 派单"
    for (before, following), events in arrows.items():
        yield f"  {before} --> {following}: {'、'.join(events)}"
    yield "```"


def rights_table() -> str:
    """Every right of core/rights.py with the roles that have it."""
    what = {right: f"{grant.zh} / {grant.en}" for right, grant in GRANTS.items()}
    return _rights_table(["right", "what", *Role], what)


def rights_table_zh() -> str:
    """The same in Chinese, roles by the names that pages give them."""
    names = {**ROLE_NAMES, **MACHINES}
    what = {right: grant.zh for right, grant in GRANTS.items()}
    return _rights_table(["权限", "内容", *(names[role][0] for role in Role)], what)


def _rights_table(head: list[str], what: Mapping[Right, str]) -> str:
    lines = [f"| {' | '.join(head)} |", "| --- | --- |" + " :-: |" * len(Role)]
    for right, grant in GRANTS.items():
        marks = ["●" if role in grant.roles else "" for role in Role]
        lines.append(f"| `{right}` | {what[right]} | " + " | ".join(marks) + " |")
    return "\n".join(lines)


TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "settings": ("docs/reference/settings.md", settings_table),
    "errors": ("docs/reference/errors.md", errors_table),
    "transfers": ("docs/using/transfers.md", transfers_table),
    "transfers_zh": ("docs/using/transfers.zh.md", reference_zh.transfers_table),
    "walks_zh": ("docs/using/walks.zh.md", reference_zh.walks_table),
    "order_states": ("docs/using/cases.md", order_states_table),
    "order_drawing": ("docs/using/cases.zh.md", order_drawing),
    "rights": ("docs/operating/accounts.md", rights_table),
    "rights_zh": ("docs/operating/accounts.zh.md", rights_table_zh),
    **flow_reference.TABLES,
}


def renewed(text: str, name: str, table: str) -> str:
    """The page with the table of that name replaced. Raises ValueError when its marks are missing."""
    marks = re.compile(rf"(<!-- begin {name} -->\n).*?(\n<!-- end {name} -->)", re.S)
    if not marks.search(text):
        raise ValueError(f"no <!-- begin {name} --> … <!-- end {name} -->")
    return marks.sub(lambda match: f"{match[1]}{table}{match[2]}", text)


def old_pages(root: Path) -> Iterator[tuple[Path, str]]:
    """Pages whose table no longer agrees with the code, and how they should read."""
    for name, (page, table) in TABLES.items():
        path = root / page
        text = path.read_text("utf-8")
        fresh = renewed(text, name, table())
        if fresh != text:
            yield path, fresh


def _tree(error: type[errors.GatewayError]) -> Iterator[type[errors.GatewayError]]:
    """Those of errors.py; a package's private errors keep their parents' codes."""
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from _tree(child)


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    for path, fresh in old_pages(root):
        path.write_text(fresh, "utf-8")
        print(f"renewed {path.relative_to(root)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
