"""A real mailbox: Dovecot in a folder of its own on loopback, beside any that the machine runs."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from imaplib import IMAP4
from pathlib import Path

from gateway.setup.workshop import tool

PASSWORD = "for-tests-only"

COMMON = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
listen = 127.0.0.1
ssl = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 0
first_valid_gid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""
CONF_2_3 = (
    COMMON
    + """\
protocols = imap
disable_plaintext_auth = no
mail_location = maildir:{home}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/home/%u
}}
"""
)
CONF_2_4 = (
    """\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
"""
    + COMMON
    + """\
protocols {{
  imap = yes
}}
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {home}/mail/%{{user}}
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {home}/home/%{{user}}
  }}
}}
"""
)


@dataclass
class Dovecot:
    """One server. Any user name is let in with PASSWORD and has mailboxes of his own."""

    home: Path
    port: int
    capability: str = ""  # what it says it can do, when not the usual
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """As an ordinary user, whoever we are: it wants folders that it can enter."""
        who = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        group = grp.getgrgid(who.pw_gid)
        words = {"user": who.pw_name, "group": group.gr_name, "uid": who.pw_uid, "gid": who.pw_gid}
        conf = self.home / "dovecot.conf"
        program = tool("dovecot")
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        template = CONF_2_3 if version.startswith("2.3") else CONF_2_4
        text = template.format(home=self.home, port=self.port, password=PASSWORD, **words)
        conf.write_text(text + (f"imap_capability = {self.capability}\n" if self.capability else ""))
        switch = {}
        if os.geteuid() == 0:
            os.chown(self.home, who.pw_uid, who.pw_gid)
            switch = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        with (self.home / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [program, "-F", "-c", conf],
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
                **switch,
            )
        self._wait()

    def said(self) -> str:
        """All that it wrote."""
        files = (self.home / "output", self.home / "dovecot.log")
        return "".join(file.read_text("utf-8", "replace") for file in files if file.exists())

    def stop(self) -> None:
        """End it at once, with every connection: asked politely, it waits for those that idle."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
            self.process = None

    def client(self, user: str) -> IMAP4:
        """A plain client, logged in, with INBOX selected."""
        client = IMAP4("127.0.0.1", self.port, timeout=20)
        client.login(user, PASSWORD)
        client.select()
        return client

    def put(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """As if the mails had been delivered."""
        client = self.client(user)
        for raw in mails:
            answer, said = client.append(folder, "", "", raw)
            assert answer == "OK", said
        client.logout()

    def _wait(self) -> None:
        assert self.process
        until = time.monotonic() + 20
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as one:
                    if one.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(self.said())


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
