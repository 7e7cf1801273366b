"""/desk for whoever is in: the one page that an agent keeps open all day. Its scripts do the rest.

The page itself holds no personal data: calls and items come over the API, each look with its rights.
"""

from __future__ import annotations

import json

from aiohttp import web

from gateway.core.item.contact import Kind
from gateway.core.item.deadlines import MILESTONE_NAMES, Rules
from gateway.core.item.lists import TAB_NAMES
from gateway.core.item.steps import steps_of
from gateway.core.order.handling import in_force
from gateway.core.roles import Account, Role
from gateway.web.pages.desk_words import DESK_WORDS, PAUSES
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages
from gateway.web.pages.phone import MICROPHONE
from gateway.web.pages.work_page import POLICY, case_fields, words
from gateway.web.ports import Board


class DeskPage:
    """`show` is what the log-in page gives to whoever is in. `wrap_up` is in seconds; `openers` may learn
    who a reporter is."""

    def __init__(self, pages: Pages, board: Board, wrap_up: int, openers: tuple[Role, ...]) -> None:
        self._pages = pages
        self._board = board
        self._wrap_up = wrap_up
        self._openers = openers

    async def show(self, request: web.Request, look: Look, account: Account) -> web.StreamResponse:
        page_words = words(self._pages, look, DESK_WORDS)
        seat = next((view.seat for view in self._board.agents() if view.id == account.name), "")
        item = {
            "grounds": grounds(self._pages.public.rules, look),
            "openers": [role.value for role in self._openers],
            "results": results_now(self._pages, look),
        }
        return self._pages.show(
            look,
            "workplace.html",
            headers={
                "Content-Security-Policy": POLICY,
                "Permissions-Policy": MICROPHONE,
                "Cache-Control": "no-store",
            },
            account=account,
            words=page_words,
            item=json.dumps(item, ensure_ascii=False),
            wrap_up=self._wrap_up,
            pauses={name: look.t(*both) for name, both in PAUSES.items()},
            channels={entry.channel: look.of(entry) for entry in self._pages.public.rules.channels},
            tabs=[(tab.value, look.t(zh, en.capitalize())) for tab, (zh, en) in TAB_NAMES.items()],
            report_results=[
                (law.id, f"{look.of(law)}{look.t('：', ': ')}{look.t(law.duty_zh, law.duty_en)}")
                for law in self._pages.public.rules.report_results
            ],
            has_seat=bool(seat),
            seat=seat,
            **case_fields(self._pages, look),
        )


def results_now(pages: Pages, look: Look) -> dict[str, list[tuple[str, str]]]:
    """What a report may say that became of a matter, by kind."""
    handling = in_force(pages.public.rules.handling, pages.now().astimezone(pages.zone).date())
    return {
        kind.value: [(result.id, look.of(result)) for result in results]
        for kind, results in handling.results.items()
    }


def grounds(rules: Rules, look: Look) -> list[dict[str, object]]:
    """Why a complaint may be refused and a mediation ends, and which steps of the law an item knows, by the
    first day of each order, in time."""
    orders = sorted(rules.sets, key=lambda order: order.in_force_from)
    return [
        {
            "from": order.in_force_from.isoformat(),
            "grounds": [(ground.number, look.of(ground)) for ground in order.non_acceptance.entries],
            "endings": [(ground.number, look.of(ground)) for ground in order.ending_mediation.entries],
            "steps": {
                kind.value: [(step.value, look.t(*MILESTONE_NAMES[step])) for step in steps_of(order, kind)]
                for kind in Kind
            },
        }
        for order in orders
    ]
