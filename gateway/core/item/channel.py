"""What is known of a channel besides its id: names, the platform's name, and how contacts arrive by it.

An entry stands with the code of its channel (gateway/channels/); the registry of all entries is handed to
whatever is below that package, so nothing here has to change when a channel is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.item.contact import Channel


class Arrival(StrEnum):
    """How a contact gets from the channel to the intake."""

    MACHINE = "machine"  # taken in as it arrived: one content for each key, nothing can be required of it
    FORM = "form"  # the person, or a program for him, fills in the fields
    CLERK = "clerk"  # a clerk fills in the fields by hand; what he added is kept with the item


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """One channel. `platform` is the source under which the national platform counts it.

    `order` is its place in lists, the lowest first. `live`: the person is on the telephone or at the
    counter and waits for the number, so the last serials of a day are kept for this channel.
    """

    channel: Channel
    zh: str
    en: str
    platform: str
    arrival: Arrival
    order: int
    live: bool = False


class ChannelRegistry:
    """All channels of a gateway, in the order of lists. Raises ValueError when an id is there twice."""

    def __init__(self, entries: Iterable[ChannelEntry]) -> None:
        self._entries: dict[str, ChannelEntry] = {}
        for entry in sorted(entries, key=lambda entry: (entry.order, entry.channel)):
            if entry.channel in self._entries:
                raise ValueError(f"the channel {entry.channel} is registered twice")
            self._entries[entry.channel] = entry

    def __iter__(self) -> Iterator[ChannelEntry]:
        return iter(self._entries.values())

    def __contains__(self, channel: str) -> bool:
        return channel in self._entries

    def get(self, channel: str) -> ChannelEntry | None:
        return self._entries.get(channel)

    def __getitem__(self, channel: str) -> ChannelEntry:
        """Raises KeyError for a channel that is not registered."""
        return self._entries[channel]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._entries)

    @property
    def written(self) -> tuple[ChannelEntry, ...]:
        """All but the telephone: what the figures count as written items."""
        return tuple(entry for entry in self if entry.channel != Channel.PHONE)

    @property
    def by_clerk(self) -> tuple[ChannelEntry, ...]:
        """Those whose contacts a clerk writes down."""
        return tuple(entry for entry in self if entry.arrival is Arrival.CLERK)

    def zh(self, channel: str) -> str:
        """The Chinese name; the id of a channel that is no longer registered."""
        entry = self._entries.get(channel)
        return entry.zh if entry else str(channel)

    def platform(self, channel: str) -> str:
        """The national platform's name; the id of a channel that is no longer registered."""
        entry = self._entries.get(channel)
        return entry.platform if entry else str(channel)

    def arrives(self, channel: str, arrival: Arrival) -> bool:
        """Do the contacts of this channel arrive in this way?"""
        entry = self._entries.get(channel)
        return entry is not None and entry.arrival is arrival
