"""What `make setup` prepares beyond the Python packages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from gateway.errors import SetupError
from gateway.setup import workshop
from gateway.setup.workshop import TOOLS, Tool, tool


@pytest.mark.live
@pytest.mark.parametrize("program", [t.program for t in TOOLS])
def test_programs_that_tests_call_are_there(program: str) -> None:
    found = tool(program)
    option = {"sipp": "-v"}.get(program, "--version")
    said = subprocess.run([found, option], capture_output=True, text=True, check=False)
    assert re.search(rf"{program}|^\d+\.\d+", said.stdout + said.stderr, re.IGNORECASE)


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "TOOLS", (Tool("no-such-program", "its-package", "trying"),))
    with pytest.raises(SetupError, match="apt-get install its-package"):
        tool("no-such-program")


def test_the_newest_of_several_places_is_taken(tmp_path: Path) -> None:
    for version in ("15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin/no-such-program").touch()
    one = Tool("no-such-program", "p", "trying", f"{tmp_path}/*/bin/no-such-program")
    assert one.find() == tmp_path / "17/bin/no-such-program"


def test_an_ordinary_user_is_told_and_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "TOOLS", (Tool("no-such-program", "its-package", "trying"),))
    monkeypatch.setattr(workshop.debian, "is_root", lambda: False)
    said: list[str] = []
    workshop._install_tools(workshop.TOOLS, said.append)
    assert "apt-get install" in said[0]


def test_a_wrong_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert workshop.main(["everything"]) == 2
    assert "run|test" in capsys.readouterr().err
