"""`gateway flow`: check, draw, simulate, test, diff, publish, rollback, list, schema.

Drafts lie in ivr_flows/, versions under var/flows/. Faults are one line each with file and line
(exit 2, raised as FlowError); what was asked and did not hold is exit 1.
"""

from __future__ import annotations

import argparse
import textwrap
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway.core.flow.cases import run_case
from gateway.core.flow.commands import PartnerOutcome
from gateway.core.flow.file import FlowSet
from gateway.core.flow.simulation import Conditions, Happened, Line, Pressed, Said, Transcript
from gateway.errors import FlowError, Problem
from gateway.flows.desk import FlowDesk
from gateway.flows.draw import draw_text
from gateway.flows.prompts import Prompts
from gateway.flows.reference import renew_schema
from gateway.flows.store import ALL, FlowStore, check_folder, read_cases, shown
from gateway.settings.load import load
from gateway.settings.schema import Config

_ZH, _EN = 46, 52  # columns of a transcript


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway flow`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="hold the drafts against everything that is checked")
    check.add_argument("flow", nargs="?", metavar="FLOW", help="only this flow's faults")
    draw = actions.add_parser("draw", help="draw a draft, on the terminal or as SVG")
    draw.add_argument("flow", metavar="FLOW")
    draw.add_argument("--svg", type=Path, metavar="FILE", help="write an SVG picture")
    _simulate_arguments(actions.add_parser("simulate", help="walk a draft without a telephone"))
    test = actions.add_parser("test", help="run the flow test cases against the drafts (exit 1 if one fails)")
    test.add_argument("flow", nargs="?", metavar="FLOW", help="only the cases of this flow")
    diff = actions.add_parser("diff", help="what publishing would change")
    diff.add_argument("flow", nargs="?", metavar="FLOW", help="only this flow, or `partners`")
    publish = actions.add_parser("publish", help="check, test, and put drafts in force for new calls")
    rollback = actions.add_parser("rollback", help="put an earlier version in force again")
    for change in (publish, rollback):
        change.add_argument(
            "flow", nargs="?", default=ALL, metavar="FLOW", help="only this flow, or `partners`"
        )
        change.add_argument("--why", default="", help="a word for the record")
        change.add_argument("--who", default="", help="your name; the log-in name if not given")
    rollback.add_argument("--to", type=int, metavar="N", help="the version; if not given, the one before")
    actions.add_parser("list", help="the published versions")
    schema = actions.add_parser("schema", help="print the JSON Schema of flow files")
    schema.add_argument(
        "--write", action="store_true", help="renew flow.schema.json and partners/partner.schema.json"
    )


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("flow", metavar="FLOW")
    parser.add_argument(
        "--keys",
        default="",
        help="an answer to each question, by commas: digits, nothing for silence, hangup (1,,0)",
    )
    parser.add_argument("--after-hours", action="store_true", help="every `hours` step is closed")
    parser.add_argument("--no-agent", action="store_true", help="nobody is signed in")
    parser.add_argument("--queue-full", action="store_true", help="too many are waiting")
    parser.add_argument("--long-wait", action="store_true", help="no agent gets free")
    parser.add_argument("--disk-full", action="store_true", help="messages cannot be saved")
    parser.add_argument("--silent", action="store_true", help="the caller says nothing after the tone")
    parser.add_argument(
        "--partner", default="talked", choices=list(PartnerOutcome), help="how a partner answers"
    )
    parser.add_argument("--phone", default="13835700000", help="the caller's number; empty: withheld")
    parser.add_argument("--time", metavar="YYYY-MM-DDTHH:MM", help="the moment of the call")
    parser.add_argument("--holiday", action="store_true", help="that day is no workday")
    parser.add_argument("--published", action="store_true", help="walk the version in force, not the draft")


def run(args: argparse.Namespace) -> int:
    """Carry out one `gateway flow` action; gives the exit code. Raises FlowError and other OperatorErrors."""
    return _Command(load()).run(args)


class _Command:
    """One action with the settings in force."""

    def __init__(self, settings: Config) -> None:
        self.settings = settings
        self.drafts = settings.root / settings.flows.folder
        self.store = FlowStore(self.drafts, settings.var / "flows", *settings.entries)
        self.desk = FlowDesk(self.store)

    def run(self, args: argparse.Namespace) -> int:
        match args.action:
            case "check":
                return self.check(args.flow)
            case "draw":
                return self.draw(args.flow, args.svg)
            case "simulate":
                return self.simulate(args)
            case "test":
                return self.test(args.flow)
            case "diff":
                return self.diff(args.flow)
            case "publish":
                number = self.store.publish(args.flow, args.who, args.why)
                print(f"version {number} is in force; calls in progress end on theirs")
            case "rollback":
                number = self.store.rollback(args.flow, args.to, args.who, args.why)
                print(f"version {number} is in force; calls in progress end on theirs")
            case "list":
                return self.list()
            case "schema":
                print(renew_schema(self.drafts, write=args.write))
        return 0

    def checked(self) -> FlowSet:
        """The drafts; raises FlowError with every fault."""
        flows, problems = check_folder(self.drafts, self.desk.prompts().by_id, *self.settings.entries)
        if problems:
            raise FlowError(*problems)
        return flows

    def check(self, name: str | None) -> int:
        flows, problems = check_folder(self.drafts, self.desk.prompts().by_id, *self.settings.entries)
        if name:
            self.desk.parsed(name)
            file = shown(self.drafts / f"{name}.yaml")
            problems = tuple(problem for problem in problems if problem.file == file)
        _, faults = read_cases(self.drafts)
        problems = (*problems, *(() if name else faults))
        if problems:
            raise FlowError(*problems)
        steps = sum(len(flow.steps) for flow in flows.flows.values() if not name or flow.name == name)
        print(
            f"{name or f'{len(flows.flows)} flows'}: {steps} steps, {len(flows.partners)} partners, no fault"
        )
        return 0

    def draw(self, name: str, svg: Path | None) -> int:
        flows = self.desk.parsed(name)
        if svg is None:
            names = {flow.name: flow.zh for flow in flows.flows.values()}
            print(draw_text(flows.flows[name], names), end="")
            return 0
        try:
            svg.write_text(self.desk.drawing(name), "utf-8")
        except OSError as error:
            raise FlowError(Problem(str(svg), 0, f"cannot be written: {error.strerror}")) from error
        print(f"{svg} is written")
        return 0

    def simulate(self, args: argparse.Namespace) -> int:
        world = Conditions(
            now=_moment(args.time, self.settings) or Conditions().now,
            workday=not args.holiday,
            after_hours=args.after_hours,
            no_agent=args.no_agent,
            queue_full=args.queue_full,
            long_wait=args.long_wait,
            phone=args.phone,
            message_seconds=0 if args.silent else Conditions().message_seconds,
            disk_full=args.disk_full,
            partner=PartnerOutcome(args.partner),
        )
        keys = [key.strip().replace("wait", "") for key in args.keys.split(",")] if args.keys else []
        result = self.desk.walk(args.flow, keys, world, published=args.published)
        print("\n".join(transcript(result, self.desk.prompts())))
        return 0

    def test(self, name: str | None) -> int:
        flows = self.checked()
        cases, faults = read_cases(self.drafts)
        if faults:
            raise FlowError(*faults)
        if name:
            self.desk.parsed(name)
            cases = tuple(case for case in cases if case.flow == name)
        failed = 0
        for case in cases:
            problems = run_case(case, flows)
            failed += bool(problems)
            print("\n".join(f"fails  {p}" for p in problems) or f"holds  {case.flow}: {case.name}")
        print(f"{len(cases)} cases, {failed} fail")
        return 1 if failed else 0

    def diff(self, name: str | None) -> int:
        changes = self.desk.changes(name or ALL)
        for change in changes:
            print(change.file)
            print("\n".join((*(f"  {line}" for line in change.meaning), *change.lines)))
        if not changes:
            print(f"nothing differs from version {self.store.number()}")
        return 0

    def list(self) -> int:
        for version in self.store.versions():
            mark = "*" if version.number == self.store.number() else " "
            names = ", ".join(name.removesuffix(".yaml") for name in version.names)
            print(f"{mark} {version.number:4}  {version.at}  {version.who}: {version.why or '-'}  ({names})")
        return 0


def _moment(text: str | None, settings: Config) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=settings.zone)
    except ValueError as error:
        raise FlowError(f"--time {text}: write it as 2026-10-01T09:30") from error


# ------------------------------------------------------------------ transcript


def transcript(call: Transcript, prompts: Prompts) -> list[str]:
    """A simulated call as lines: time, who, what was said in Chinese with English beside it."""
    lines = [text for line in call.lines for text in _lines(line, prompts)]
    path = " > ".join(f"{entry.step}:{entry.what}" for entry in call.path)
    kind = f", {call.kind}" if call.kind else ""
    return [*lines, "", f"outcome: {call.outcome}{kind}, {call.seconds:.1f} s", f"path: {path}"]


def _lines(line: Line, prompts: Prompts) -> Iterator[str]:
    match line:
        case Said(at, clips):
            yield from _columns(at, "热线", _zh(clips, prompts), _en(clips, prompts))
        case Pressed(at, keys):
            zh = f"按 {keys}" if keys else "（没有按键）"
            yield from _columns(at, "来电", zh, f"presses {keys}" if keys else "(no key)")
        case Happened(at, zh, en):
            yield from _columns(at, "", zh, en)


def _zh(clips: tuple[str, ...], prompts: Prompts) -> str:
    return "".join(prompts.by_id[clip].zh if clip in prompts else f"[{clip}]" for clip in clips)


def _en(clips: tuple[str, ...], prompts: Prompts) -> str:
    return " ".join(prompts.by_id[clip].en if clip in prompts else f"[{clip}]" for clip in clips)


def _columns(at: float, who: str, zh: str, en: str) -> Iterator[str]:
    left = _wrapped(zh, _ZH)
    right = textwrap.wrap(en, _EN) or [""]
    for n in range(max(len(left), len(right))):
        head = f"{at:7.1f} s  {who or '    '}  " if n == 0 else " " * 17
        chinese = left[n] if n < len(left) else ""
        english = right[n] if n < len(right) else ""
        yield f"{head}{chinese}{' ' * (_ZH - _columns_of(chinese))}  {english}".rstrip()


def _columns_of(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many columns; no line begins with a closing mark."""
    lines = [""]
    for character in text:
        if _columns_of(lines[-1] + character) > width and character not in "，。、：）":
            lines.append("")
        lines[-1] += character
    return lines
