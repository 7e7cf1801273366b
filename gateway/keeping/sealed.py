"""A few small files sealed by a passphrase: scrypt makes the key, AES-256-GCM seals a tar of them."""

from __future__ import annotations

import io
import json
import secrets
import tarfile
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from gateway.errors import SetupError

COST = {"n": 1 << 15, "r": 8, "p": 1}  # 32 MB and a tenth of a second for each guess
SHORTEST = 12  # characters of a passphrase
DAMAGED = "口令不对，或文件已损坏 / the passphrase is not the right one, or the file is damaged"


def seal(files: Mapping[str, bytes], passphrase: str) -> bytes:
    """A head line in JSON, then the sealed tar. Raises SetupError for a short passphrase."""
    if len(passphrase) < SHORTEST:
        raise SetupError(f"口令太短 / the passphrase needs {SHORTEST} characters at least")
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    head = json.dumps({**COST, "salt": salt.hex(), "nonce": nonce.hex()}).encode() + b"\n"
    return head + AESGCM(_key(passphrase, salt, COST)).encrypt(nonce, _tar(files), head)


def unseal(data: bytes, passphrase: str) -> dict[str, bytes]:
    """The files by name. Raises SetupError for a wrong passphrase or damaged bytes."""
    head, _, sealed = data.partition(b"\n")
    try:
        facts = json.loads(head)
        cost = {name: min(int(facts[name]), COST[name] * 8) for name in COST}
        key = _key(passphrase, bytes.fromhex(facts["salt"]), cost)
        plain = AESGCM(key).decrypt(bytes.fromhex(facts["nonce"]), sealed, head + b"\n")
    except (ValueError, KeyError, TypeError, InvalidTag) as error:
        raise SetupError(DAMAGED) from error
    return _untar(plain)


def _key(passphrase: str, salt: bytes, cost: Mapping[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost["n"], r=cost["r"], p=cost["p"]).derive(passphrase.encode())


def _tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _untar(plain: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        members = [(member.name, tar.extractfile(member)) for member in tar if member.isfile()]
        return {name: content.read() for name, content in members if content is not None}
