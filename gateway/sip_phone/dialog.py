"""The state that two SIP phones share during a call, and the requests made from it (RFC 3261, 12). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.sip_phone.sip import Headers, Request, Response, Target, address, cseq, header, target_of, values


@dataclass(frozen=True, slots=True)
class Dialog:
    """One end's view of a call. `local` and `remote` are From and To values with their tags.

    `contact` is where requests are meant for, `routes` the proxies on the way, `sent_by` our host:port.
    `seen` is the last CSeq number of the other end, -1 before its first request.
    """

    call_id: str
    local: str
    remote: str
    contact: str
    sent_by: str
    number: int = 0
    seen: int = -1
    routes: tuple[str, ...] = ()

    @property
    def local_tag(self) -> str:
        return address(self.local).tag

    @property
    def remote_tag(self) -> str:
        return address(self.remote).tag

    def next(self) -> Dialog:
        """The dialog as it is for our next request."""
        return replace(self, number=self.number + 1)

    def confirmed(self, response: Response) -> Dialog:
        """The dialog after a 2xx to our INVITE: the other end's tag, address and route are known."""
        contact = values(response, "Contact")
        return replace(
            self,
            remote=header(response, "To"),
            contact=address(contact[0]).uri if contact else self.contact,
            routes=values(response, "Record-Route")[::-1],
        )

    def refreshed(self, request: Request) -> Dialog:
        """The dialog after a request of the other end that may have moved its address."""
        contact = values(request, "Contact")
        moves = request.method in ("INVITE", "UPDATE") and contact
        uri = address(contact[0]).uri if moves else self.contact
        return replace(self, seen=max(self.seen, cseq(request)[0]), contact=uri)

    def request(self, method: str, branch: str, more: Headers = (), body: bytes = b"") -> Request:
        """A request with this dialog's present number; strict routers (no ;lr) are not supported."""
        headers: Headers = (
            ("Via", f"SIP/2.0/UDP {self.sent_by};rport;branch={branch}"),
            *(("Route", route) for route in self.routes),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self.number} {method}"),
        )
        return Request(method, self.contact, (*headers, *more), body)

    def next_hop(self, default: Target) -> Target:
        """Where our requests go: the first route, else the other end's own address.

        `default` (where the call went to at first) stands in for names, which are not looked up.
        """
        uri = address(self.routes[0]).uri if self.routes else self.contact
        host, port = target_of(uri)
        return (host, port) if host.replace(".", "").isdigit() else default


def answering(request: Request, tag: str, sent_by: str) -> Dialog:
    """The called end's dialog for an INVITE that it answers with `tag`. Raises BadMessage."""
    contact = values(request, "Contact")
    to = header(request, "To")
    return Dialog(
        call_id=header(request, "Call-ID"),
        local=f"{to};tag={tag}",
        remote=header(request, "From"),
        contact=address(contact[0]).uri if contact else address(header(request, "From")).uri,
        sent_by=sent_by,
        seen=cseq(request)[0],
        routes=values(request, "Record-Route"),
    )


def cancel(invite: Request) -> Request:
    """The CANCEL of an INVITE of ours: same branch, same number (RFC 3261, 9.1)."""
    kept = _kept(invite, "via", "route", "max-forwards", "from", "to", "call-id")
    return Request("CANCEL", invite.uri, (*kept, ("CSeq", f"{cseq(invite)[0]} CANCEL")))


def refused_ack(invite: Request, response: Response) -> Request:
    """The ACK for a final response that is no 2xx: it belongs to the INVITE's own transaction."""
    kept = _kept(invite, "via", "route", "max-forwards", "from", "call-id")
    more: Headers = (("To", header(response, "To")), ("CSeq", f"{cseq(invite)[0]} ACK"))
    return Request("ACK", invite.uri, (*kept, *more))


def _kept(request: Request, *names: str) -> Headers:
    return tuple((name, value) for name, value in request.headers if name.lower() in names)
