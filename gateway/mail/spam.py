"""What a spam filter in front of us found, as it writes it into a mail's head: rspamd and SpamAssassin.

We judge nothing ourselves. A marked mail is taken in like any other, says so, and is not acknowledged. Of
several fields of one name the topmost counts: the filter nearest to us wrote it.
"""

from __future__ import annotations

import re

from gateway.mail.header import Headers

_MARKS = (
    ("x-spam-flag", re.compile(rb"yes|true|1", re.I)),  # SpamAssassin
    ("x-spam-status", re.compile(rb"yes\b", re.I)),
    ("x-spam", re.compile(rb"yes|true", re.I)),  # rspamd's milter
    ("x-rspamd-action", re.compile(rb"reject|add header|rewrite subject|quarantine|discard", re.I)),
    ("x-spamd-result", re.compile(rb"[\w-]+:\s*true\b", re.I)),
)


def marked_by(headers: Headers) -> str:
    """The field that marks a mail as spam, in lower case; "" when none does."""
    return next((name for name, mark in _MARKS if mark.match(headers.raw(name).strip())), "")
