"""What is kept and what goes: backups by the clock, ends of terms."""

from __future__ import annotations

from datetime import datetime, time

from gateway import health_checks
from gateway.keeping import schedule
from gateway.keeping.encryption import RecordingEncryption
from gateway.keeping.retention import Terms, keep_running
from gateway.wiring.parts import Parts


async def keep_backups(parts: Parts) -> None:
    """A look at the age of the last backup, and one a day where a time is set."""
    config, backup = parts.config, parts.config.backup
    if backup.folder:
        parts.checks.add("backup", health_checks.backup(config.var, backup.oldest_hours))
    if backup.folder and backup.at:
        at = time.fromisoformat(backup.at)
        parts.keep(
            "backups",
            lambda: schedule.keep_making(
                config.var, at, lambda: datetime.now(config.zone), schedule.make_one
            ),
        )


async def keep_recordings_encrypted(parts: Parts) -> None:
    """Recordings are encrypted once Asterisk has closed them, where files are to be."""
    config, storage = parts.config, parts.storage
    if not config.storage.encrypt_files:
        parts.checks.add("encryption", health_checks.encryption(None))
        return
    recordings = RecordingEncryption(storage.files, storage.calls, parts.places.recordings)
    parts.keep("encrypting recordings", recordings.keep_on)
    parts.checks.add("encryption", health_checks.encryption(lambda: len(recordings.failed)))


async def keep_terms(parts: Parts) -> None:
    """What is over its term in rules/retention.yaml goes once a day, or is told of while that is off."""
    config = parts.config
    terms = Terms(parts.storage, parts.rules.retention, config.var, lambda: datetime.now(config.zone))
    parts.keep("ends of retention", lambda: keep_running(terms, enabled=config.retention.enabled))
