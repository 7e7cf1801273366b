"""docker/with-podman starts what docker-compose.yml describes; the two must not drift apart."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
RECORDER = """#!/bin/sh
for part in "$@"; do printf '%s\\n' "$part"; done >>"$RECORD"
echo -- >>"$RECORD"
"""


def commands(tmp_path: Path, *arguments: str, **environ: str) -> list[list[str]]:
    """Every command that the script gives to podman."""
    podman = tmp_path / "bin" / "podman"
    podman.parent.mkdir()
    podman.write_text(RECORDER)
    podman.chmod(0o755)
    path = f"{podman.parent}:{os.environ['PATH']}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    env = {**plain, **environ, "PATH": path, "RECORD": str(tmp_path / "record")}
    subprocess.run([ROOT / "docker" / "with-podman", *arguments], env=env, check=True, capture_output=True)
    told = (tmp_path / "record").read_text("utf-8").split("--\n")
    return [part.splitlines() for part in told if part]


def test_up_starts_the_services_of_the_compose_file(tmp_path: Path) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    runs = {one[-1]: one for one in commands(tmp_path, "up") if one[0] == "run"}
    assert set(runs) == {service["image"] for service in services.values()}
    for service in services.values():
        run = runs[service["image"]]
        assert run[run.index("--network") + 1] == service["network_mode"] == "host"
        assert run[run.index("--cap-drop") + 1] == service["cap_drop"][0]
        assert run[run.index("--security-opt") + 1] == "no-new-privileges"
        wanted = {volume.replace("./", f"{ROOT}/", 1) for volume in service["volumes"]}
        given = {run[n + 1] for n, part in enumerate(run) if part == "--volume"}
        assert given == {volume.replace("gateway-var:", "hotline-gateway-var:", 1) for volume in wanted}
        for name, value in service.get("environment", {}).items():
            assert f"{name}={value}" in run


def test_settings_of_the_environment_reach_the_gateway(tmp_path: Path) -> None:
    runs = {
        one[-1]: one
        for one in commands(tmp_path, "up", GATEWAY_WEB_PORT="9000", GATEWAY_VAR="/x")
        if one[0] == "run"
    }
    assert "GATEWAY_WEB_PORT" in runs["hotline-gateway/gateway"]
    assert "GATEWAY_VAR" not in runs["hotline-gateway/gateway"]
