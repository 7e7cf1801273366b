"""Asterisk's configuration for the bench: the shipped one, and a number for each way to run the same menu.

The line-taking, the journal and the gateway's turn before a menu are not written again here: their
blocks are taken out of the shipped extensions.conf, so that what is compared stays what is shipped. All
numbers but the bare one come in by the shipped way, too, where called and calling number are looked at.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.menu import NATIVE

ARI_MODULES = (
    "res_websocket_client",
    "res_stasis",
    "res_stasis_answer",
    "res_stasis_playback",
    "res_stasis_recording",
    "res_stasis_snoop",
    "res_ari",
    "res_ari_model",
    "res_ari_events",
    "res_ari_channels",
    "res_ari_playbacks",
    "app_stasis",
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run the menu: its name in tables, and the number that callers dial for it."""

    name: str
    number: str


BARE = Variant("native dialplan, bare", "9000")
NATIVE_MENU = Variant("native dialplan", "9001")
GATEWAY = Variant("gateway (FastAGI)", "12315")
SERVED = Variant("gateway (FastAGI), no item", "9002")
PROCESS = Variant("process AGI", "9003")
ARI = Variant("ARI application", "9004")
BARE_FASTAGI = Variant("bare FastAGI server", "9005")


def lay_configuration(
    shipped: Path, folder: Path, ari_password: str, script: tuple[str, ...], fastagi_port: int
) -> None:
    """Copy the shipped *.conf into `folder` and add the bench's numbers, modules and ARI user.

    `script` is the command line of the process AGI, `fastagi_port` the bare server's. Raises
    ValueError when a block of the shipped dialplan is not as it is expected here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in shipped.glob("*.conf"):
        shutil.copyfile(file, folder / file.name)
    text = (shipped / "extensions.conf").read_text("utf-8")
    (folder / "extensions.conf").write_text(text + additions(text, script, fastagi_port), "utf-8")
    with (folder / "modules.conf").open("a") as modules:
        modules.writelines(f"load = {name}.so\n" for name in ARI_MODULES)
    (folder / "ari.conf").write_text(
        "[general]\nenabled = yes\n\n"
        f"[bench]\ntype = user\nread_only = no\npassword_format = plain\npassword = {ari_password}\n"
    )


def additions(shipped: str, script: tuple[str, ...], fastagi_port: int) -> str:
    """What the bench adds to the shipped dialplan."""
    hotline = _changed(
        block(shipped, "hotline"),
        ("[hotline]", "[bench-hotline]"),
        ("Goto(flow,begin,1)", "Goto(${BENCH},s,1)"),
    )
    served = _changed(
        block(shipped, "flow"),
        ("[flow]", "[bench-served]"),
        ("exten => begin,1,", "exten => s,1,"),
        (" same => n(back),", " same => n(back),Set(OUTCOME=served)\n same => n,"),
    )
    numbers = f"\n[from-trunk](+)\nexten => {BARE.number},1,Answer()\n same => n,Goto(bench-a,s,1)\n"
    numbers += "\n[called](+)\n"
    for variant, context in (
        (NATIVE_MENU, "bench-a"),
        (SERVED, "bench-served"),
        (PROCESS, "bench-process"),
        (ARI, "bench-ari"),
        (BARE_FASTAGI, "bench-fastagi"),
    ):
        numbers += f"exten => 0{variant.number},1,Set(BENCH={context})\n same => n,Goto(bench-hotline,s,1)\n"
    process = f"[bench-process]\nexten => s,1,AGI({','.join(script)})\n same => n,Hangup()\n"
    ari = "[bench-ari]\nexten => s,1,Stasis(bench)\n same => n,Hangup()\n"
    bare = f"[bench-fastagi]\nexten => s,1,AGI(agi://127.0.0.1:{fastagi_port}/menu)\n same => n,Hangup()\n"
    return "\n".join([numbers, hotline, served, process, ari, bare, NATIVE])


def block(text: str, context: str) -> str:
    """One context of a dialplan, its head included. Raises ValueError when it is not there."""
    found = re.search(rf"^\[{re.escape(context)}\]$.*?(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"the shipped dialplan has no [{context}]")
    return found[0]


def _changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        if text.count(old) != 1:
            raise ValueError(f"{old!r} stands {text.count(old)} times in a block of the shipped dialplan")
        text = text.replace(old, new)
    return text
