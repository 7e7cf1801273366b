"""Who asks, as an address: what limits are counted by. Behind a proxy of ours, whoever the proxy names.

X-Forwarded-For is anybody's to write, so only what a proxy named in the settings added is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

ADDRESS = web.RequestKey("address", str)
Networks = tuple[IPv4Network | IPv6Network, ...]
_HOME = 64  # bits of an IPv6 address that one subscriber has in common


def address_of(request: web.Request) -> str:
    """The address a request is counted by; "" where there is none (a socket in the file system)."""
    return str(request.get(ADDRESS, "")) or counted(request.remote or "")


def told_by(proxies: Sequence[str]) -> Middleware:
    """Middleware that finds out each request's address once. `proxies` are networks of ours."""
    nets = networks(proxies)

    def ours(text: str) -> bool:
        return in_networks(text, nets)

    @web.middleware
    async def named(request: web.Request, handler: Handler) -> web.StreamResponse:
        nearest = request.remote or ""
        if nets and ours(nearest):
            hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
            while hops and ours(nearest) and _parsed(hops[-1].strip()):
                nearest = hops.pop().strip()
        request[ADDRESS] = counted(nearest)
        return await handler(request)

    return named


def networks(texts: Iterable[str]) -> Networks:
    """Raises ValueError for what is no network."""
    return tuple(ip_network(text, strict=False) for text in texts)


def in_networks(text: str, nets: Networks) -> bool:
    """Does this address lie in one of them? Not when it is no address."""
    address = _parsed(text)
    return address is not None and any(address in net for net in nets)


@lru_cache(4096)
def counted(text: str) -> str:
    """An address as it is counted: of IPv6 the network of one subscriber."""
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, _HOME), strict=False))
    return str(address or text[:64])


def comes_from(request: web.Request, networks: Sequence[str]) -> bool:
    """Is the asker in one of these networks? Not one whom a proxy names that is none of ours: we then see
    the proxy's own address, which is most often this machine's."""
    asker = str(request.get(ADDRESS, ""))
    named = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if named and asker == counted(request.remote or ""):
        return False
    address = _parsed(asker if named else request.remote or "")
    return address is not None and any(address in ip_network(net, strict=False) for net in networks)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
