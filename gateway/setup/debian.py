"""What we ask of apt: packages installed when we are root, or unpacked into a folder when we are not.

`unpack` gives apt a state, a cache and a source list of their own beside the machine's settings
(proxies, certificates, log-ins stay in force), so it needs no root and leaves the system as it is.
The mirror is the one the machine already uses. Called by the set-up alone; blocking.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import SetupError

Say = Callable[[str], None]
LIMIT = 1200  # seconds for one apt command: a slow mirror, not a hung one
_KEYRINGS = ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")
_SUITES = ("stable", "oldstable", "testing", "unstable", "sid")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to unpack: packages of one suite, with their dependencies but for those `left_out`."""

    suite: str
    packages: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def is_root() -> bool:
    return os.geteuid() == 0


def install(packages: Sequence[str], say: Say) -> None:
    """Install packages from the machine's own sources. Raises SetupError when not root or apt fails."""
    names = " ".join(packages)
    if not is_root() or not shutil.which("apt-get"):
        raise SetupError(f"missing: {names}; as root: apt-get install {names}")
    say(f"installing {names}")
    if not all(_candidate(name) for name in packages):
        _run(["apt-get", "-q", "update"])
    _run(["apt-get", "-q", "-y", "--no-install-recommends", "install", *packages])


def unpack(wanted: Wanted, work: Path, tree: Path, say: Say) -> None:
    """Download into `work` (kept between tries, so a cut-off one goes on) and unpack into `tree`.

    Raises SetupError that says what to do when apt is not there, knows no mirror, or fails.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise SetupError("this is no Debian: there is no apt-get to fetch packages with")
    mirror_list = mirrors()
    if not mirror_list:
        raise SetupError("apt has no Debian mirror among its sources (/etc/apt/sources.list.d)")
    archives = _download(wanted, mirror_list, work, say)
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for archive in archives:
        _run(["dpkg-deb", "--extract", str(archive), str(tree)])


def mirrors() -> tuple[str, ...]:
    """The mirrors of the machine's own Debian release, best first; updated lists are not needed."""
    command = ["apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE)"]
    lines = _run([*command, "Created-By: Packages"]).splitlines()
    return choose_mirrors((line.split() for line in lines), _codename())


def choose_mirrors(targets: Iterable[Sequence[str]], codename: str) -> tuple[str, ...]:
    """Of (address, release) pairs those that can carry Debian as a whole: not security, not add-ons."""
    releases = {codename, f"{codename}-updates", *_SUITES}
    addresses = dict.fromkeys(t[0] for t in targets if len(t) == 2 and t[1] in releases)
    return tuple(sorted(addresses, key=lambda uri: not uri.rstrip("/").endswith("/debian")))


def settings(wanted: Wanted, work: Path, architecture: str) -> str:
    """apt's settings for a stay in `work`. Read after the machine's own, so it wins where they clash."""
    return f"""\
Dir::State "{work}/state";
Dir::State::status "{work}/status";
Dir::Cache "{work}/cache";
Dir::Cache::archives "{work}/archives";
Dir::Etc::sourcelist "{work}/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Architectures;
APT::Architectures {{ "{architecture}"; }};
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


def status(left_out: Iterable[str], architecture: str) -> str:
    """A dpkg status in which the packages that are left out count as installed."""
    entry = "Package: {}\nStatus: install ok installed\nVersion: 999:0\nArchitecture: {}\n"
    entry += "Maintainer: nobody <nobody@localhost>\nDescription: left out\n"
    return "\n".join(entry.format(name, architecture) for name in left_out)


def _download(wanted: Wanted, mirror_list: Sequence[str], work: Path, say: Say) -> list[Path]:
    for folder in ("state/lists/partial", "cache", "archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    architecture = _run(["dpkg", "--print-architecture"]).strip()
    (work / "apt.conf").write_text(settings(wanted, work, architecture))
    (work / "status").write_text(status(wanted.left_out, architecture))
    apt = ["apt-get", "-c", str(work / "apt.conf"), "-q", "-y"]
    faults = []
    for mirror in mirror_list:
        say(f"fetching {', '.join(wanted.packages)} and what it needs from Debian's {wanted.suite}")
        (work / "sources.list").write_text(_source(mirror, wanted.suite))
        try:
            _run([*apt, "update"])
            _run([*apt, "--download-only", "install", *wanted.packages])
            _run([*apt, "autoclean"])  # what an earlier, cut-off try fetched in an older version
            return sorted((work / "archives").glob("*.deb"))
        except SetupError as error:
            faults.append(str(error))
    raise SetupError("\n".join(faults))


def _source(mirror: str, suite: str) -> str:
    keys = Path("/usr/share/keyrings")
    signed = [f"signed-by={keys / name} " for name in _KEYRINGS if (keys / name).exists()][:1]
    return f"deb [{''.join(signed)}target=Packages] {mirror} {suite} main\n"


def _candidate(package: str) -> bool:
    """Does apt know a version it could install? Not so before the first `apt-get update`."""
    return bool(re.search(r"Candidate: [^(\s]", _run(["apt-cache", "policy", package])))


def _codename() -> str:
    release = Path("/etc/os-release")
    text = release.read_text("utf-8") if release.exists() else ""
    match = re.search(r"^VERSION_CODENAME=\"?([\w-]+)", text, re.M)
    return match[1] if match else ""


def _run(command: Sequence[str]) -> str:
    """What the command printed. Raises SetupError with its end when it fails."""
    environ = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SetupError(f"{command[0]} took longer than {LIMIT} s: is the network there?") from None
    except OSError as error:
        raise SetupError(f"{command[0]}: {error.strerror}") from None
    output = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise SetupError(f"{command[0]} failed ({done.returncode}): {output.strip()[-800:]}")
    return output
