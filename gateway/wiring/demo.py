"""What only the demo has: every channel on, on this machine alone."""

from __future__ import annotations

from gateway.demo.mail_sink import HOST, MailSink
from gateway.demo.partners import PARTNERS, DemoPartners
from gateway.demo.visitor import Visitor
from gateway.pbx import port_holder, preflight
from gateway.settings.cache import cache_home
from gateway.settings.correspondence import MailOut
from gateway.settings.fonts import find as find_font
from gateway.settings.schema import Config
from gateway.wiring.parts import DemoParts, Parts

SENDER = "12315@demo.example"


async def settle_ports(parts: Parts) -> None:
    """Where the demo's mail port was not chosen and another has it, mail is taken on a free one."""
    config = parts.config
    mail = config.mail_in
    if preflight.mail_may_move(config) and port_holder.refusal("tcp", mail.host, mail.port):
        port = port_holder.free_port(mail.host)
        parts.config = config.model_copy(update={"mail_in": mail.model_copy(update={"port": port})})


async def start_demo(parts: Parts) -> None:
    """A mail server that keeps what is sent, where none is set, and partners that answer."""
    demo = parts.config.demo
    if not (demo.enabled and demo.channels):
        return
    sink = MailSink(parts.config.var / "demo-mail")
    await sink.start()
    parts.stack.push_async_callback(sink.stop)
    if not parts.config.mail_out.host:
        parts.config = parts.config.model_copy(update={"mail_out": _mail_out(parts.config, sink.port)})
    partners = DemoPartners()
    await partners.start(parts.stack)
    parts.flows.add_partners(partners.by_id)
    for id_, *_ in PARTNERS:
        parts.keep(f"demo partner {id_}", lambda id_=id_: partners.answer(id_))  # type: ignore[misc]
    parts.demo = DemoParts(sink, partners)


def _mail_out(config: Config, port: int) -> MailOut:
    sender = next(iter(config.mail_in.addresses), SENDER)
    return config.mail_out.model_copy(update={"host": HOST, "port": port, "tls": "none", "sender": sender})


def visitor(parts: Parts) -> Visitor | None:
    """Whoever tries the demo on its page; None while it is off."""
    if parts.demo is None:
        return None
    config, mail, partners = parts.config, parts.config.mail_in, parts.demo.partners
    return Visitor(
        outbox=parts.demo.sink,
        inbox=next(iter(mail.addresses), "") if mail.listen else "",
        mail_host=mail.host,
        mail_port=mail.port,
        fax_number=config.fax.number,
        line=parts.pbx,
        font=find_font(cache_home()),
        folder=config.var,
        partners=lambda: tuple(partners.by_id.values()),
    )
