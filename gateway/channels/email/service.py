"""All of mail in: a watch for each mailbox and the listener; each works without the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from gateway.channels.email.listener import MailListener
from gateway.channels.email.mailbox import BoxState, BoxWatch
from gateway.channels.email.rates import MailRates
from gateway.channels.email.reception import Reception
from gateway.core.ledgers import OnceLedger
from gateway.errors import SetupError
from gateway.mail.thread import Marks
from gateway.settings.schema import Config, Mailbox
from gateway.settings.secrets import key_once
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)


class MailIn:
    """Mail in of one installation. `start` listens and begins to watch; `stop` ends both."""

    def __init__(
        self,
        config: Config,
        reception: Reception,
        once: OnceLedger,
        on_state: Callable[[BoxState], None] = lambda state: None,
        tasks: Supervisor | None = None,
    ) -> None:
        settings = config.mail_in
        limit = settings.max_mb * 1024 * 1024
        self._reception = reception
        self._watches = [
            BoxWatch(box, password(config, box), reception, once, limit, on_state=on_state)
            for box in config.mailboxes
        ]
        self._tasks = Supervisor(tasks)
        self.listener: MailListener | None = None
        if settings.listen:
            own = frozenset(address.lower() for address in settings.addresses)
            name = min(own).rpartition("@")[2] if own else "localhost"
            if not own:
                log.error("mail_in.addresses is empty: every mail over SMTP and LMTP is refused")
            rates = MailRates(config.rates)
            self.listener = MailListener(
                reception, settings.host, settings.port, limit, name, own, may_send=rates.sent
            )
            self._where = f"{settings.host}:{settings.port}"

    async def start(self) -> None:
        """Raises SetupError when the port is taken. A mailbox that is away does not matter here."""
        if self.listener:
            try:
                await self.listener.start()
            except OSError as error:
                raise SetupError(f"mail_in.port {self._where} cannot be used: {error.strerror}") from error
        await self._tasks.start()
        for watch in self._watches:
            self._tasks.keep(f"mailbox {watch.state.id}", watch.run)

    async def stop(self) -> None:
        """Finish what is being committed, then let go."""
        await self._tasks.stop()
        if self.listener:
            await self.listener.stop()
        self._reception.close()

    def states(self) -> list[BoxState]:
        """How each mailbox is doing, for the health page."""
        return [watch.state for watch in self._watches]


def password(config: Config, box: Mailbox) -> Callable[[], str]:
    """Reads a mailbox's password, anew at each log-in, so that a changed one needs no restart."""
    file = config.root / box.password_file if box.password_file else None
    path: Path = file or config.var / "secrets" / f"mailbox-{box.id}"
    return lambda: path.read_text("utf-8").strip("\r\n")


def load_marks(var: Path) -> Marks:
    """The marks of this installation, with a secret made once. Raises SetupError.

    Whoever sends mail uses the same: answers are recognised by them. Kept in a backup, they go on.
    """
    lost = "answers to mails sent so far become new items then"
    return Marks(key_once(var / "secrets" / "mail-marks", lost))
