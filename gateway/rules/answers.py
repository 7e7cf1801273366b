"""rules/answers.yaml -> the canned answers that agents choose from. There need not be such a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from gateway.core.item.answers import CannedAnswer, text_faults
from gateway.core.item.contact import Kind
from gateway.core.yaml_tree import Faults
from gateway.errors import Problem
from gateway.rules.yaml_models import Entries, Id, Table, Text, read_entries, read_root, sound

LONGEST = 2000  # characters of an answer
Title = Annotated[Text, Field(max_length=40)]


class AnswerEntry(Table):
    WHAT = "the answer `{}`"
    zh: Title
    kinds: frozenset[Kind]
    text: Annotated[Text, Field(max_length=LONGEST)]

    def check(self, faults: Faults) -> None:
        if not self.kinds:
            faults.at(self.line_of("kinds"), f"{self.what}: it is for no kind")
        for fault in text_faults(self.text):
            faults.at(self.line_of("text"), f"{self.what}: {fault}")


def load_answers(path: Path, problems: list[Problem]) -> tuple[CannedAnswer, ...]:
    if not path.is_file():
        return ()
    node, faults = read_root(path)
    entries: dict[str, AnswerEntry] = {}
    if node is not None:
        entries = sound(read_entries(Entries[Id, AnswerEntry], node, path.stem, faults))
    problems.extend(faults.found)
    return tuple(CannedAnswer(key, entry.zh, entry.kinds, entry.text) for key, entry in entries.items())
