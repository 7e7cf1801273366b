"""What is running of a gateway so far."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from gateway.accounts.accounts import Accounts
from gateway.calls.switchboard import Switchboard
from gateway.cases.dispatch import Dispatch
from gateway.cases.follow_ups import FollowUps
from gateway.cases.offline import OfflineUnits
from gateway.cases.orders import Orders
from gateway.cases.oversight import Oversight
from gateway.channels.email.service import MailIn
from gateway.channels.fax.reading import installed
from gateway.core.item.deadlines import Rules
from gateway.demo.mail_sink import MailSink
from gateway.demo.partners import DemoPartners
from gateway.flows.store import FlowStore
from gateway.health_checks import HealthChecks
from gateway.intake.intake import Intake
from gateway.intake.referrals import Linkage
from gateway.mail.thread import Marks
from gateway.pbx.asterisk import AsteriskPbx
from gateway.pbx.conf import Places
from gateway.pbx.process import AsteriskProcess
from gateway.pbx.readiness import Readiness
from gateway.settings.schema import Config
from gateway.settings.secrets import Secrets
from gateway.storage import Storage
from gateway.tasks import Supervisor, Work


@dataclass(frozen=True, slots=True)
class DemoParts:
    """What only the demo has."""

    sink: MailSink
    partners: DemoPartners


@dataclass(slots=True)
class Parts:
    """What is running so far. A member without a default is there once its step has run.

    `stack` has what ends the parts; `tasks` owns background work; `say` prints for the operator.
    """

    config: Config
    say: Callable[[str], None]
    stack: AsyncExitStack
    tasks: Supervisor = field(default_factory=Supervisor)
    checks: HealthChecks = field(default_factory=HealthChecks)
    demo: DemoParts | None = None
    mail: MailIn | None = None
    rules: Rules = field(init=False)
    flows: FlowStore = field(init=False)
    storage: Storage = field(init=False)
    secrets: Secrets = field(init=False)
    intake: Intake = field(init=False)
    follow_ups: FollowUps | None = None
    orders: Orders = field(init=False)
    oversight: Oversight = field(init=False)
    accounts: Accounts = field(init=False)
    places: Places = field(init=False)
    process: AsteriskProcess | None = field(init=False)
    pbx: AsteriskPbx = field(init=False)
    readiness: Readiness = field(init=False)
    marks: Marks = field(init=False)
    linkage: Linkage = field(init=False)
    dispatch: Dispatch = field(init=False)
    offline: OfflineUnits = field(init=False)
    switchboard: Switchboard = field(init=False)

    def keep(self, name: str, work: Work) -> None:
        """Background work that ends when `stack` unwinds to here: before the parts it uses."""
        self.stack.push_async_callback(self.tasks.end, self.tasks.keep(name, work))


def reads_faxes(config: Config) -> bool:
    """Are the pages of faxes read by machine: wished and installed?"""
    return config.fax.reading and installed()
