"""`gateway user show | list`: seats and their passwords."""

from __future__ import annotations

import argparse
import json

from gateway import config
from gateway.errors import OperatorError
from gateway.secrets import load_secrets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway user`."""
    what = parser.add_subparsers(dest="what", required=True)
    show = what.add_parser("show", help="one agent's accounts")
    show.add_argument("agent")
    show.add_argument("--json", action="store_true")
    what.add_parser("list", help="all agents")


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0. Raises OperatorError for an agent that gateway.toml does not have."""
    settings = config.load()
    if arguments.what == "list":
        for agent in settings.agents:
            print(agent.id, agent.seat, agent.name)
        return 0
    wanted = settings.agent(arguments.agent)
    if wanted is None:
        raise OperatorError(f"no agent {arguments.agent}; known: {', '.join(a.id for a in settings.agents)}")
    known = load_secrets(settings.var, [a.id for a in settings.agents]).seats[wanted.id]
    shown = {
        "id": wanted.id,
        "name": wanted.name,
        "sip_user": wanted.seat,
        "sip_password": known.sip,
        "web_password": known.web,
    }
    if arguments.json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        print("\n".join(f"{key}: {value}" for key, value in shown.items()))
    return 0
