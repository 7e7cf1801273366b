"""The bench's menu as a process AGI: Asterisk starts this script anew for every call."""

from __future__ import annotations

import sys

MENU = {"a": {"1": "b", "2": "c"}, "b": {"1": "a", "2": "c"}, "c": {"2": ""}}


def ask(command: str) -> str:
    """Send one command; the word behind result=. "-1" when the channel has gone."""
    sys.stdout.write(command + "\n")
    sys.stdout.flush()
    line = sys.stdin.readline()
    while line.startswith(("100", "HANGUP")):
        line = sys.stdin.readline()
    return line.partition("result=")[2].split(" ")[0].strip() or "-1"


def main(sounds: str) -> None:
    """Read the header, then walk the menu until it ends or the caller does."""
    while sys.stdin.readline().strip():
        pass
    at = "a"
    while at:
        result = ask(f'GET OPTION "{sounds}/bench_{at}" "0123456789*#" 4000')
        key = chr(int(result)) if result.isdecimal() and result != "0" else ""
        if not key:
            return
        at = MENU[at].get(key, at)


main(sys.argv[1])
