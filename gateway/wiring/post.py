"""Mail in, and all that is sent."""

from __future__ import annotations

from gateway import health_checks
from gateway.channels.email.reception import Reception
from gateway.channels.email.service import MailIn
from gateway.intake.virus_scan import Clamd
from gateway.notify.service import post_office
from gateway.storage.threads import MailThreads
from gateway.wiring.parts import Parts


async def exchange_mail(parts: Parts) -> None:
    """What is sent (mail, webhooks, slips, faxes), and mail in."""
    config, storage, intake = parts.config, parts.storage, parts.intake
    post = post_office(
        *(config, storage.outbox, parts.marks, storage.once, parts.rules),
        fax_line=parts.switchboard.fax_line,
        counts=storage.outbox,
        clear_path=storage.files.clear_path,
        tasks=parts.tasks,
    )
    await post.start()
    parts.stack.push_async_callback(post.stop)
    parts.stack.callback(intake.on_change(lambda what, number: post.wake()))
    threads = MailThreads(storage.database, storage.identities)
    spool = config.var / "mail-spool"
    clamd = Clamd(config.uploads.clamd) if config.uploads.clamd else None
    reception = Reception(intake, threads, parts.marks, spool, storage.ping, post.bounced, clamd)
    mail = MailIn(config, reception, storage.once, tasks=parts.tasks)
    await mail.start()
    parts.stack.push_async_callback(mail.stop)
    parts.mail = mail
    parts.checks.add("mail_in", health_checks.mailboxes(mail.states))
