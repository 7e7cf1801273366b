"""The registry of channels: each module or package here names its entries in `CHANNELS`.

To add a channel, put a module here with a `CHANNELS` tuple and the code that makes its contacts. Lists,
filters, pages, exports and figures take the channel from the entry; nothing else has to be registered.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from gateway import channels
from gateway.core.item.channel import ChannelEntry, ChannelRegistry


def registry(*packages: ModuleType) -> ChannelRegistry:
    """All channels whose entries stand in the modules of these packages. Raises ValueError when an id is
    there twice."""
    return ChannelRegistry(entry for package in packages for entry in _entries(package))


def _entries(package: ModuleType) -> Iterator[ChannelEntry]:
    for info in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{info.name}")
        yield from getattr(module, "CHANNELS", ())


REGISTRY = registry(channels)
"""The channels of this program."""
