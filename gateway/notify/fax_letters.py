"""Acknowledges a fax by fax: number, code and dates to the number it came from. Plans only."""

from __future__ import annotations

import re

from gateway.core.item.contact import Channel
from gateway.core.item.delivery import About, Draft, Occasion, Plan
from gateway.notify.fax import FAX
from gateway.notify.letters import Letters


class FaxLetters:
    """A planner. `allow` is the expression that a number must fit to be dialled."""

    def __init__(self, letters: Letters, allow: str) -> None:
        self._letters = letters
        self._allow = re.compile(allow)

    def plan(self, occasion: Occasion, about: About) -> Plan:
        item = about.item
        if occasion.topic != "item.new" or item.channel != Channel.FAX or not item.attachments:
            return Plan()
        if not self._allow.fullmatch(item.person.phone):
            return Plan(notes=("未发传真回执：来电号码不可外拨传真",))
        key = f"{FAX}:item.new:{item.number}"
        text = self._letters.acknowledgement(about)
        return Plan((Draft(key, FAX, item.person.phone, {"text": text}),))
