"""Files that settings name: certificates, passwords, secrets, sockets. Opened by `gateway check`, changed by
nobody, so that a missing one is told with its setting before `gateway run` or the first mail meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from gateway.channels.email.service import password
from gateway.errors import OperatorError, Problem
from gateway.notify.service import password_file, secret_file, sms_file, tls_context
from gateway.notify.webhook import secret_of
from gateway.pbx import trunks
from gateway.settings.schema import Config, Webhook


def faults(settings: Config) -> Iterator[Problem]:
    """What cannot be used, each with the setting that names it."""
    for box in settings.mailboxes:
        where = settings.root / box.password_file if box.password_file else settings.var
        yield from _secret(f"mailboxes.password_file of {box.id!r}", where, password(settings, box))
    out = settings.mail_out
    if out.host and out.tls != "none":
        yield from _tried("mail_out.ca_file", lambda: tls_context(settings))
    if out.host and out.user:
        file = password_file(settings)
        yield from _secret("mail_out.password_file", file, lambda: file.read_text("utf-8").strip("\r\n"))
    sms = settings.sms
    if sms.url and "{secret}" in f"{sms.url}{sms.body}{sms.headers}":
        file = sms_file(settings, sms.secret_file, "sms")
        yield from _secret("sms.secret_file", file, partial(file.read_text, "utf-8"))
    for trunk in trunks.named(settings):
        if trunk.trunk.user:
            yield from _trunk_password(trunks.password_file(settings, trunk.trunk), trunk.name)
    for key in ("tls_cert_file", "tls_key_file", "tls_ca_file"):
        if name := getattr(settings.asterisk, key):
            yield from _secret(f"asterisk.{key}", settings.root / name, (settings.root / name).read_text)
    for hook in settings.webhooks:
        yield from _hook(settings, hook)
    files_key = settings.files_key
    if settings.storage.key_file and not files_key.exists() and not files_key.parent.is_dir():
        yield Problem(str(files_key), 0, "storage.key_file: 所在目录不存在 / its folder is not there")
    clamd = Path(settings.uploads.clamd)
    if clamd.is_absolute() and not clamd.is_socket():
        yield Problem(str(clamd), 0, "uploads.clamd: 没有这个套接字 / there is no such socket")


def _trunk_password(file: Path, name: str) -> Iterator[Problem]:
    return _secret(f"password_file of {name}", file, lambda: file.read_text("utf-8").strip())


def _hook(settings: Config, hook: Webhook) -> Iterator[Problem]:
    """One that is not named is made at the start; a named one is what the far end knows."""
    file, setting = secret_file(settings, hook), f"webhooks.secret_file of {hook.id!r}"
    if file.exists():
        yield from _tried(setting, lambda: secret_of(file))
    elif hook.secret_file:
        yield Problem(str(file), 0, f"{setting}: 没有这个文件 / there is no such file")


def _secret(setting: str, where: Path, read: Callable[[], str]) -> Iterator[Problem]:
    try:
        if not read():
            yield Problem(str(where), 0, f"{setting}: 是空的 / is empty")
    except OSError as error:
        why = error.strerror or type(error).__name__
        yield Problem(str(error.filename or where), 0, f"{setting}: 无法读取 / cannot be read: {why}")
    except UnicodeDecodeError:
        yield Problem(str(where), 0, f"{setting}: 不是 UTF-8 / is not UTF-8")


def _tried(setting: str, work: Callable[[], object]) -> Iterator[Problem]:
    try:
        work()
    except OperatorError as error:
        yield from (
            Problem(problem.file, problem.line, f"{setting}: {problem.text}") for problem in error.problems
        )
