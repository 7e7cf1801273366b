"""The administrator's view of the system: how it is, settings in force, rules and calendars, backups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any, Protocol

from gateway.calls.views import PartHealth
from gateway.core.item.deadlines import Rules
from gateway.core.roles import Account
from gateway.errors import NotFound
from gateway.keeping.backup_desk import BackupState
from gateway.pbx.doctor import Finding, Verdict
from gateway.settings.help_zh import SECTIONS_ZH, help_zh
from gateway.settings.schema import Config
from gateway.settings.show import SETTINGS, shown
from gateway.web.http.route import AuditNotes
from gateway.web.pages.admin import ActResult, Fields, refused
from gateway.web.pages.look import Look

AHEAD = 2  # years whose calendar is looked for, with the present one


HEALTH = {
    "backup": ("备份", "backup"),
    "clock": ("时钟", "clock"),
    "database": ("数据库", "database"),
    "disk": ("磁盘", "disk"),
    "encryption": ("文件加密", "encryption of files"),
    "journal": ("通话日志", "journal of calls"),
    "mail_in": ("收信", "mail in"),
    "mail_out": ("发信服务器", "mail server out"),
    "numbers": ("登记编号", "numbers"),
    "outbox": ("外发通知", "outbox"),
    "spool": ("待收文件", "spool"),
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What `gateway doctor` and `gateway check` found; `faults` are lines."""

    findings: tuple[Finding, ...]
    faults: tuple[str, ...]


class StatePart:
    """How the parts are; on request the whole examination."""

    name, zh, en = "state", "运行状态", "State"

    def __init__(
        self, health: Callable[[], Mapping[str, PartHealth]], examine: Callable[[], Awaitable[Examined]]
    ) -> None:
        self._health = health
        self._examine = examine

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        examined = await self._examine() if asked.get("examine") else None
        if examined:
            examined = replace(examined, findings=tuple(sorted(examined.findings, key=_urgency)))
        parts = [(look.t(*HEALTH.get(name, (name, name))), part) for name, part in self._health().items()]
        return {"health": sorted(parts, key=lambda row: row[1].ok), "examined": examined}

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        raise NotFound


def _urgency(finding: Finding) -> int:
    """What is bad first."""
    return (Verdict.BAD, Verdict.WARN, Verdict.OK).index(finding.verdict)


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting in force."""

    name: str
    value: str
    default: bool
    help: str
    help_zh: str


class SettingsPart:
    """Read only: settings are changed in gateway.toml or the environment, and hold from the next start."""

    name, zh, en = "settings", "设置", "Settings"

    def __init__(self, config: Config) -> None:
        self._sections = dict(_sections(config))

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        return {"sections": self._sections, "names": SECTIONS_ZH}

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        raise NotFound


def _sections(config: Config) -> Iterator[tuple[str, tuple[ShownSetting, ...]]]:
    """The settings by section; of a section with rows each row is one: `agents 1`."""
    for section in dict.fromkeys(setting.section for setting in SETTINGS):
        value = getattr(config, section)
        several = isinstance(value, tuple)
        for place, row in enumerate(value if several else (value,), 1):
            yield f"{section} {place}" if several else section, tuple(_of_section(section, row))


def _of_section(section: str, row: Any) -> Iterator[ShownSetting]:
    values = row.model_dump(by_alias=True)
    for setting in SETTINGS:
        if setting.section == section:
            value = values[setting.name]
            yield ShownSetting(
                *(setting.name, shown(value), value == setting.default, setting.help),
                help_zh=help_zh(section, setting.name) or setting.help,
            )


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the rules lack, and what that does."""

    zh: str
    en: str


class RulesPart:
    """The dated orders, the calendars, and what is missing of both."""

    name, zh, en = "rules", "规则与日历", "Rules, calendars"

    def __init__(self, rules: Rules, now: Callable[[], datetime], zone: tzinfo) -> None:
        self._rules = rules
        self._now = now
        self._zone = zone

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        today = self._now().astimezone(self._zone).date()
        return {
            "rules": self._rules,
            "in_force": self._rules.on(today).id,
            "years": sorted(self._rules.calendar.years.items()),
            "gaps": tuple(gaps(self._rules, today)),
        }

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        raise NotFound


def gaps(rules: Rules, today: date) -> Iterator[Gap]:
    """What is missing, the most urgent first."""
    for year in range(today.year, today.year + AHEAD):
        if year not in rules.calendar.years:
            yield Gap(
                f"缺 {year} 年放假安排（rules/calendars）：落在该年的期限按周末和法定节日推算，标为暂定",
                f"no calendar of {year}: deadlines of that year are guessed and marked provisional",
            )
    lists = {
        "stations": ("市场监管所名单", rules.stations),
        "divisions": ("行政区划", rules.divisions),
        "notices": ("告知书模板", rules.notices),
        "retention": ("保存期限", rules.retention),
        "privacy_notice.yaml": ("个人信息处理告知", rules.privacy_notice),
    }
    for name, (zh, rows) in lists.items():
        if not rows:
            yield Gap(f"缺{zh}（rules/{name}）", f"rules/{name} is empty")


class Backups(Protocol):
    """gateway/keeping/backup_desk.py."""

    async def state(self) -> BackupState: ...
    def begin(self) -> bool: ...


class BackupsPart:
    """How old the last backup is, which there are, one more now."""

    name, zh, en = "backups", "备份", "Backups"

    def __init__(
        self, backups: Backups, oldest_hours: int, now: Callable[[], datetime], notes: AuditNotes
    ) -> None:
        self._backups = backups
        self._oldest_hours = oldest_hours
        self._now = now
        self._notes = notes

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        state = await self._backups.state()
        age = state.last.age(self._now())
        hours = None if age is None else age / 3600
        return {"backups": state, "hours": hours, "old": hours is None or hours > self._oldest_hours}

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        if act != "make":
            raise NotFound
        if not self._backups.begin():
            return refused(
                "正在备份，或没有设置备份目录 backup.folder", "one is being made, or backup.folder is empty"
            )
        await self._notes.note("backup.begun")
        return ActResult(
            "备份已开始，完成后列在下方", "the backup has begun; it is listed below when it is done"
        )
