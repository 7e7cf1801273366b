"""Settings of calls: Asterisk and its links, trunks, queue, faxes, seats, numbers."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import Field

from gateway.core.call import dialling
from gateway.field_rules import Form
from gateway.settings.fields import (
    CrossFault,
    DialPattern,
    Host,
    HostOrEmpty,
    IPv4,
    IPv4OrEmpty,
    Network,
    NetworkOrName,
    Port,
    RegularExpression,
    Section,
    SipUser,
    is_ipv4,
)

_AGENT_ID = r"[a-z][a-z0-9_-]{0,31}"


class Agi(Section):
    host: str = Field(default="127.0.0.1", description="Address the FastAGI server listens on.")
    port: Port = Field(default=4573, description="Port of the FastAGI server.")
    peers: tuple[Network, ...] = Field(
        default=(), description="Networks besides loopback that may connect, e.g. 10.89.0.0/24."
    )


class Ami(Section):
    host: str = Field(default="127.0.0.1", description="Address of Asterisk's manager interface.")
    port: Port = Field(default=5038, description="Port of Asterisk's manager interface.")
    user: str = Field(
        default="gateway",
        description="Manager user; its secret is made at set-up and lies under var/secrets.",
    )


class Asterisk(Section):
    manage: bool = Field(
        default=True,
        description="Start and stop Asterisk with the gateway; off where systemd or compose does.",
    )
    conf: str = Field(
        default="asterisk_conf", description="Folder of the configuration that is filled in and put in place."
    )
    http_host: IPv4 = Field(
        default="127.0.0.1", description="Address of Asterisk's HTTP server (WebSocket of browser phones)."
    )
    http_port: Port = Field(default=8088, description="Port of Asterisk's HTTP server.")
    sip_host: IPv4 = Field(default="127.0.0.1", description="Address SIP and RTP are bound to.")
    sip_port: Port = Field(default=5060, description="SIP port (UDP).")
    keep_logs: int = Field(
        default=14,
        ge=1,
        le=3650,
        description="Days for which Asterisk's old log files are kept; each has one day.",
    )
    ban_after: int = Field(
        default=10,
        ge=0,
        le=10000,
        description="Failed SIP log-ins in ten minutes that shut an address out (403), no trunk's or "
        "seat's; 0: none.",
    )
    ban_minutes: int = Field(default=60, ge=1, le=10080, description="For how long it is shut out.")
    phone_nets: tuple[Network, ...] = Field(
        default=(),
        description="Networks of the seats' telephones: SIP is taken from them and the trunks only; "
        "empty: from all.",
    )
    media_host: IPv4OrEmpty = Field(
        default="",
        description="Address of this machine that telephones and carrier send sound to; empty: "
        "asterisk.sip_host.",
    )
    external_host: str = Field(
        default="",
        description="Address by which this machine is reached from outside, behind NAT; told to all but "
        "local_nets.",
    )
    local_nets: tuple[Network, ...] = Field(
        default=("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        description="Networks on this side of the NAT.",
    )
    tls_port: Port = Field(
        default=5061, description="SIP port for TLS; listened on only while a trunk uses tls."
    )
    tls_cert_file: str = Field(default="", description="Certificate shown to far ends that connect by TLS.")
    tls_key_file: str = Field(default="", description="Its key.")
    tls_ca_file: str = Field(
        default="", description="Certificates that a far end's is checked by; empty: those of the system."
    )
    ask_phones: int = Field(
        default=2,
        description="Seconds between two looks whether a telephone is there; 0 if some never answer.",
    )
    silence_seconds: int = Field(
        default=60,
        ge=4,
        le=3600,
        description="After so many seconds without any sound or RTCP a telephone is asked, within the "
        "call, whether it is there; without an answer the call ends 32 to 64 s later.",
    )
    info_keys: bool = Field(
        default=False,
        description="Take callers' keys by SIP INFO, and not with the sound (RFC 4733): for a carrier that "
        "sends INFO alone.",
    )
    info_seats: tuple[Annotated[str, Form(r"\d{3,6}", r"does not fit \d{3,6}")], ...] = Field(
        default=(),
        description="Seats whose telephone sends keys by SIP INFO, alone or beside the sound, while "
        "`info_keys` is on: theirs are taken by INFO only, so that each counts once.",
    )
    rtp_first: Port = Field(default=10000, description="First RTP port.")
    rtp_last: Port = Field(default=10399, description="Last RTP port.")

    def cross_faults(self) -> Iterator[CrossFault]:
        """The address in SDP must be one that telephones and carrier reach."""
        if not is_ipv4(self.sip_host) or not is_ipv4(self.sound_host):
            return
        media = ip_address(self.sound_host)
        if media.is_unspecified:
            yield CrossFault(
                ("media_host" if self.media_host else "sip_host",),
                f": asterisk.media_host is missing: {media} in SDP gives no sound; name this machine's "
                "address that telephones and carrier reach",
            )
        elif media.is_loopback and not ip_address(self.sip_host).is_loopback:
            yield CrossFault(
                ("media_host",), f"{media}: telephones elsewhere would send their sound to themselves"
            )

    @property
    def sound_host(self) -> str:
        """The address in our SDP, which RTP is bound to."""
        return self.media_host or self.sip_host


class Trunk(Section):
    peers: tuple[Network, ...] = Field(
        default=("127.0.0.1",), description="Addresses the carrier's calls come from."
    )
    far_end: Host = Field(
        default="127.0.0.1:5070", description="Where outgoing calls and partner hotlines are sent."
    )
    codecs: tuple[Literal["alaw", "ulaw"], ...] = Field(
        default=("alaw", "ulaw"), description="Codecs offered to the carrier, best first."
    )
    transport: Literal["udp", "tcp", "tls"] = Field(
        default="udp",
        description="How SIP goes there: udp, tcp or tls. TLS checks the far end's certificate.",
    )
    srtp: bool = Field(
        default=False,
        description="Encrypted sound only (SRTP), both ways; its keys are hidden by transport tls.",
    )
    user: SipUser = Field(
        default="",
        description="User to log in as, for calls and registration; empty: the carrier knows our address.",
    )
    password_file: str = Field(
        default="", description="File with the password; empty: trunk, or trunk-<id>, in var/secrets."
    )
    realm: Annotated[str, Form(r"[A-Za-z0-9_.@ -]{0,80}", "must be a realm")] = Field(
        default="", description="Realm in which the password is good; empty: whichever asks."
    )
    registers: bool = Field(
        default=False, alias="register", description="Register there, so that its calls find this machine."
    )
    domain: Annotated[str, Form(r"[A-Za-z0-9.-]{0,253}", "must be a domain")] = Field(
        default="", description="Domain in From and of the registration; empty: our address, and far_end."
    )
    from_user: Annotated[str, Form(r"[A-Za-z0-9_.+*~-]{0,80}", "must be a SIP user")] = Field(
        default="", description="User in From, where the carrier wants the account; empty: the number shown."
    )
    proxy: HostOrEmpty = Field(default="", description="Outbound proxy, host:port; empty: none.")
    number_form: Literal["national", "plus", "plain", "zeros"] = Field(
        default="national",
        description="How numbers are sent: national (03572025100), plus (+86357…), plain (86357…), zeros "
        "(0086357…).",
    )
    own_area: bool = Field(default=True, description="Send numbers of our own area with the area code.")
    prefix: Annotated[str, Form(r"[0-9*#]{0,8}", "must be digits")] = Field(
        default="", description="Digits before every number that is sent, e.g. to get a line of a PBX."
    )
    caller_prefix: Annotated[str, Form(r"[0-9+]{0,8}", "must be digits")] = Field(
        default="", description="Digits that it puts before every caller's number; they are taken off."
    )
    called_as: Annotated[str, Form(r"[0-9]{0,15}", "must be a number of ours")] = Field(
        default="",
        description="Number of ours that its calls are for, whatever it sends (analog gateway); empty: "
        "what it sends.",
    )
    ask_seconds: int = Field(
        default=0,
        ge=0,
        le=3600,
        description="Seconds between two looks whether it is there; 0: none, but 10 where there is "
        "another trunk.",
    )

    def cross_faults(self) -> Iterator[CrossFault]:
        if self.registers and not self.user:
            yield CrossFault(("register",), "needs a user")


class FurtherTrunk(Trunk):
    """One more trunk: a second carrier, an analog gateway. Tried in the order of the file."""

    id: Annotated[
        str, Form(r"(?!in$)[a-z][a-z0-9]{0,15}", "must be small letters and digits, and not `in`")
    ] = Field(default="", validate_default=True, description="Id in messages and file names, e.g. b or fxo.")
    peers: tuple[NetworkOrName, ...] = Field(
        default=(), description="Addresses its calls come from; empty: that of far_end."
    )
    far_end: Host = Field(
        default="", validate_default=True, description="Where calls are sent to it, host:port."
    )


class Queue(Section):
    ring_seconds: int = Field(default=20, description="How long one seat rings before the next is tried.")
    wrap_up_seconds: int = Field(default=20, description="Time after a talk in which the seat is not rung.")
    longest_wait: int = Field(
        default=900, description="After this many seconds in the queue the flow goes on (message)."
    )
    longest_hold: int = Field(
        default=300, description="After this many seconds on hold in a consult the caller is given back."
    )
    tell_listened: bool = Field(
        default=False, description="Tell an agent by a voice that a supervisor listens to his call."
    )
    announce_seconds: int = Field(default=30, description="How often place and expected wait are told.")
    full_at: int = Field(default=20, description="Callers waiting at most; lines limit it too.")
    call_back_lines: int = Field(
        default=2, description="A call-back is dialled only while at least so many lines are free."
    )
    call_back_again: tuple[int, ...] = Field(
        default=(30, 120),
        description="Minutes until a call-back without answer is dialled again, one for each time; then "
        "agents call.",
    )
    rate_calls: bool = Field(
        default=False,
        description="After an agent has hung up, the caller may rate the call from 1 to 5 (step `rate`).",
    )
    survey_free_lines: int = Field(
        default=2,
        ge=0,
        le=1000,
        description="Lines that stay free for callers while the survey (follow-up calls by the PBX) dials.",
    )
    survey_ring_seconds: int = Field(
        default=40, ge=10, le=120, description="How long a survey rings before it counts as not reached."
    )


class Outgoing(Section):
    """Calls that agents make, and call-backs. Partners are dialled as their files say."""

    allow: tuple[DialPattern, ...] = Field(
        default=dialling.CHINA,
        description="Numbers that may be called, as dial patterns: X is 0-9, Z 1-9, N 2-9, [3-9] a "
        "range, and a dot at the end one digit or more.",
    )
    per_day: int = Field(
        default=500,
        ge=0,
        le=1000000,
        description="Such calls in all within a day (UTC: from 8:00 to 8:00 in China).",
    )
    per_number: int = Field(
        default=10,
        ge=1,
        le=1000000,
        description="Such calls to one number within that day. Transfers to partners are none of them.",
    )
    often: tuple[DialPattern, ...] = Field(
        default=dialling.PUBLIC,
        description="Numbers to which `per_number` does not apply, as dial patterns: by default public "
        "services; add partners' numbers that agents dial themselves.",
    )


class Recording(Section):
    calls: bool = Field(default=True, description="Record talks, from the queue on (the greeting says so).")
    longest_message: int = Field(default=180, description="Longest message in seconds.")


class Fax(Section):
    number: Annotated[str, Form(r"\d{0,20}", "must be at most 20 digits")] = Field(
        default="",
        description="Number that only faxes call, as the carrier sends it; empty: none. Its calls take "
        "lines like any other.",
    )
    station: Annotated[str, Form(r"\d{0,20}", "must be at most 20 digits")] = Field(
        default="",
        description="What our machine calls itself to others, at most 20 digits; empty: fax.number.",
    )
    t38: bool = Field(
        default=True,
        description="Take T.38 besides sound; without it, or where it fails, a fax comes as sound.",
    )
    detect_seconds: int = Field(
        default=120,
        ge=0,
        le=3600,
        description="For so many seconds from the answer a call is listened to for a fax machine, and for as "
        "many again when an agent answers; 0: never.",
    )
    longest_minutes: int = Field(
        default=30,
        ge=1,
        le=240,
        description="A fax that has had the line for so long is ended; its pages are kept.",
    )
    pages: int = Field(
        default=200,
        ge=1,
        le=1000,
        description="Pages of one fax that are made into pictures; the original has them all.",
    )
    reading: bool = Field(
        default=True, description="Let the machine read the pages, where the reader is installed."
    )


class FaxOut(Section):
    enabled: bool = Field(
        default=False, description="Send faxes: acknowledgements to who faxed, slips to partners."
    )
    allow: RegularExpression = Field(
        default=r"0\d{9,11}|[2-8]\d{6,7}", description="Numbers that may be faxed: a regular expression."
    )
    lines: int = Field(
        default=2, ge=1, le=500, description="A fax is dialled only while at least so many lines are free."
    )
    per_number: int = Field(default=3, ge=1, le=100, description="Faxes to one number within a day.")
    per_hour: int = Field(default=20, ge=1, le=1000, description="Faxes in all within an hour.")
    tries: int = Field(
        default=5, ge=1, le=20, description="How often a number is rung for one fax, at growing intervals."
    )


class Agent(Section):
    """One seat and who sits there: `id` in the API, `seat` the SIP user, `name` on screens."""

    id: Annotated[str, Form(_AGENT_ID, f"does not fit {_AGENT_ID}")] = Field(
        default="", validate_default=True, description="Id in API and command line, e.g. agent1."
    )
    name: str = Field(default="", description="Name on screens.")
    seat: Annotated[str, Form(r"\d{3,6}", r"does not fit \d{3,6}")] = Field(
        default="", validate_default=True, description="SIP user of the seat's phone, e.g. 8001."
    )


class Number(Section):
    """One more number that people dial; calls to centre.number begin with flows.entry."""

    number: Annotated[str, Form(r"\d{3,15}", "must be 3 to 15 digits")] = Field(
        default="",
        validate_default=True,
        description="The number without the area code, or whole: 12345, 03572025100, 4008001234.",
    )
    flow: str = Field(default="", description="Flow that its calls begin with; empty: flows.entry.")
