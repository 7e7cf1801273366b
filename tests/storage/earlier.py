"""A database as an earlier version left it."""

from __future__ import annotations

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from sqlalchemy import Connection

from gateway.storage.migrate import MIGRATIONS, scripts


def tables_of(connection: Connection, revision: str) -> None:
    """All tables as they were at a revision, empty."""
    directory, config = scripts(), Config()
    config.set_main_option("script_location", MIGRATIONS)
    with EnvironmentContext(
        config, directory, fn=lambda rev, _: directory._upgrade_revs(revision, rev)
    ) as env:
        env.configure(connection=connection, transaction_per_migration=False)
        env.run_migrations()
