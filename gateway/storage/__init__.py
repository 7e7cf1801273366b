"""Everything durable. The only package that knows SQLAlchemy."""

from gateway.storage.database import Transaction
from gateway.storage.store import Storage

__all__ = ["Storage", "Transaction"]
