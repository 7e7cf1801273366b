"""Brings a database to the newest version, from whatever it is. Called at every start."""

from __future__ import annotations

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.errors import SetupError

MIGRATIONS = "gateway.storage:migrations"
LOCK = 12315  # PostgreSQL's advisory lock: two gateways that start at once go one after the other


def scripts() -> ScriptDirectory:
    """The migrations, in order."""
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def is_newest(connection: Connection) -> bool:
    """Has this database the tables of this version?"""
    return MigrationContext.configure(connection).get_current_revision() == scripts().get_current_head()


def upgrade(connection: Connection) -> None:
    """Run what is missing. Raises SetupError for a database of a newer gateway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"select pg_advisory_xact_lock({LOCK})"))
    directory = scripts()
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {s.revision for s in directory.walk_revisions()}:
        raise SetupError(f"this database is of a newer gateway (version {current}); update the gateway")
    if current == directory.get_current_head():
        return
    config = Config()
    config.set_main_option("script_location", MIGRATIONS)
    with EnvironmentContext(config, directory, fn=lambda rev, _: directory._upgrade_revs("head", rev)) as env:
        env.configure(connection=connection, transaction_per_migration=False)
        env.run_migrations()
