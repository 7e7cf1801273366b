"""Shuts out addresses that guess SIP passwords or users, by a list that Asterisk reads (acl.conf).

This machine, the trunks, `asterisk.phone_nets` and every address from which a seat is registered are never
shut out: a stranger can send packets in their name. Used by AsteriskPbx.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import re
import socket
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from gateway.core.call.ban import BanRule, Bans
from gateway.errors import PbxDown
from gateway.pbx import trunks
from gateway.pbx.ami import Ami, AmiEvent
from gateway.pbx.conf import Places
from gateway.settings.durable_files import write_private
from gateway.settings.schema import Config
from gateway.tasks import Supervisor

log = logging.getLogger(__name__)

FAILURES = ("InvalidPassword", "InvalidAccountID", "ChallengeResponseFailed")
LOOK_EVERY = 60.0  # seconds between two looks whether a ban is over
HERE = ("127.0.0.1", "127.0.0.2", "::1")
_CONTACT = re.compile(r"sips?:(?:[^@]*@)?(\[[0-9a-f:]+\]|[^:;]+)", re.ASCII | re.IGNORECASE)
_HEAD = "; Addresses that are shut out; written by the gateway.\n[banned]\ndeny = 192.0.2.255/32\n"


class SipBans:
    """Follows Asterisk's security events. `start` once the supervisor runs."""

    def __init__(self, ami: Ami, tasks: Supervisor, config: Config, now: Callable[[], datetime]) -> None:
        self._ami, self._tasks, self._now = ami, tasks, now
        self._file = Places(config.var).etc / "acl.conf"
        minutes = timedelta(minutes=config.asterisk.ban_minutes)
        self._bans = Bans(BanRule(config.asterisk.ban_after, lasts=minutes))
        peers = [peer for trunk in trunks.named(config) for peer in trunk.peers]
        self._never, self._names = _networks((*HERE, *peers, *config.asterisk.phone_nets))
        self._written: tuple[str, ...] = ()

    def start(self) -> None:
        self._ami.subscribe(FAILURES, self._failed)
        self._tasks.keep("ends of SIP bans", self._keep_ending)

    def _failed(self, event: AmiEvent) -> None:
        """RemoteAddress is IPV4/UDP/203.0.113.9/5060."""
        address = (event.get("RemoteAddress").split("/") + [""] * 3)[2]
        if not _is_in(address, self._never) and self._bans.failed(address, self._now()):
            self._tasks.once("SIP ban", partial(self._ban, address))

    async def _ban(self, address: str) -> None:
        try:
            if address in await self._in_use():
                log.warning(
                    "%s guesses SIP passwords, and is not shut out: it is a seat's or a trunk's", address
                )
                return
            log.warning("%s guesses SIP passwords and is shut out for a while", address)
            self._bans.ban(address, self._now())
            await self._write()
        except PbxDown as error:
            log.warning("%s is not shut out: %s", address, error)

    async def _in_use(self) -> set[str]:
        """Where telephones are registered, and the addresses of trunks that are known by name."""
        rows = await self._ami.action_list("PJSIPShowContacts")
        places = [_CONTACT.match(row.get("Uri", "")) for row in rows]
        hosts = {place[1].strip("[]") for place in places if place}
        for name in self._names:
            with contextlib.suppress(OSError):
                addresses = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_DGRAM)
                hosts |= {str(entry[4][0]) for entry in addresses}
        return hosts

    async def _write(self) -> None:
        banned = self._bans.banned(self._now())
        text = _HEAD + "".join(f"deny = {address}\n" for address in banned)
        await asyncio.to_thread(partial(write_private, self._file, text, safe=False))
        await self._ami.command("module reload acl")
        self._written = banned

    async def _keep_ending(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self._bans.banned(self._now()) != self._written:
                with contextlib.suppress(PbxDown):  # the next look tries again
                    await self._write()


Networks = list[ipaddress.IPv4Network | ipaddress.IPv6Network]


def _networks(texts: Iterable[str]) -> tuple[Networks, list[str]]:
    """Those that are addresses or networks, and the names among them."""
    nets: Networks = []
    names = []
    for text in texts:
        try:
            nets.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            names.append(text)
    return nets, names


def _is_in(address: str, networks: Networks) -> bool:
    """Is it there? What is no address at all counts as ours: nothing is done about it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return True
    return any(parsed in net for net in networks)
