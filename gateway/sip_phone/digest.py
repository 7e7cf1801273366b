"""Answers to a SIP server's challenge (digest authentication, RFC 7616 and the older RFC 2617). Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.sip_phone.sip import BadMessage

_PART = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES: dict[str, Callable[[bytes], hashlib._Hash]] = {
    "md5": hashlib.md5,
    "sha-256": hashlib.sha256,
}


@dataclass(frozen=True, slots=True)
class Challenge:
    """A WWW-Authenticate or Proxy-Authenticate value. `qop` is True when the server offers auth."""

    realm: str
    nonce: str
    opaque: str
    algorithm: str
    qop: bool


def challenge(value: str) -> Challenge:
    """Read a challenge. Raises BadMessage for another scheme or an algorithm we do not have."""
    scheme, _, rest = value.strip().partition(" ")
    parts = {
        match[1].lower(): match[2] if match[2] is not None else match[3] for match in _PART.finditer(rest)
    }
    algorithm = parts.get("algorithm", "MD5")
    if scheme.lower() != "digest" or "nonce" not in parts or algorithm.lower() not in _HASHES:
        raise BadMessage(f"a challenge we cannot answer: {value[:80]!r}")
    qop = "auth" in [word.strip().lower() for word in parts.get("qop", "").split(",")]
    return Challenge(parts.get("realm", ""), parts["nonce"], parts.get("opaque", ""), algorithm, qop)


def credentials(challenge: Challenge, user: str, password: str, method: str, uri: str, cnonce: str) -> str:
    """The Authorization value that answers `challenge` for one request."""

    def hashed(*parts: str) -> str:
        return _HASHES[challenge.algorithm.lower()](":".join(parts).encode()).hexdigest()

    secret = hashed(user, challenge.realm, password)
    deed = hashed(method, uri)
    fields = [
        f'username="{user}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.qop:
        proof = hashed(secret, challenge.nonce, "00000001", cnonce, "auth", deed)
        fields += ["qop=auth", "nc=00000001", f'cnonce="{cnonce}"']
    else:
        proof = hashed(secret, challenge.nonce, deed)
    if challenge.opaque:
        fields.append(f'opaque="{challenge.opaque}"')
    return "Digest " + ", ".join([*fields, f'response="{proof}"'])
