"""Alembic's way in: it finds the connection where migrate.py put it."""

from __future__ import annotations

from alembic import context

with context.begin_transaction():
    context.run_migrations()
