"""`gateway prompts`: build the sounds of prompts, list them, hear what a recogniser makes of them."""

from __future__ import annotations

import argparse

from gateway.flows.prompts import load_prompts, stale
from gateway.settings.load import load


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway prompts`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser("build", help="make the sounds that are missing or out of date")
    build.add_argument("ids", nargs="*", metavar="ID", help="only these prompts")
    build.add_argument("--force", action="store_true", help="make them even if they are up to date")
    actions.add_parser("check", help="name every prompt whose sound is missing or out of date (exit 1)")
    actions.add_parser("list", help="each prompt with its sound's length, level and silences")
    listen = actions.add_parser(
        "listen", help="let a recogniser hear every prompt; writes docs/reference/prompts.md"
    )
    listen.add_argument(
        "ids", nargs="*", metavar="ID", help="only these prompts; the table is then left alone"
    )


def run(args: argparse.Namespace) -> int:
    """Carry out one `gateway prompts` action. Raises PromptError and SetupError."""
    settings = load()
    prompts = load_prompts(settings.root / settings.flows.folder / "prompts.yaml")
    match args.action:
        case "check":
            problems = stale(prompts)
            print("\n".join(map(str, problems)) or f"{len(prompts.by_id)} prompts, every sound is up to date")
            return 1 if problems else 0
        case "build":
            from gateway.setup.voice_engine import studio

            wide = settings.var / "sounds" / "16k"
            wanted = [prompts[prompt_id] for prompt_id in args.ids] or list(prompts)
            print(f"{len(studio.build(prompts, wanted, wide, args.force))} sounds made")
        case "list":
            from gateway.setup.voice_engine import studio

            print("\n".join(studio.figures(prompts)))
        case "listen":
            from gateway.setup.voice_engine import studio

            document = None if args.ids else settings.root / "docs" / "reference" / "prompts.md"
            return studio.listen(prompts, [prompts[prompt_id].id for prompt_id in args.ids], document)
    return 0
