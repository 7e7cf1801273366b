"""Ports of the demo, and the mails that it keeps."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from contextlib import AsyncExitStack
from email.message import EmailMessage
from pathlib import Path

from gateway.demo.mail_sink import KEPT, MailSink
from gateway.pbx import preflight
from gateway.settings.load import load
from gateway.wiring.demo import settle_ports
from gateway.wiring.parts import Parts

ROOT = Path(__file__).resolve().parents[2]


async def test_a_second_copy_takes_mail_on_another_port(tmp_path: Path) -> None:
    shipped = load(ROOT / "gateway.toml", {"GATEWAY_VAR": str(tmp_path)})
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        config = shipped.model_copy(update={"mail_in": shipped.mail_in.model_copy(update={"port": taken})})
        config.mail_in.model_fields_set.discard("port")
        parts = Parts(config, print, AsyncExitStack())
        await settle_ports(parts)
        assert parts.config.mail_in.port not in (taken, 0)
        assert all(listener.setting != "mail_in.port" for listener in preflight.gateways(config))


async def test_a_port_that_was_chosen_stays(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        chosen = {"GATEWAY_VAR": str(tmp_path), "GATEWAY_MAIL_IN_PORT": taken}
        parts = Parts(load(ROOT / "gateway.toml", chosen), print, AsyncExitStack())
        await settle_ports(parts)
        assert str(parts.config.mail_in.port) == taken
        assert any(listener.setting == "mail_in.port" for listener in preflight.gateways(parts.config))


async def test_mails_are_kept_newest_first_and_not_without_end(tmp_path: Path) -> None:
    for number in range(1, KEPT + 1):
        (tmp_path / f"{number:08}.eml").write_bytes(b"Subject: old\r\n\r\nold")
    sink = MailSink(tmp_path)
    await sink.start()
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.cn", "b@example.cn", "收到"
    message.set_content("登记编号 1")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="回执.pdf")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", sink.port, timeout=10) as server:
            server.send_message(message)

    await asyncio.to_thread(send)
    await sink.stop()
    newest = sink.mails()[0]
    assert (newest.id, newest.subject, newest.text, newest.files) == (
        KEPT + 1,
        "收到",
        "登记编号 1",
        ("回执.pdf",),
    )
    assert len(list(tmp_path.glob("*.eml"))) == KEPT
    assert not (tmp_path / "00000001.eml").exists()
