"""A PostgreSQL of its own for the tests: on a socket in a temporary folder, gone with the test run."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import asyncpg

from gateway.setup.workshop import tool

OWNER = "gateway"
NOBODY = 65534
# Tests of durability kill the gateway, not the machine: without fsync the rest is three times as quick.
SETTINGS = (
    "fsync=off",
    "listen_addresses=",
    "max_connections=60",
    "shared_buffers=32MB",
    "log_min_messages=fatal",
)


class PostgresServer:
    """One running server. Ends with this process, however that ends."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._made = 0
        self._programs = tool("postgres").resolve().parent
        data = self.folder / "data"
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self._run("initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = [part for setting in SETTINGS for part in ("-c", setting)]
        command = self._as_nobody("postgres", "-D", data, "-k", self.folder, *settings)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/")
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _as_nobody(self, program: str, *arguments: object) -> list[str]:
        """PostgreSQL does not run as root."""
        user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        return ["setpriv", "--pdeathsig=KILL", *user, str(self._programs / program), *map(str, arguments)]

    def _run(self, program: str, *arguments: object) -> None:
        command = self._as_nobody(program, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        assert done.returncode == 0, done.stderr

    def _wait(self) -> None:
        until = time.monotonic() + 30
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self.folder)]
        while subprocess.run(ready, check=False).returncode != 0:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, "PostgreSQL does not come up"

    def stop(self) -> None:
        """End it and remove what it wrote."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        return f"postgresql://{OWNER}@/{name}?host={self.folder}"

    async def create(self, template: str = "template0") -> str:
        """The name of a new database, a copy of `template`."""
        self._made += 1
        name = f"made{self._made}"
        await self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def run(self, statement: str, database: str = "postgres") -> None:
        connection = await asyncpg.connect(host=str(self.folder), user=OWNER, database=database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@cache
def postgres_server() -> PostgresServer:
    """The server of this test run; started when it is first asked for."""
    server = PostgresServer()
    atexit.register(server.stop)
    return server
