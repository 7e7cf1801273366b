"""Flows as somebody works on them: a draft read, saved, drawn, checked, walked, published, taken back.

What `gateway flow` and the administrator's page call. Drafts are the files of ivr_flows/; what is in force is
the FlowStore's.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.core.flow.cases import run_case
from gateway.core.flow.diff import differences
from gateway.core.flow.file import FlowSet
from gateway.core.flow.simulation import Conditions, Transcript, simulate
from gateway.core.yaml_tree import nearest
from gateway.errors import Conflict, FlowError, NotFound, Problem, TooLarge
from gateway.flows.draw import draw_svg
from gateway.flows.prompts import Prompts, clip_seconds, load_prompts
from gateway.flows.store import (
    ALL,
    PARTNERS,
    FlowStore,
    check_folder,
    parse_folder,
    read_cases,
    read_sources,
    shown,
)
from gateway.settings.durable_files import sync_folder

LONGEST = 200_000  # bytes of a draft


@dataclass(frozen=True, slots=True)
class Draft:
    """One file of the drafts. `mark` changes with its text."""

    name: str
    text: str
    mark: str
    changed: bool  # it differs from what is in force


@dataclass(frozen=True, slots=True)
class Change:
    """What publishing would change in one file: in words of flows, and line by line."""

    file: str
    meaning: tuple[str, ...]
    lines: tuple[str, ...]


class FlowDesk:
    """The drafts of one installation. Reading raises FlowError where a file cannot be read."""

    def __init__(self, store: FlowStore) -> None:
        self.store = store
        self.folder = store.drafts

    def prompts(self) -> Prompts:
        """Raises PromptError."""
        return load_prompts(self.folder / "prompts.yaml")

    # ------------------------------------------------------------ drafts

    def drafts(self) -> tuple[Draft, ...]:
        """Every flow and partner file, flows first; names without .yaml."""
        published = self.store.texts(self.store.number())
        files = read_sources(self.folder).texts.items()
        return tuple(
            Draft(
                name.removesuffix(".yaml"),
                raw.decode("utf-8", "replace"),
                _mark(raw),
                published.get(name) != raw,
            )
            for name, raw in files
        )

    def draft(self, name: str) -> Draft:
        """Raises NotFound."""
        draft = next((draft for draft in self.drafts() if draft.name == name), None)
        if draft is None:
            raise NotFound
        return draft

    def save(self, name: str, text: str, mark: str) -> None:
        """Write a draft that is there, faults and all: it is held against the rules before it is published.

        Raises NotFound, TooLarge, Conflict when somebody else has changed it since `mark`, FlowError.
        """
        if self.draft(name).mark != mark:
            raise Conflict("草稿已被他人修改，请先刷新 / somebody else has changed this draft: look again")
        raw = (text.replace("\r\n", "\n").rstrip() + "\n").encode()
        if len(raw) > LONGEST:
            raise TooLarge
        file = self.folder / f"{name}.yaml"
        try:
            _replace(file, raw)
        except OSError as error:
            raise FlowError(Problem(shown(file), 0, f"cannot be written: {error.strerror}")) from error

    # ------------------------------------------------------------ holding against the rules

    def problems(self, name: str = "") -> tuple[Problem, ...]:
        """Every fault of the drafts and of their test cases, or of one file alone."""
        flows, problems = check_folder(self.folder, self.prompts().by_id, *self.store.entries)
        if name:
            file = shown(self.folder / f"{name}.yaml")
            return tuple(problem for problem in problems if problem.file == file)
        cases, faults = read_cases(self.folder)
        if problems or faults:
            return (*problems, *faults)
        return tuple(p for case in cases if case.flow in flows.flows for p in run_case(case, flows))

    def parsed(self, name: str) -> FlowSet:
        """The drafts without the checks across files; FlowError when this one cannot be read."""
        flows, problems = parse_folder(self.folder)
        file = shown(self.folder / f"{name}.yaml")
        mine = [problem for problem in problems if problem.file == file]
        if mine:
            raise FlowError(*mine)
        if name not in flows.flows:
            raise FlowError(Problem(shown(self.folder), 0, f"no flow `{name}`{nearest(name, flows.flows)}"))
        return flows

    # ------------------------------------------------------------ looking

    def drawing(self, name: str) -> str:
        """A draft as SVG. Raises FlowError."""
        flows = self.parsed(name)
        return draw_svg(flows.flows[name], {flow.name: flow.zh for flow in flows.flows.values()})

    def walk(
        self, name: str, keys: Sequence[str], world: Conditions, *, published: bool = False
    ) -> Transcript:
        """A call without a telephone. Raises FlowError."""
        flows = self.store.current() if published else self.parsed(name)
        return simulate(flows, name, keys, world, clip_seconds(self.prompts()))

    def changes(self, name: str = ALL) -> tuple[Change, ...]:
        """What publishing would change. Raises FlowError for a draft that cannot be read."""
        number = self.store.number()
        published = self.store.version(number) if number else FlowSet(0, {})
        drafts, problems = parse_folder(self.folder)
        if problems:
            raise FlowError(*problems)
        old, new = self.store.texts(number), self.store.draft_texts(name)
        changed = sorted(
            file for file in {**old, **new} if old.get(file) != new.get(file) and _mine(file, name)
        )
        return tuple(
            Change(
                file,
                differences(
                    published.flows.get(file.removesuffix(".yaml")),
                    drafts.flows.get(file.removesuffix(".yaml")),
                ),
                tuple(_unified(file, number, old.get(file, b""), new.get(file, b""))),
            )
            for file in changed
        )


def _mine(file: str, name: str) -> bool:
    """Does a file belong to what was asked for?"""
    if name == PARTNERS:
        return file.startswith(f"{PARTNERS}/")
    return name == ALL or file == f"{name}.yaml"


def _unified(file: str, number: int, old: bytes, new: bytes) -> Iterator[str]:
    before, after = (text.decode("utf-8", "replace").splitlines() for text in (old, new))
    return difflib.unified_diff(before, after, f"version {number}/{file}", f"draft/{file}", lineterm="", n=2)


def _mark(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]


def _replace(file: Path, raw: bytes) -> None:
    """In one step, with the rights that the file has. Raises OSError."""
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as out:
        out.write(raw)
        out.flush()
        os.fchmod(out.fileno(), mode)
        os.fsync(out.fileno())
    Path(out.name).replace(file)
    sync_folder(file.parent)
