"""The requirements files: complete, hashed, free of addresses, and within pyproject.toml's ranges."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
RUNTIME = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["postgres"]]
DEVELOPMENT = [*RUNTIME, *PROJECT["optional-dependencies"]["dev"]]
FILES = {"requirements.txt": RUNTIME, "requirements-dev.txt": DEVELOPMENT}
PYTHONS = ("3.11.2", "3.12.0", "3.13.5")


def pins(file: str, python: str) -> dict[str, str]:
    """Name -> version of what a Linux machine with this Python installs."""
    found = {}
    for line in (ROOT / file).read_text("utf-8").splitlines():
        if line and line[0] not in " #":
            pin = Requirement(line.rstrip(" \\"))
            here = {"python_full_version": python, "python_version": python[:4], "sys_platform": "linux"}
            if pin.marker is None or pin.marker.evaluate(here):
                (exact,) = pin.specifier
                assert exact.operator == "==", line
                found[canonicalize_name(pin.name)] = exact.version
    return found


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("file", FILES)
def test_every_range_is_met(file: str, python: str) -> None:
    locked = pins(file, python)
    for line in FILES[file]:
        wanted = Requirement(line)
        version = locked.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not locked: run `make lock`"
        assert wanted.specifier.contains(version), f"{line} is locked at {version}: run `make lock`"


@pytest.mark.parametrize("python", PYTHONS)
def test_development_adds_to_runtime(python: str) -> None:
    assert pins("requirements.txt", python).items() <= pins("requirements-dev.txt", python).items()


@pytest.mark.parametrize("file", FILES)
def test_nothing_but_pins_and_hashes(file: str) -> None:
    """No address, no index, no local path: each machine has its own way to the packages."""
    pin = re.compile(
        r"[a-z0-9][a-z0-9.-]*(\[[a-z,]+\])?==[\w.]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )
    strange = [
        line
        for line in (ROOT / file).read_text("utf-8").splitlines()
        if not pin.fullmatch(line) and not line.lstrip().startswith("#")
    ]
    assert strange == []
    assert "://" not in (ROOT / file).read_text("utf-8")


def test_the_build_backend_is_locked_too() -> None:
    """The project itself is installed without build isolation, so its backend must be there."""
    locked = pins("requirements-dev.txt", PYTHONS[0])["setuptools"]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert [Requirement(line).name for line in build] == ["setuptools"]
    assert Requirement(build[0]).specifier.contains(locked)
