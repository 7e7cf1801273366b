"""The flows' files: drafts in ivr_flows/, published versions under var/flows/, which one is in force.

A version is a folder that is never changed after it appears: all flows and all partners, since a
`goto` crosses files. `var/flows/current` holds its number; replacing that one file is what
publishing means. Calls in progress keep the FlowSet they began with.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.core.flow.cases import Case, run_case
from gateway.core.flow.check import check
from gateway.core.flow.file import Flow, FlowSet, parse_flow
from gateway.core.flow.partner import Partner
from gateway.core.yaml_tree import Faults, nearest
from gateway.errors import FlowError, Problem
from gateway.flows.case_files import parse_cases
from gateway.flows.partner_files import parse_partner
from gateway.flows.prompts import load_prompts
from gateway.rules.yaml_with_lines import read_file
from gateway.settings.durable_files import sync_folder

ALL = "all"
PARTNERS = "partners"
KEPT = 16  # versions held in memory for calls that resume
NO_FLOWS = ("prompts",)  # YAML files beside the flows that are none

Texts = Mapping[str, bytes]
"""Files of a version by name relative to its folder: main.yaml, partners/110.yaml."""


@dataclass(frozen=True, slots=True)
class Version:
    """One published version: who, why, when (UTC), and which flows came anew with it."""

    number: int
    who: str
    why: str
    at: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one state, drafts or a version, and what stands in them."""

    folder: Path
    texts: Texts

    @property
    def names(self) -> tuple[str, ...]:
        """The flows."""
        return tuple(name.removesuffix(".yaml") for name in self.texts if "/" not in name)


def read_sources(folder: Path) -> Sources:
    """The flow and partner files of a folder, in order of their names. Raises FlowError."""
    flows = [f for f in sorted(folder.glob("*.yaml")) if f.stem not in NO_FLOWS]
    files = [*flows, *sorted((folder / PARTNERS).glob("*.yaml"))]
    if not flows:
        raise FlowError(Problem(str(folder), 0, "no flow is here (*.yaml)"))
    try:
        return Sources(folder, {str(f.relative_to(folder)): f.read_bytes() for f in files})
    except OSError as error:
        raise FlowError(Problem(str(error.filename), 0, f"cannot be read: {error.strerror}")) from error


def parse_folder(folder: Path, version: int = 0) -> tuple[FlowSet, tuple[Problem, ...]]:
    """The flows and partners of a folder, with every fault of every file."""
    flows: dict[str, Flow] = {}
    partners: dict[str, Partner] = {}
    problems: list[Problem] = []
    for name in read_sources(folder).texts:
        file = folder / name
        faults = Faults(shown(file))
        tree = read_file(file, faults)
        if name.startswith(PARTNERS):
            if tree and (partner := parse_partner(tree, faults, file.stem)):
                partners[partner.id] = partner
        elif tree and (flow := parse_flow(tree, faults, file.stem)):
            flows[flow.name] = flow
        problems += sorted(faults.found, key=lambda problem: problem.line)
    return FlowSet(version, flows, partners), tuple(problems)


def shown(file: Path) -> str:
    """A file's name as a person finds it: relative to where he is, if it lies below."""
    return str(file.relative_to(Path.cwd())) if file.is_relative_to(Path.cwd()) else str(file)


def check_folder(
    folder: Path, prompts: Collection[str], *entries: str
) -> tuple[FlowSet, tuple[Problem, ...]]:
    """A folder's flows and everything that is wrong with them, alone and together."""
    flows, problems = parse_folder(folder)
    return flows, problems or check(flows, prompts, *entries)


def read_cases(folder: Path) -> tuple[tuple[Case, ...], tuple[Problem, ...]]:
    """The flow test cases under folder/cases/."""
    cases: list[Case] = []
    problems: list[Problem] = []
    for file in sorted((folder / "cases").glob("*.yaml")):
        faults = Faults(shown(file))
        cases += parse_cases(read_file(file, faults), faults)
        problems += faults.found
    return tuple(cases), tuple(problems)


class FlowStore:
    """Drafts and published versions. One process publishes at a time; any number reads."""

    def __init__(self, drafts: Path, published: Path, *entries: str) -> None:
        self.drafts = drafts
        self.published = published
        self.entries = entries
        self._pointer = published / "current"
        self._more_partners: Mapping[str, Partner] = {}
        self._sets: dict[int, FlowSet] = {}
        self._seen: tuple[int, int, int] | None = None
        self._current: FlowSet | None = None

    def add_partners(self, partners: Mapping[str, Partner]) -> None:
        """Partners beside those of the files, in every version read from now on."""
        self._more_partners = partners
        self._sets.clear()
        self._current = None

    # ------------------------------------------------------------ reading

    def current(self) -> FlowSet:
        """The flows in force; one stat when nothing has changed. Publishes the drafts at the first start.

        A version that cannot be read leaves the running one in force. Raises FlowError when none runs.
        """
        stamp = self._stamp()
        if stamp is None:
            self.publish(ALL, "gateway", "first start")
            stamp = self._stamp()
        if self._current is None or stamp != self._seen:
            self._take_up(stamp)
        assert self._current is not None
        return self._current

    def _take_up(self, stamp: tuple[int, int, int] | None) -> None:
        try:
            self._current = self.version(self.number())
        except FlowError:
            if self._current is None:
                raise
        self._seen = stamp

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = os.stat(self._pointer)  # noqa: PTH116 - a third of the cost of Path.stat, once a call
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def number(self) -> int:
        """Number of the version in force; 0 before the first. Raises FlowError for a damaged pointer."""
        try:
            return int(self._pointer.read_text("ascii"))
        except FileNotFoundError:
            return 0
        except ValueError as error:
            raise FlowError(
                Problem(str(self._pointer), 0, "holds no version's number; publish again")
            ) from error

    def version(self, number: int) -> FlowSet:
        """A version by its number, for calls that began with it. Raises FlowError."""
        if number not in self._sets:
            folder = self._folder(number)
            if not folder.is_dir():
                raise FlowError(Problem(str(self.published), 0, f"no version {number}"))
            flows, problems = parse_folder(folder, number)
            if problems:
                raise FlowError(*problems)
            if len(self._sets) >= KEPT:
                del self._sets[min(self._sets)]
            self._sets[number] = replace(flows, partners={**flows.partners, **self._more_partners})
        return self._sets[number]

    def versions(self) -> tuple[Version, ...]:
        """All versions, the oldest first."""
        return tuple(self._record(n) for n in self._numbers())

    def _numbers(self) -> list[int]:
        return sorted(int(f.name[1:]) for f in self.published.glob("v*") if f.name[1:].isdecimal())

    def _folder(self, number: int) -> Path:
        return self.published / f"v{number:06}"

    def _record(self, number: int) -> Version:
        try:
            record = json.loads((self._folder(number) / "version.json").read_text("utf-8"))
            return Version(number, record["who"], record["why"], record["at"], tuple(record["names"]))
        except (OSError, ValueError, KeyError):
            return Version(number, "?", "its record is damaged", "", ())

    # ------------------------------------------------------------ changing

    def publish(self, name: str = ALL, who: str = "", why: str = "", now: datetime | None = None) -> int:
        """Put one draft flow, `partners`, or all drafts in force; the rest stays. Gives the version's number.

        The new set is checked as a whole and its test cases are run first. Nothing changed: the number
        in force. Raises FlowError; the running version then stays.
        """
        with self._alone():
            texts = self._drawn(self.texts(self.number()), self.draft_texts(name), name)
            return self._put(texts, who, why, now)

    def rollback(
        self,
        name: str = ALL,
        to: int | None = None,
        who: str = "",
        why: str = "",
        now: datetime | None = None,
    ) -> int:
        """Put one flow, `partners`, or everything back as it was in version `to`, as a new version.

        Without `to`: the last version in which it was different. Raises FlowError.
        """
        with self._alone():
            number = self.number()
            current = self.texts(number)
            back = to if to is not None else self._last_other(name, number)
            if not self._folder(back).is_dir():
                raise FlowError(Problem(shown(self.published), 0, f"no version {back}"))
            texts = self._drawn(current, self.texts(back), name)
            return self._put(texts, who, why or f"back to version {back}", now, test=False)

    def _last_other(self, name: str, number: int) -> int:
        share = _share(self.texts(number), name)
        for older in reversed([n for n in self._numbers() if n < number]):
            if _share(self.texts(older), name) not in (share, {}):
                return older
        raise FlowError(
            Problem(shown(self.published), 0, f"no earlier version in which {name} was different")
        )

    def texts(self, number: int) -> Texts:
        """The files of a version; none for 0, before the first."""
        return read_sources(self._folder(number)).texts if number else {}

    def draft_texts(self, name: str) -> Texts:
        """The files of the drafts. Raises FlowError when `name` is neither a flow nor another share."""
        texts = read_sources(self.drafts).texts
        flow_ids = [n.removesuffix(".yaml") for n in texts if "/" not in n]
        if name not in (ALL, PARTNERS, *flow_ids):
            problem = Problem(shown(self.drafts), 0, f"no flow `{name}`{nearest(name, flow_ids)}")
            raise FlowError(problem)
        return texts

    def _drawn(self, current: Texts, new: Texts, name: str) -> Texts:
        """What is in force with the share of `name` taken from `new`."""
        if name == ALL or not current:
            return new
        share = _share(current, name)
        return {**{key: text for key, text in current.items() if key not in share}, **_share(new, name)}

    def _put(self, texts: Texts, who: str, why: str, now: datetime | None, test: bool = True) -> int:
        number = self.number()
        current = self.texts(number)
        if texts == current:
            return number
        new = max([number, *self._numbers()]) + 1
        names = sorted(key for key in {*texts, *current} if texts.get(key) != current.get(key))
        at = (now or datetime.now(UTC)).isoformat(timespec="seconds")
        record = Version(new, who or getpass.getuser(), why, at, tuple(names))
        self._prove(self._written(texts, record), test)
        self._swing(new)
        return new

    def _written(self, texts: Texts, record: Version) -> Path:
        """The files of a version in a folder that nobody looks at yet, safe on the disk."""
        folder = self.published / ".new"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / PARTNERS).mkdir(parents=True)
        for name, text in texts.items():
            _write(folder / name, text)
        sums = {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}
        _write(
            folder / "version.json",
            json.dumps(asdict(record) | {"sha256": sums}, ensure_ascii=False).encode(),
        )
        sync_folder(folder / PARTNERS)
        sync_folder(folder)
        return folder

    def _prove(self, folder: Path, test: bool) -> None:
        """Check a version before it appears; problems are named by the draft's file."""
        prompts = load_prompts(self.drafts / "prompts.yaml")
        flows, problems = check_folder(folder, prompts.by_id, *self.entries)
        if not problems and test:
            cases, faults = read_cases(self.drafts)
            failed = (p for case in cases if case.flow in flows.flows for p in run_case(case, flows))
            problems = (*faults, *failed)
        if problems:
            shutil.rmtree(folder, ignore_errors=True)
            version_name, draft_name = shown(folder), shown(self.drafts)
            raise FlowError(
                *(Problem(p.file.replace(version_name, draft_name, 1), p.line, p.text) for p in problems)
            )

    def _swing(self, number: int) -> None:
        """Let the version appear, then point to it; each by one rename."""
        (self.published / ".new").rename(self._folder(number))
        sync_folder(self.published)
        pointer = self.published / ".current"
        _write(pointer, str(number).encode())
        pointer.replace(self._pointer)
        sync_folder(self.published)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock under which versions are made; the kernel frees it if we die."""
        try:
            self.published.mkdir(parents=True, exist_ok=True)
            with (self.published / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            where = shown(Path(error.filename or self.published))
            raise FlowError(Problem(where, 0, f"cannot be written: {error.strerror}")) from error


def _share(texts: Texts, name: str) -> dict[str, bytes]:
    """The files that belong to a flow, to `partners`, or all."""
    if name == ALL:
        return dict(texts)
    if name == PARTNERS:
        return {key: text for key, text in texts.items() if key.startswith(f"{PARTNERS}/")}
    return {key: text for key, text in texts.items() if key == f"{name}.yaml"}


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
