"""Everything durable. The only package that knows SQLAlchemy."""

from gateway.storage.store import Storage

__all__ = ["Storage"]
