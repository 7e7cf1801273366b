"""Which SIP messages a browser may send to Asterisk: those of its own SIP user, and no others. Pure.

Asterisk takes a request whose From it does not know for one of the carrier when it comes from the carrier's
address, so each request must name the user of whoever is logged in. Only the plain form that browsers'
telephones write is let through: what two readers could read differently (folded lines, a header twice, bytes
behind the body) is refused. Used by sip_socket, one guard for each connection.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection

VISITOR = "visitor"
"""Who is not logged in (demo), as in gateway/pbx/conf.py."""
CALLS = 32
"""Calls from Asterisk whose answers and ends are let through, the newest."""

_FULL_NAME = {"f": "from", "t": "to", "i": "call-id", "l": "content-length"}
_ONCE = ("from", "to", "call-id")
_HEADER = re.compile(r"([A-Za-z0-9-]+)[ \t]*:[ \t]*(.*)", re.ASCII)
_REQUEST = re.compile(r"[A-Z]+ sips?:\S+ SIP/2\.0", re.ASCII)
_RESPONSE = re.compile(r"SIP/2\.0 [1-6][0-9]{2} .*", re.ASCII)
_FROM = re.compile(r'(?:"[^"\\<>]*"[ \t]*)?<sips?:([A-Za-z0-9._-]+)@[^<>@"\s]+>(?:;[^<>@"]*)?', re.ASCII)
_TAG = re.compile(r";[ \t]*tag[ \t]*=", re.ASCII | re.IGNORECASE)


class SipGuard:
    """Passes or refuses the messages of one connection whose browser may be these SIP users."""

    def __init__(self, users: Collection[str]) -> None:
        self._users = frozenset(users)
        self._theirs: deque[str] = deque(maxlen=CALLS)

    def from_asterisk(self, text: str) -> None:
        """A message on its way to the browser: a call that begins with it may be answered."""
        if text.startswith("INVITE "):
            headers, _ = _headers(text)
            call = headers.get("call-id", "")
            if call and call not in self._theirs:
                self._theirs.append(call)

    def passes(self, text: str) -> bool:
        """May this message of the browser go to Asterisk?"""
        if not text.strip("\r\n"):
            return True  # it only keeps the connection open
        headers, first = _headers(text)
        if _RESPONSE.fullmatch(first):
            return bool(headers)
        if not headers or not _REQUEST.fullmatch(first):
            return False
        begun = _TAG.search(headers["to"]) is not None and headers["call-id"] in self._theirs
        sender = _FROM.fullmatch(headers["from"])
        return sender is not None and (begun or sender[1] in self._users)


def _headers(text: str) -> tuple[dict[str, str], str]:
    """The headers by full name, and the first line; no headers when there is anything unusual about them."""
    head, end, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            return {}, first
        name = _FULL_NAME.get(header[1].lower(), header[1].lower())
        if name in headers and name in (*_ONCE, "content-length"):
            return {}, first
        headers[name] = header[2]
    whole = headers.get("content-length", "0").strip() == str(len(body.encode()))
    return (headers if end and whole and all(name in headers for name in _ONCE) else {}), first
