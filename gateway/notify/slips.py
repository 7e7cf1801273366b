"""Slips to partners: what was handed over, a reminder, what was told; by each way of the partner's file.

Composes only. A slip has the fields that core/referral let through, and a signed link to reply by.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.core.flow.partner import Partner
from gateway.core.item.contact import Kind
from gateway.core.item.delivery import MAIL, Draft
from gateway.core.item.referral import FIELD_NAMES, Direction, Referral, state_name_told
from gateway.mail.automatic import OWN_LOOP
from gateway.mail.thread import Marks
from gateway.notify.hooks import posted, way_of
from gateway.notify.letterhead import KINDS

SUBJECTS: Mapping[str, str] = {
    "new": "【{hotline}】转办单 {id}，请于 {due} 前反馈",
    "reminder": "【{hotline}】催办：转办单 {id}，反馈期限 {due}",
    "told": "【{hotline}】办理情况反馈：{id}",
}


@dataclass(frozen=True, slots=True)
class SlipHead:
    """Who writes. `link` gives the page on which a partner replies, "" without a public address; `ways`
    are those that are set up."""

    centre: str
    hotline: str
    sender: str
    marks: Marks
    link: Callable[[str], str]
    ways: Collection[str]
    inbox: str = ""


class PartnerSlips:
    """The `Slips` of gateway/intake/referrals.py."""

    def __init__(self, head: SlipHead) -> None:
        self._head = head

    def drafts(
        self, referral: Referral, partner: Partner, occasion: str, at: datetime | None = None
    ) -> tuple[Draft, ...]:
        """One for each way that is in the partner's file and set up here; `at` as in intake/referrals.py."""
        if occasion == "new" and referral.direction is Direction.IN:
            return ()
        drafts = []
        stamp = referral.state.value if occasion == "told" else occasion
        if at is not None:
            stamp += f":{at.timestamp() * 1000:.0f}"
        hook = way_of(partner.webhook) if partner.webhook else ""
        for way, address in ((MAIL, partner.mail), (hook, partner.webhook), ("fax", partner.fax)):
            if address and way in self._head.ways:
                key = f"{way}:referral:{referral.id}:{stamp}"
                drafts.append(self._draft(key, way, address, referral, occasion, stamp))
        return tuple(drafts)

    def _draft(
        self, key: str, way: str, address: str, referral: Referral, occasion: str, stamp: str
    ) -> Draft:
        if way == way_of(address):
            event = f"referral.{occasion}"
            body = {"type": event, "timestamp": referral.made_at.isoformat(), "data": self._data(referral)}
            return posted(key, address, event, json.dumps(body, ensure_ascii=False))
        chance = "r" + "".join(
            filter(str.isalnum, f"{referral.id[13:]}{occasion}{referral.state.value}{stamp}")
        )
        domain = self._head.sender.rpartition("@")[2]
        message_id = self._head.marks.message_id(referral.number, chance, domain)
        content = {
            "subject": SUBJECTS[occasion].format(
                hotline=self._head.hotline, id=referral.id, due=referral.due
            ),
            "text": self._text(referral, occasion),
            "message_id": message_id,
            "auto_submitted": "auto-generated",
            OWN_LOOP: "1",
        }
        if self._head.inbox:
            content["reply_to"] = self._head.marks.answer_address(referral.number, self._head.inbox)
        return Draft(key, way, address, content, message_id.strip("<>"))

    def _data(self, referral: Referral) -> dict[str, object]:
        return {
            "id": referral.id,
            "their_number": referral.their_number,
            "state": referral.state.value,
            "due": referral.due.isoformat(),
            "text": referral.text,
            "slip": dict(referral.slip),
            "reply": self._head.link(referral.id),
        }

    def _text(self, referral: Referral, occasion: str) -> str:
        state = state_name_told(referral.state, referral.direction)
        lines = [f"{self._head.centre} 转办单 / slip of {self._head.hotline}", ""]
        lines += [f"我方编号 our number：{referral.id}"]
        lines += [f"贵方编号 your number：{referral.their_number}"] if referral.their_number else []
        lines += [
            f"状态 state：{state[0]} / {state[1]}",
            f"反馈期限 reply by：{referral.due.isoformat()}",
            "",
        ]
        if referral.text:
            lines += [f"说明 said：{referral.text}", ""]
        if occasion != "told":
            lines += [
                f"{FIELD_NAMES[name][0]} {FIELD_NAMES[name][1]}：{_shown(name, v)}"
                for name, v in referral.slip.items()
            ]
        link = self._head.link(referral.id)
        if link:
            lines += ["", f"在此反馈（接收、退回、办理结果）/ reply here: {link}"]
        return "\n".join([*lines, ""])


def _shown(name: str, value: str) -> str:
    return " / ".join(KINDS[Kind(value)]) if name == "kind" and value in tuple(Kind) else value
