"""Mail in as a whole, from the settings that describe it."""

from __future__ import annotations

import secrets
import smtplib
from asyncio import to_thread
from pathlib import Path

import pytest

from gateway.channels.email.mailbox import BoxState
from gateway.channels.email.reception import Reception
from gateway.channels.email.service import MailIn, load_marks, password
from gateway.errors import SettingError, SetupError
from gateway.settings.load import load
from gateway.settings.schema import Config, Mailbox
from gateway.settings.show import as_toml
from tests.channels.email.conftest import House
from tests.channels.email.dovecot import PASSWORD, Dovecot, free_port
from tests.mail.mails import INBOX, mail


def settings(folder: Path, text: str = "", **environ: object) -> Config:
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    return load(file, {f"GATEWAY_{name}": str(value) for name, value in environ.items()})


async def test_listener_and_mailboxes_run_side_by_side(
    house: House, reception: Reception, dovecot: Dovecot, tmp_path: Path
) -> None:
    user, port = f"u{secrets.token_hex(4)}", free_port()
    text = f"""
[mail_in]
listen = true
port = {port}
addresses = ["{INBOX}"]
[[mailboxes]]
id = "good"
port = {dovecot.port}
tls = false
user = "{user}"
password_file = "password"
[[mailboxes]]
id = "away"
port = 9
user = "x"
"""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    told: dict[str, BoxState] = {}

    def tell(state: BoxState) -> None:
        told[state.id] = state
        house.notify()

    def push() -> None:
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
            client.sendmail("zhang@example.cn", [INBOX], mail("二"))

    mail_in = MailIn(settings(tmp_path, text), reception, house.storage.once, tell)
    await mail_in.start()
    await to_thread(dovecot.put, user, mail("一"))
    await to_thread(push)
    await house.until_items(2)
    await house.until(lambda: told["good"].connected and "cannot be read" in told["away"].trouble)
    assert [(state.id, state.connected) for state in mail_in.states()] == [("good", True), ("away", False)]
    await mail_in.stop()
    with pytest.raises(ConnectionRefusedError):
        await to_thread(push)


async def test_off_unless_set(house: House, reception: Reception, tmp_path: Path) -> None:
    mail_in = MailIn(settings(tmp_path), reception, house.storage.once)
    assert mail_in.listener is None
    assert mail_in.states() == []


async def test_a_taken_port_is_the_operators_to_mend(
    house: House, reception: Reception, tmp_path: Path, dovecot: Dovecot
) -> None:
    taken = settings(tmp_path, MAIL_IN_LISTEN=True, MAIL_IN_PORT=dovecot.port)
    with pytest.raises(SetupError, match=r"mail_in\.port 127\.0\.0\.1"):
        await MailIn(taken, reception, house.storage.once).start()


def test_a_mailbox_may_come_from_the_environment(tmp_path: Path) -> None:
    found = settings(tmp_path, MAILBOXES_HOST="mail.example.cn", MAILBOXES_USER="12315", MAILBOXES_TLS="no")
    assert found.mailboxes == (Mailbox(host="mail.example.cn", user="12315", tls=False),)
    assert '[[mailboxes]]\nid = "inbox"\nhost = "mail.example.cn"' in as_toml(found)


def test_every_fault_of_the_settings_is_told(tmp_path: Path) -> None:
    text = """
[mail_in]
port = 0
max_mb = 1000
addresses = ["12315", "a+b@c.cn"]
[[mailboxes]]
id = "A"
after = "delete"
since = "yesterday"
port = 70000
poll_seconds = 0
[[mailboxes]]
id = "A"
user = "x"
pasword = "secret"
"""
    with pytest.raises(SettingError) as caught:
        settings(tmp_path, text)
    said = str(caught.value)
    for part in (
        "mail_in.port",
        "max_mb",
        "'12315'",
        "'a+b@c.cn'",
        "'A' does not fit",
        "after",
        "'yesterday'",
    ):
        assert part in said
    for part in ("mailboxes.port", "poll_seconds", "user of 'A'", "stands twice", "'password_file'"):
        assert part in said


def test_the_password_is_read_from_the_secrets(tmp_path: Path) -> None:
    known = settings(tmp_path)
    (known.var / "secrets").mkdir(parents=True)
    (known.var / "secrets/mailbox-inbox").write_text("geheim \r\n")
    assert password(known, Mailbox())() == "geheim "


def test_marks_are_made_once(tmp_path: Path) -> None:
    token = load_marks(tmp_path).token("261124000015")
    assert load_marks(tmp_path).token("261124000015") == token
    file = tmp_path / "secrets/mail-marks"
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("nonsense")
    with pytest.raises(SetupError, match="damaged"):
        load_marks(tmp_path)
