"""What the administrator's page is built on: the services that the command line calls, and the commands
themselves where they look at the whole installation.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial

from gateway.accounts.program_tokens import ProgramTokens
from gateway.calls.views import AgentView
from gateway.channels.email.mailbox import BoxState
from gateway.flows.desk import FlowDesk
from gateway.flows.recordings import Recordings
from gateway.keeping import schedule
from gateway.keeping.backup_desk import BackupDesk
from gateway.notify.webhook import failing_since, resume
from gateway.pbx.doctor import Finding, Verdict
from gateway.web.pages.admin import Part
from gateway.web.pages.admin_accounts import AccountsPart, TokensPart
from gateway.web.pages.admin_flows import FlowsPart, PromptsPart
from gateway.web.pages.admin_post import ChannelsPart, OutboxPart
from gateway.web.pages.admin_system import BackupsPart, Examined, RulesPart, SettingsPart, StatePart
from gateway.web.site import utc_now
from gateway.wiring.parts import Parts

LIMIT = 60.0  # seconds for a command
COMMAND = (sys.executable, "-m", "gateway")


def flow_desk(parts: Parts) -> tuple[FlowDesk, Recordings]:
    """The drafts of flows, and the recordings of prompts beside them."""
    desk = FlowDesk(parts.flows)
    return desk, Recordings(desk.folder / "prompts.yaml")


def admin_parts(
    parts: Parts, desk: FlowDesk, recordings: Recordings, seats: Callable[[], Sequence[AgentView]]
) -> tuple[Part, ...]:
    """The parts of /desk/admin in the order of their tabs."""
    config, storage = parts.config, parts.storage
    backups = BackupDesk(config, schedule.make_one, lambda work: parts.tasks.once("backup", work))
    return (
        StatePart(lambda: parts.checks.parts, examine),
        AccountsPart(parts.accounts, storage.units, seats),
        TokensPart(ProgramTokens(storage, utc_now), storage.units, utc_now),
        OutboxPart(storage.outbox, storage.audit, utc_now),
        ChannelsPart(
            *(config, lambda: _boxes(parts), partial(failing_since, storage.once)),
            *(partial(resume, storage.once), storage.audit),
        ),
        FlowsPart(desk, storage.audit),
        PromptsPart(recordings, desk, storage.audit),
        RulesPart(parts.rules, utc_now, config.zone),
        SettingsPart(config),
        BackupsPart(backups, config.backup.oldest_hours, utc_now, storage.audit),
    )


def _boxes(parts: Parts) -> Sequence[BoxState]:
    return parts.mail.states() if parts.mail else ()


async def examine() -> Examined:
    """What `gateway doctor` and `gateway check` say now, each as a process of its own."""
    doctor, checked = await asyncio.gather(_output("doctor", "--json"), _output("check"))
    try:
        findings = [
            Finding(Verdict(verdict), what, advice) for verdict, what, advice in json.loads(doctor[1])
        ]
    except ValueError:
        findings = [Finding(Verdict.BAD, "gateway doctor", doctor[2])]
    faults = [line for line in checked[2].splitlines() if line.strip()] if checked[0] else []
    return Examined(tuple(findings), tuple(faults))


async def _output(*arguments: str) -> tuple[int, str, str]:
    """Exit code and what a command printed."""
    process = await asyncio.create_subprocess_exec(
        *("nice", *COMMAND, *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(LIMIT):
            out, wrong = await process.communicate()
    except TimeoutError:
        return 1, "", f"gateway {arguments[0]}: {LIMIT:g} s"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode("utf-8", "replace"), wrong.decode("utf-8", "replace")
