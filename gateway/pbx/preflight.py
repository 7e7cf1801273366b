"""What must be true of this machine before the gateway starts: ports are free, addresses are its own, the
state folder can be written. Used by the start and by `gateway check`; changes nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from gateway.errors import Problem, SetupError
from gateway.pbx import port_holder
from gateway.pbx.conf import Places
from gateway.pbx.process import running_pid
from gateway.settings.schema import Config

LEAST_FREE = 200 << 20  # bytes; under this the database and recordings fail within hours


@dataclass(frozen=True, slots=True)
class Listener:
    """One port that we listen on, and the setting that names it."""

    setting: str
    kind: str
    host: str
    port: int


def asterisks(config: Config) -> tuple[Listener, ...]:
    """What an Asterisk of ours listens on; none where it is somebody else's to start."""
    a = config.asterisk
    if not a.manage:
        return ()
    return (
        Listener("asterisk.sip_port", "udp", a.sip_host, a.sip_port),
        Listener("asterisk.http_port", "tcp", a.http_host, a.http_port),
        Listener("ami.port", "tcp", config.ami.host, config.ami.port),
    )


def gateways(config: Config) -> tuple[Listener, ...]:
    """What the gateway itself listens on."""
    mail = config.mail_in
    fixed = mail.listen and not mail_may_move(config)
    return (
        Listener("web.port", "tcp", config.web.host, config.web.port),
        Listener("agi.port", "tcp", config.agi.host, config.agi.port),
        *((Listener("mail_in.port", "tcp", mail.host, mail.port),) if fixed else ()),
    )


def mail_may_move(config: Config) -> bool:
    """In the demo the mail listener takes another port where nobody chose the one that is taken."""
    return config.mail_in.listen and config.demo.enabled and "port" not in config.mail_in.model_fields_set


def own_pids(var: Path) -> frozenset[int]:
    """The gateway and the Asterisk that run on this state folder, as far as they run."""
    places = Places(var)
    pids = (running_pid(places), gateway_pid(var))
    return frozenset(pid for pid in pids if pid is not None)


def taken(listeners: Collection[Listener], own: Collection[int]) -> Iterator[Problem]:
    """A problem for each port that cannot be listened on, unless one of `own` has it already."""
    for listener in listeners:
        error = port_holder.refusal(listener.kind, listener.host, listener.port)
        if error is None:
            continue
        pids = {holder.pid for holder in port_holder.holders(listener.kind, listener.port)}
        if not pids or not pids <= set(own):
            yield Problem(
                listener.setting, 0, port_holder.explain(listener.kind, listener.host, listener.port, error)
            )


def media(config: Config) -> Iterator[Problem]:
    """RTP is bound to the media address, so it has to be one of this machine's."""
    if not config.asterisk.manage:
        return
    error = port_holder.refusal("udp", config.media_host, 0)
    if error is not None:
        setting = "asterisk.media_host" if config.asterisk.media_host else "asterisk.sip_host"
        yield Problem(setting, 0, port_holder.explain("udp", config.media_host, 0, error))


def folder(var: Path) -> Iterator[Problem]:
    """The state folder, or the one it will be made in, can be written and has room."""
    existing = next(path for path in (var, *var.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield Problem("GATEWAY_VAR", 0, f"{existing} cannot be written: {error.strerror}")
        return
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE:
        yield Problem("GATEWAY_VAR", 0, f"{existing}: {free >> 20} MB free, {LEAST_FREE >> 20} MB are needed")


def claim(var: Path) -> TextIO:
    """Take the state folder for this process until the file returned is closed, or the process ends.

    Two gateways on one folder would both own its Asterisk. Raises SetupError that names the other.
    """
    file = _lock_file(var).open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        pid = gateway_pid(var)
        raise SetupError(Problem("GATEWAY_VAR", 0, f"a gateway runs on {var} already, pid {pid}")) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def gateway_pid(var: Path) -> int | None:
    """The gateway that runs on this folder, None when there is none."""
    try:
        with _lock_file(var).open(encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read())
    except (OSError, ValueError):
        return None
    return None


def _lock_file(var: Path) -> Path:
    return var / "gateway.pid"
