"""Which addresses are inside the centre's networks: from all others a one-time code is asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network


class Inside:
    """The networks of [accounts] inside; with none given, every address is inside."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ip_network(text, strict=False) for text in networks)

    def has(self, address: str) -> bool:
        """Is this address, or the network as which an IPv6 subscriber is counted, inside?"""
        if not self._networks:
            return True
        try:
            asker = ip_network(address, strict=False)
        except ValueError:  # no address: a socket in the file system, a name
            return False
        return any(_within(asker, network) for network in self._networks)


def _within(asker: IPv4Network | IPv6Network, network: IPv4Network | IPv6Network) -> bool:
    match asker, network:
        case (IPv4Network(), IPv4Network()) | (IPv6Network(), IPv6Network()):
            return asker.subnet_of(network)  # type: ignore[arg-type]
    return False
