"""`gateway units` on a real database: what is exported is imported again, and bad files change nothing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from gateway.cli import units
from gateway.errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]


def command(*words: str) -> int:
    parser = argparse.ArgumentParser()
    units.add_arguments(parser)
    return units.run(parser.parse_args(words))


def test_a_table_goes_out_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_CONFIG", str(ROOT / "gateway.toml"))
    monkeypatch.setenv("GATEWAY_VAR", str(tmp_path / "var"))

    def unit(id: str) -> dict[str, object]:
        capsys.readouterr()
        command("list", "--json")
        return next(unit for unit in json.loads(capsys.readouterr().out) if unit["id"] == id)

    for form in ("csv", "xlsx"):
        command("export", "--format", form, "--out", str(tmp_path / f"units.{form}"))
        capsys.readouterr()
        command("import", str(tmp_path / f"units.{form}"), "--dry-run")
        assert "0 of 84 units" in capsys.readouterr().err
    changed = tmp_path / "changed.csv"
    changed.write_text("编号,值班电话,线上办理\n141002,0357-2025100、13800138000,否\n", "utf-8")
    command("import", str(changed), "--dry-run")
    assert "online 是 → 否" in capsys.readouterr().out
    assert unit("141002")["online"] is True
    command("import", str(changed))
    assert unit("141002")["phones"] == ["0357-2025100", "13800138000"]
    changed.write_text("编号,值班电话\n141021,0357-4522315\n141022,电话\n141099,\n", "utf-8")
    with pytest.raises(OperatorError, match=r"changed\.csv:3: phones.*\n.*:4: zh.*\n.*nothing was imported"):
        command("import", str(changed))
    assert unit("141021")["phones"] == []
    for name, data in (("gbk.csv", "编号\n".encode("gbk")), ("broken.xlsx", b"PK\x03\x04")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(OperatorError, match=name):
            command("import", str(tmp_path / name))
    with pytest.raises(OperatorError, match="No such file"):
        command("import", str(tmp_path / "none.csv"))
