"""Who listens on a port of this machine: asked before the gateway starts, so that the error can name it.

Reads /proc. Of another user's process only root can see the pid.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TCP_LISTEN = "0A"
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that listens. `conf` is the asterisk.conf it runs with; "" for any other program."""

    pid: int
    command: str
    conf: str = ""

    def __str__(self) -> str:
        if self.conf:
            return f"Asterisk, pid {self.pid}, of another installation ({self.conf})"
        return f"{self.command}, pid {self.pid}"


def refusal(kind: str, host: str, port: int) -> OSError | None:
    """Why a "udp" or "tcp" port cannot be listened on; None when it can be."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as probe:
            if kind == "tcp":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        return error
    return None


def free_port(host: str) -> int:
    """A TCP port of this address that nobody listens on now."""
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


def explain(kind: str, host: str, port: int, error: OSError) -> str:
    """One sentence: why, and who holds the port as far as that can be seen."""
    address = f"{host}:{port}/{kind}"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"{address} 不是本机地址 / is no address of this machine"
    if error.errno != errno.EADDRINUSE:
        return f"{address} cannot be used: {error.strerror}"
    processes = holders(kind, port)
    named = ", ".join(map(str, processes)) or "a program of another user"
    how = f" (kill {' '.join(str(holder.pid) for holder in processes)})" if processes else ""
    return f"{address} 已被占用 / is taken by {named}; 请结束它或换端口 / end it{how} or set another port"


def holders(kind: str, port: int) -> list[Holder]:
    """Every process with a socket on this port, by pid."""
    inodes = set(_inodes(kind, port))
    return [_described(pid) for pid in _pids() if inodes & set(_sockets(pid))] if inodes else []


def _inodes(kind: str, port: int) -> Iterator[str]:
    """Lines as `0: 0100007F:13C4 00000000:0000 0A … uid timeout inode …`."""
    for table in (kind, f"{kind}6"):
        for line in _read(PROC / "net" / table).splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port and (kind == "udp" or fields[3] == TCP_LISTEN):
                yield fields[9]


def _pids() -> list[int]:
    return sorted(int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _sockets(pid: int) -> Iterator[str]:
    try:
        entries = list((PROC / str(pid) / "fd").iterdir())
    except OSError:
        return
    for entry in entries:
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))  # noqa: PTH115 - no path behind it
        except OSError:
            continue
        if match:
            yield match[1]


def _described(pid: int) -> Holder:
    argv = _read(PROC / str(pid) / "cmdline").split("\0")
    asterisk = any(part.rpartition("/")[2] == "asterisk" for part in argv)
    conf = argv[argv.index("-C") + 1] if asterisk and "-C" in argv[:-1] else ""
    if asterisk and not conf:
        conf = "/etc/asterisk/asterisk.conf"
    return Holder(pid, _read(PROC / str(pid) / "comm").strip() or "?", conf)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
