"""The trunks in pjsip.conf: how each is reached, who we are there, and which calls come from it.

[trunk] of the settings is the first, `[[trunks]]` are the others: a second carrier, an analog gateway.
Each has one endpoint for calls out (trunk, trunk-<id>) and one for calls in (trunk-in, trunk-<id>-in); the
template [carrier] of asterisk_conf/pjsip.conf holds what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Problem, SetupError
from gateway.settings.schema import Config, FurtherTrunk, Trunk

ASK_SECONDS = 10  # between two looks whether a trunk is there, when there is another to go to
SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# Taken as far as the dialplan, which notes a call that is in none of ours and refuses it.
OTHER_CODECS = "g722,g729,gsm,ilbc,g726,g726aal2,opus,speex,g723,amr"


@dataclass(frozen=True, slots=True)
class Named:
    """A trunk and the name of its endpoint."""

    name: str
    trunk: Trunk

    @property
    def host(self) -> str:
        return self.trunk.far_end.rpartition(":")[0] or self.trunk.far_end

    @property
    def peers(self) -> Sequence[str]:
        """Where its calls come from; of a trunk that names none, where ours go."""
        return self.trunk.peers or (self.host,)


def named(config: Config) -> list[Named]:
    """Every trunk, in the order in which they are tried."""
    return [Named("trunk", config.trunk), *(Named(f"trunk-{row.id}", row) for row in config.trunks)]


def password_file(config: Config, trunk: Trunk) -> Path:
    """Where the password of a trunk with a user lies."""
    if trunk.password_file:
        return config.root / trunk.password_file
    own = f"trunk-{trunk.id}" if isinstance(trunk, FurtherTrunk) else "trunk"
    return config.var / "secrets" / own


def passwords(config: Config) -> dict[str, str]:
    """The password of every trunk with a user, by its name. Raises SetupError."""
    by_trunk: dict[str, str] = {}
    for trunk in named(config):
        file = password_file(config, trunk.trunk)
        if trunk.trunk.user:
            try:
                by_trunk[trunk.name] = file.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                text = f"the password of {trunk.name} cannot be read: {error}"
                raise SetupError(Problem(str(file), 0, text)) from error
    return by_trunk


def incoming(config: Config) -> Callable[[str], bool]:
    """Tells by a channel's name whether it is a call that came in by a trunk."""
    endpoints = {f"PJSIP/{trunk.name}-in" for trunk in named(config)}
    return lambda channel: channel.rpartition("-")[0] in endpoints


# ---------------------------------------------------------------- transports


def transports(config: Config) -> str:
    """TCP and TLS, where a trunk uses them; nothing else listens then."""
    kinds = {trunk.trunk.transport for trunk in named(config)}
    sip, parts = config.asterisk, []
    if "tcp" in kinds:
        parts.append(_section("tcp", "transport", protocol="tcp", bind=f"{sip.sip_host}:{sip.sip_port}"))
    if "tls" in kinds:
        files = {"cert_file": sip.tls_cert_file, "priv_key_file": sip.tls_key_file}
        own = {key: str(config.root / file) for key, file in files.items() if file}
        trusted = str(config.root / sip.tls_ca_file) if sip.tls_ca_file else SYSTEM_CERTIFICATES
        bind = f"{sip.sip_host}:{sip.tls_port}"
        parts.append(
            _section("tls", "transport", protocol="tls", bind=bind, method="tlsv1_2")
            + _lines(verify_server="yes", ca_list_file=trusted, **own)
        )
    nat = nat_lines(config)
    return "\n".join(f"{part}{nat}\n" for part in parts) or "; TCP and TLS: no trunk uses them"


def nat_lines(config: Config) -> str:
    """What a transport says of this machine to whoever is outside: behind NAT the router's address."""
    outside = config.asterisk.external_host
    if not outside:
        return ""
    nets = [("local_net", net) for net in config.asterisk.local_nets]
    both = [("external_media_address", outside), ("external_signaling_address", outside)]
    return "".join(f"{key} = {value}\n" for key, value in (*both, *nets))


# ---------------------------------------------------------------- trunks

_FORMS = {"national": "national", "plus": "-+", "plain": "-", "zeros": "-00"}


def ways(config: Config) -> str:
    """The dialplan's globals: the trunks in order, and how each wants its numbers (see [send-as])."""
    every = named(config)
    lines = [f"TRUNKS = {len(every)}"]
    for n, named_trunk in enumerate(every, 1):
        trunk = named_trunk.trunk
        lines += [f"TRUNK_{n} = {named_trunk.name}", f"FORM_{n} = {_FORMS[trunk.number_form]}"]
        lines += [f"OWN_AREA_{n} = {int(trunk.own_area)}", f"PREFIX_{n} = {trunk.prefix}"]
    return "\n".join(lines)


def blocks(config: Config, words: Mapping[str, str]) -> str:
    """The sections of every trunk; `words` are the passwords by name."""
    several = bool(config.trunks)
    return "\n".join("".join(_trunk(config, trunk, words, several)) for trunk in named(config))


def _trunk(config: Config, named_trunk: Named, words: Mapping[str, str], several: bool) -> Iterator[str]:
    trunk, name = named_trunk.trunk, named_trunk.name
    codecs = ",".join(trunk.codecs)
    yield f"[{name}](carrier)\n" + _lines(
        transport=trunk.transport,
        aors=name,
        allow=codecs,
        outbound_auth=name if trunk.user else "",
        from_user=trunk.from_user,
        from_domain=trunk.domain,
        outbound_proxy=_proxy(trunk),
        media_encryption="sdes" if trunk.srtp else "",
    )
    yield f"[{name}-in](carrier)\n" + _lines(
        transport=trunk.transport,
        allow=f"{codecs},{OTHER_CODECS}",
        preferred_codec_only="yes",
        media_encryption="sdes",
        media_encryption_optimistic="no" if trunk.srtp else "yes",
    )
    variables = {"CALLED_AS": trunk.called_as, "CALLER_PREFIX": trunk.caller_prefix}
    yield from (_lines(set_var=f"{key}={value}") for key, value in variables.items() if value)
    ask = trunk.ask_seconds or (ASK_SECONDS if several else 0)
    yield _section(
        name,
        "aor",
        contact=f"sip:{trunk.far_end}{_by(trunk)}",
        qualify_frequency=str(ask) if ask else "",
        outbound_proxy=_proxy(trunk),
    )
    yield _section(name, "identify", endpoint=f"{name}-in", match=",".join(named_trunk.peers))
    if trunk.user:
        word = words.get(name, "").replace("\\", "\\\\").replace(";", "\\;")
        yield _section(name, "auth", auth_type="userpass", username=trunk.user, password=word)
        yield _lines(realm=trunk.realm)
    if trunk.registers:
        yield _registration(config, named_trunk)


def _registration(config: Config, named_trunk: Named) -> str:
    trunk = named_trunk.trunk
    domain = trunk.domain or trunk.far_end
    return _section(
        named_trunk.name,
        "registration",
        transport=trunk.transport,
        outbound_auth=named_trunk.name if trunk.user else "",
        server_uri=f"sip:{domain if trunk.proxy else trunk.far_end}{_by(trunk)}",
        client_uri=f"sip:{trunk.from_user or trunk.user}@{domain}",
        contact_user=config.centre.number,
        outbound_proxy=_proxy(trunk),
        expiration="300",
        retry_interval="10",
        forbidden_retry_interval="60",
        fatal_retry_interval="60",
        max_retries="1000000",
        line="yes",
        endpoint=f"{named_trunk.name}-in",
    )


def _by(trunk: Trunk) -> str:
    return "" if trunk.transport == "udp" else f"\\;transport={trunk.transport}"


def _proxy(trunk: Trunk) -> str:
    return f"sip:{trunk.proxy}{_by(trunk)}\\;lr" if trunk.proxy else ""


def _section(name: str, kind: str, **values: str) -> str:
    return f"[{name}]\n" + _lines(type=kind, **values)


def _lines(**values: str) -> str:
    return "".join(f"{key} = {value}\n" for key, value in values.items() if value)
