"""A second Asterisk as the carrier's side: registrar, or a gateway that is known by its address."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.flows.prompts import load_prompts
from gateway.pbx.asterisk_tree import Asterisk
from gateway.pbx.conf import put_in_place
from gateway.settings.load import load
from gateway.settings.secrets import load_secrets
from tests.live.conftest import ROOT, Gateway, Installed, environment, wait_booted

ACCOUNT, PASSWORD = "035700001", "carrier's; secret"

PJSIP = """
[global]
type = global
user_agent = carrier
[udp]
type = transport
protocol = udp
bind = {host}:{port}
[tcp]
type = transport
protocol = tcp
bind = {host}:{port}
{tls}
[{account}]
type = endpoint
context = from-hotline
disallow = all
allow = alaw
aors = {account}
{auth}
{media}
direct_media = no
rewrite_contact = yes
media_address = {host}
bind_rtp_to_media_address = yes
[{account}]
type = auth
auth_type = userpass
username = {account}
password = {password}
[{account}]
type = aor
max_contacts = 1
{contact}
{identify}
"""
TLS = """
[tls]
type = transport
protocol = tls
bind = {host}:{tls_port}
cert_file = {folder}/carrier.pem
priv_key_file = {folder}/carrier.key
method = tlsv1_2
"""
# What the hotline dials is answered, and noted; `originate` calls the hotline.
EXTENSIONS = """
[from-hotline]
exten => _[+0-9].,1,Answer()
 same => n,Set(FILE({heard},,,al,u)=${{EXTEN}} ${{CALLERID(num)}} ${{CHANNEL(rtp,secure,audio)}})
 same => n,Wait(30)
[to-hotline]
exten => _[+0-9].,1,Set(CALLERID(num)=${{CALLER}})
 same => n,Dial(PJSIP/{account}{called},30)
[holds]
exten => s,1,Answer()
 same => n,Wait(30)
"""


class Carrier:
    """The other Asterisk, with what it heard."""

    def __init__(self, made: Installed, process: subprocess.Popen[bytes], heard: Path, port: int) -> None:
        self.made = made
        self.process = process
        self._heard = heard
        self.port = port

    @property
    def address(self) -> str:
        return f"{self.made.config.asterisk.sip_host}:{self.port}"

    def call(self, number: str, caller: str) -> None:
        """A caller of its dials the hotline."""
        self.made.console(f"dialplan set global CALLER {caller}")
        self.made.console(f"channel originate Local/{number}@to-hotline extension s@holds")

    def heard(self) -> list[str]:
        """What was dialled to it, by whom, and whether the sound was encrypted."""
        return self._heard.read_text().splitlines() if self._heard.exists() else []

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def carrier(
    folder: Path, tree: Asterisk, host: str, *, contact: str = "", register: bool = True, tls: bool = False
) -> Iterator[Carrier]:
    """Run one at a loopback address of its own; without `register` calls come and go by address alone."""
    settings = load(ROOT / "gateway.toml", environment(folder, GATEWAY_ASTERISK_SIP_HOST=host))
    secrets = load_secrets(folder, [a.id for a in settings.agents])
    prompts = load_prompts(ROOT / "ivr_flows" / "prompts.yaml")
    places = put_in_place(settings, secrets, {p.id: prompts.sound_file(p.id) for p in prompts}, tree)
    port, heard = settings.asterisk.sip_port, folder / "heard"
    names = {"host": host, "port": port, "account": ACCOUNT, "folder": folder, "tls_port": port + 1}
    if tls:
        certificate(folder, host)
    pjsip = PJSIP.format(
        **names,
        tls=TLS.format(**names) if tls else "",
        media="media_encryption = sdes" if tls else "",
        auth=f"auth = {ACCOUNT}" if register else "identify_by = ip",
        password=PASSWORD.replace(";", "\\;"),
        contact="" if register else f"contact = sip:{contact}",
        identify="" if register else f"[{ACCOUNT}]\ntype = identify\nendpoint = {ACCOUNT}\nmatch = 127.0.0.1",
    )
    called = "" if register else "/sip:${EXTEN}@" + contact
    (places.etc / "pjsip.conf").write_text(pjsip)
    with (places.etc / "modules.conf").open("a") as modules:
        modules.write("load = res_clioriginate.so\n")
    (places.etc / "extensions.conf").write_text(
        EXTENSIONS.format(heard=heard, account=ACCOUNT, called=called)
    )
    process = subprocess.Popen(
        tree.foreground(places.conf),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = Installed(settings, secrets, places, tree)
    try:
        wait_booted(made)
        yield Carrier(made, process, heard, port + 1 if tls else port)
    finally:
        process.kill()
        process.wait()


def certificate(folder: Path, host: str) -> None:
    """A certificate of the carrier for its address, signed by itself."""
    names = f"-addext subjectAltName=IP:{host} -keyout carrier.key -out carrier.pem".split()
    subprocess.run(
        [*f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={host}".split(), *names],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def gateway_with(folder: Path, settings: str, **more: object) -> Gateway:
    """A gateway whose gateway.toml is the shipped one with more at its end."""
    folder.mkdir(exist_ok=True)
    file = folder / "gateway.toml"
    file.write_text((ROOT / "gateway.toml").read_text("utf-8") + settings, "utf-8")
    places = {
        "GATEWAY_CONFIG": file,
        "GATEWAY_ASTERISK_CONF": ROOT / "asterisk_conf",
        "GATEWAY_FLOWS_FOLDER": ROOT / "ivr_flows",
        "GATEWAY_RULES_FOLDER": ROOT / "rules",
    }
    own = environment(folder / "var", **(places | more))
    return Gateway(own, load(file, own), folder / "gateway.log")


def until(holds: Callable[[], object], limit: float = 20) -> None:
    """Wait for what a console tells. Raises AssertionError."""
    end = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.1)
