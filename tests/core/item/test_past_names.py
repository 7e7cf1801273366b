"""Every word that the code writes into a timeline has a name in both languages."""

from __future__ import annotations

import ast
from pathlib import Path

from gateway.core.item.matter import LinkKind
from gateway.core.item.referral import ReferralEvent
from gateway.core.item.states import PAST_NAMES, Event

ROOT = Path(__file__).resolve().parents[3]


def written() -> set[str]:
    """The words that stand in calls of Happened, and of ItemChanges.note, which makes one."""
    words = set()
    for path in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            word = word_of(node) if isinstance(node, ast.Call) else None
            if isinstance(word, ast.Constant):
                words.add(str(word.value))
    return words


def word_of(call: ast.Call) -> ast.expr | None:
    """The argument that is the word: Happened(at, word, …), changes.note(transaction, number, word, …)."""
    if getattr(call.func, "id", "") == "Happened" and len(call.args) > 1:
        return call.args[1]
    notes = getattr(call.func, "attr", "") == "note" and len(call.args) > 3
    return call.args[2] if notes and getattr(call.args[0], "id", "") == "t" else None


def test_every_entry_has_a_name() -> None:
    words = written()
    assert len(words) > 10
    kinds = {kind.value for kind in LinkKind} | {event.value for event in Event}
    referred = {f"referral_{event.value}" for event in ReferralEvent}
    told = {"called_back", "not_reached", "sent", "not_sent", "note", "link", "unlink"}
    assert words | kinds | referred | told <= PAST_NAMES.keys()
    assert all(zh and en for zh, en in PAST_NAMES.values())
