"""The walls between the packages (docs: CONTRIBUTING.md), read from the imports of every module."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway import errors

ROOT = Path(__file__).resolve().parents[1]

# A library may be imported only below these; everything else goes through the package's own names.
KEEPERS = {
    "panoramisk": ("gateway.pbx",),
    "asterisk": ("gateway.pbx",),
    "sqlalchemy": ("gateway.storage",),
    "alembic": ("gateway.storage",),
    "asyncpg": ("gateway.storage",),
    "aiosmtplib": ("gateway.notify",),
    "aiosmtpd": ("gateway.channels.email", "gateway.demo.mail_sink"),
    "aioimaplib": ("gateway.channels.email",),
    "nh3": ("gateway.mail",),
    "PIL": ("gateway.channels.fax", "gateway.notify.fax_sheet"),
    "idna": ("gateway.core.item.written",),
    "phonenumbers": ("gateway.core.telephone",),
    "pypdfium2": ("gateway.notify.fax_sheet",),
    "cv2": ("gateway.channels.fax.reader",),
    "rapidocr": ("gateway.channels.fax.reader",),
    "gateway.app": ("gateway.cli.run",),
}
# Who may not see what.
BLIND = {"gateway.channels": ("gateway.storage", "gateway.web"), "gateway.storage": ("gateway.web",)}
# The core decides and does nothing: time, chance and the outside come in as arguments.
# A library that computes and does nothing else may be used there too.
PURE = {"idna", "phonenumbers"}
NOT_IN_CORE = {
    *("asyncio", "concurrent", "multiprocessing", "sched", "select", "selectors", "signal", "threading"),
    *("http", "smtplib", "socket", "sqlite3", "ssl", "urllib"),
    *("logging", "shutil", "subprocess", "tempfile"),
    *("random", "secrets", "time"),
}
CLOCKS = {"now", "today", "utcnow"}
# pyst2's other modules block or do not import; the gateway has one event loop and never waits in it.
BLOCKING = {"run_until_complete", "run_forever"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc", "tools"}


@dataclass(frozen=True, slots=True)
class Module:
    """One module: its dotted name and its syntax tree."""

    name: str
    tree: ast.Module

    def imports(self) -> Iterator[str]:
        """Full names of all that is imported, `from a import b` as a.b (b may be a module)."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                start = self._package(node.level) + ([node.module] if node.module else [])
                yield from (".".join([*start, alias.name]) for alias in node.names)

    def calls(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                function = node.func
                yield function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")

    def _package(self, level: int) -> list[str]:
        return self.name.split(".")[:-level] if level else []


def below(name: str, *parents: str) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def modules() -> list[Module]:
    found = []
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found.append(Module(name, ast.parse(path.read_text("utf-8"), str(path))))
    return found


def breaches(module: Module) -> Iterator[str]:
    """What in a module goes through a wall; a line for each."""
    yield from _misplaced(module)
    if below(module.name, "gateway.core"):
        yield from _impure(module)
    if set(module.name.split(".")) & EMPTY_NAMES:
        yield f"{module.name}: this name says nothing"
    for call in BLOCKING.intersection(module.calls()):
        yield f"{module.name}: {call} starts a second event loop"


def _misplaced(module: Module) -> Iterator[str]:
    for wanted in module.imports():
        for library, places in KEEPERS.items():
            if below(wanted, library) and not below(module.name, *places):
                yield f"{module.name} imports {wanted}: only {' and '.join(places)} may"
        for seer, hidden in BLIND.items():
            if below(module.name, seer) and below(wanted, *hidden):
                yield f"{module.name} imports {wanted}"
        if below(wanted, "asterisk") and not below(wanted, "asterisk.config"):
            yield f"{module.name} imports {wanted}: of pyst2 only asterisk.config serves"


def _impure(module: Module) -> Iterator[str]:
    for wanted in module.imports():
        top = wanted.partition(".")[0]
        ours = below(wanted, "gateway.core", "gateway.errors")
        theirs = top in PURE or (top in sys.stdlib_module_names and top not in NOT_IN_CORE)
        if not (ours or theirs):
            yield f"{module.name} imports {wanted}: the core imports the core and pure parts of Python"
    for call in CLOCKS.intersection(module.calls()):
        yield f"{module.name} calls {call}(): time is an argument in the core"


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.name)
def test_module_stays_within_its_walls(module: Module) -> None:
    assert list(breaches(module)) == []


def test_error_codes_are_given_in_one_file() -> None:
    """A private error elsewhere keeps its parent's code: docs/reference/errors.md knows them all."""
    strays = [
        f"{module.name}.{node.name}"
        for module in modules()
        if module.name != "gateway.errors"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and is_error(node) and gives_code(node)
    ]
    assert strays == []


def is_error(node: ast.ClassDef) -> bool:
    known = {name for name, value in vars(errors).items() if isinstance(value, type)}
    return any(isinstance(base, ast.Name) and base.id in known for base in node.bases)


def gives_code(node: ast.ClassDef) -> bool:
    targets = [t for s in node.body if isinstance(s, ast.Assign) for t in s.targets]
    return any(isinstance(target, ast.Name) and target.id == "code" for target in targets)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("gateway.web.api", "import sqlalchemy.orm"),
        ("gateway.web.api", "from sqlalchemy import select"),
        ("gateway.calls.switchboard", "import panoramisk"),
        ("gateway.channels.email.contact", "from gateway.storage import queue"),
        ("gateway.channels.email.contact", "from ...storage.queue import claim"),
        ("gateway.channels.email.contact", "def f():\n    import gateway.storage.tables"),
        ("gateway.intake.intake", "from gateway import app"),
        ("gateway.pbx.conf_check", "from asterisk import manager"),
        ("gateway.core.call.seat", "import asyncio"),
        ("gateway.core.call.seat", "from gateway.pbx import port"),
        ("gateway.core.call.seat", "import yaml"),
        ("gateway.core.item.number", "from datetime import date\nday = date.today()"),
        ("gateway.pbx.manager", ""),
        ("gateway.pbx.ami", "loop.run_until_complete(link())"),
    ],
)
def test_a_breach_is_seen(name: str, source: str) -> None:
    assert list(breaches(Module(name, ast.parse(source))))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("gateway.core.flow.file", "import difflib\nfrom gateway.errors import FlowError"),
        ("gateway.storage.queue", "import sqlalchemy"),
        ("gateway.pbx.conf_check", "from asterisk.config import Config"),
        ("gateway.cli.run", "from gateway.app import main"),
        ("gateway.calls.switchboard", "from gateway.storage import calls"),
    ],
)
def test_what_is_allowed_is_let_through(name: str, source: str) -> None:
    assert list(breaches(Module(name, ast.parse(source)))) == []


# ---------------------------------------------------------------- sizes

MOST_LINES_OF_MODULE, MOST_LINES_OF_CLASS = 400, 300


def sizes() -> Iterator[tuple[str, int, int]]:
    """Modules and classes (module:Class) with their lines and the most that they may have."""
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        if path.parent.name == "versions":
            continue  # a migration is written once
        source = path.read_text("utf-8")
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name, len(source.splitlines()), MOST_LINES_OF_MODULE
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                yield f"{name}:{node.name}", (node.end_lineno or 0) - node.lineno + 1, MOST_LINES_OF_CLASS


def test_modules_and_classes_stay_small() -> None:
    too_large = {name: lines for name, lines, most in sizes() if lines > most}
    assert too_large == {}, "split it by subject: docs/developing/architecture.md"
