"""Which files a backup takes, and where each goes back.

`var/…` is state below var/, `house/…` what the city edits beside gateway.toml. Files that hold passwords or
keys are apart: all below var/secrets, gateway.toml (its database address may hold a password), and every file
that a setting ending in `_file` names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import BaseModel

from gateway.settings.schema import Config

SPOOLS = ("asterisk/spool/messages", "asterisk/spool/fax")
WAITING = ("mail-spool", *SPOOLS)
"""Below var/: what is not in the database yet. Taken twice it does no harm: its key tells."""
STATE = ("files", "recordings", "flows", "audit", "asterisk/journal", "installation")
"""Below var/: what the database names and what stands beside it. Not `waste`, which is to go, nor what
every start makes anew."""
ENCRYPTED_LATER = tuple(f"var/{name}/" for name in (*WAITING, "recordings"))
"""Places of files that Asterisk writes clear, or that are read before they are kept."""
HALF = ("incoming",)  # folders of files that are being written


def waiting_files(config: Config) -> Iterator[tuple[str, Path]]:
    """Place and path of each file that waits to be taken into the database."""
    return _state(config.var, WAITING)


def open_files(config: Config) -> Iterator[tuple[str, Path]]:
    """Place and path of every other file that is not sealed."""
    yield from _state(config.var, STATE)
    hidden = set(_named(config))
    for folder in _house(config):
        for path in _below(folder):
            if path not in hidden:
                yield f"house/{path.relative_to(config.root)}", path


def sealed_files(config: Config, toml: Path) -> dict[str, bytes]:
    """Content by place of what is sealed. Raises OSError."""
    paths = {f"var/secrets/{path.relative_to(config.var / 'secrets')}": path for path in _secrets(config)}
    paths["house/gateway.toml"] = toml
    for path in _named(config):
        if path.is_file() and path.is_relative_to(config.root) and not path.is_relative_to(config.var):
            paths[f"house/{path.relative_to(config.root)}"] = path
    return {place: path.read_bytes() for place, path in paths.items()}


def left_out(config: Config) -> tuple[str, ...]:
    """What settings name outside the folders that a backup takes: the operator keeps these himself."""
    wanted = [*_named(config), *(config.root / name for name in _house_names(config))]
    inside = (config.root, config.var)
    return tuple(str(path) for path in wanted if not any(path.is_relative_to(folder) for folder in inside))


def home(place: str, root: Path, var: Path) -> Path:
    """Where a file of a backup goes. Raises ValueError for a place outside both folders."""
    kind, _, rest = place.partition("/")
    folder = {"var": var, "house": root}[kind]
    path = (folder / rest).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(place)
    return folder / rest


def _state(var: Path, names: Iterable[str]) -> Iterator[tuple[str, Path]]:
    for name in names:
        for path in _below(var / name):
            yield f"var/{path.relative_to(var)}", path


def _below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    files = (file for file in path.rglob("*") if file.is_file() and not file.is_symlink())
    return sorted(file for file in files if not set(HALF) & set(file.relative_to(path).parts))


def _secrets(config: Config) -> list[Path]:
    return _below(config.var / "secrets")


def _house_names(config: Config) -> tuple[str, ...]:
    return config.rules.folder, config.flows.folder, config.asterisk.conf


def _house(config: Config) -> list[Path]:
    folders = [(config.root / name).resolve() for name in _house_names(config)]
    return [folder for folder in folders if folder.is_relative_to(config.root)]


def _named(config: Config) -> list[Path]:
    return [config.root / name for name in _file_settings(config) if name]


def _file_settings(section: BaseModel) -> Iterator[str]:
    """Values of all settings whose name ends in `_file`, in sections and rows alike."""
    for name, value in section:
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from _file_settings(part)
        if name.endswith("_file") and isinstance(value, str):
            yield value
