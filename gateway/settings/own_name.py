"""The name of this gateway and its Asterisk among those that share a database: made once, kept below var/.

Ids of calls begin with it, so that two Asterisks never give the same one; and what a gateway has under way
is marked with it. Not a secret, and not to be copied to another gateway's var/.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from gateway.settings.durable_files import write_private

FILE = "gateway-name"


def own_name(var: Path) -> str:
    """g and six hex digits; made where there is none. Raises OSError."""
    if not kept_name(var):
        write_private(var / FILE, f"g{secrets.token_hex(3)}", once=True)
    return kept_name(var)


def kept_name(var: Path) -> str:
    """ "" where none was made. Raises OSError."""
    try:
        return (var / FILE).read_text("ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
