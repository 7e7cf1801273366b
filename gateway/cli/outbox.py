"""`gateway outbox`: deliveries that wait, dead letters, sending again, and webhooks switched off."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from gateway.cli.storage import opened
from gateway.core.item.delivery import Delivery, DeliveryState, shown_address
from gateway.errors import OperatorError
from gateway.notify.deliveries import drop, resend
from gateway.notify.webhook import failing_since, resume
from gateway.settings.load import load
from gateway.settings.schema import Config
from gateway.storage import Storage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `gateway outbox`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="deliveries, the newest first, and webhooks that fail")
    listing.add_argument("--state", choices=[state.value for state in DeliveryState], help="only these")
    listing.add_argument("--number", default="", help="only what is about this item")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="rows (50)")
    for name, text in (
        ("show", "one delivery, with what is to be sent"),
        ("resend", "send what is dead, bounced or dropped once more"),
        ("drop", "give up what waits or is dead: nothing is sent"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("id", type=int, metavar="ID", help="as `list` shows it")
        if name == "drop":
            action.add_argument("--reason", default="", help="why, for the audit log")
    again = actions.add_parser("resume", help="try a webhook again that was switched off")
    again.add_argument("webhook", metavar="WEBHOOK", help="its id in gateway.toml")


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when there is no such delivery in such a state. Raises OperatorError, StorageDown."""
    return asyncio.run(_run(arguments, load()))


async def _run(args: argparse.Namespace, settings: Config) -> int:
    async with opened(settings) as storage:
        match args.action:
            case "list":
                return await _list(storage, args, settings)
            case "show":
                return await _show(storage, args.id)
            case "resume":
                if args.webhook not in {hook.id for hook in settings.webhooks}:
                    raise OperatorError(f"no webhook {args.webhook!r} in gateway.toml")
                await resume(storage.once, args.webhook)
                print(f"{args.webhook}: 将重新尝试 / is tried again")
                return 0
            case "resend":
                done = await resend(storage.outbox, storage.audit, args.id, datetime.now(UTC))
                return _told(args.id, DeliveryState.WAITING) if done else _none(args.id)
            case _:
                done = await drop(storage.outbox, storage.audit, args.id, datetime.now(UTC), args.reason)
                return _told(args.id, DeliveryState.DROPPED) if done else _none(args.id)


async def _list(storage: Storage, args: argparse.Namespace, settings: Config) -> int:
    state = DeliveryState(args.state) if args.state else None
    deliveries = await storage.outbox.list(state, args.number, 0, max(1, args.limit))
    print(f"{'ID':>6}  {'state':8}  {'way':16}  {'number':12}  {'tries':>5}  {'made':16}  to / error")
    for delivery in deliveries:
        print(_row(delivery))
    for hook in settings.webhooks:
        if since := await failing_since(storage.once, hook.id):
            print(f"webhook {hook.id}: 自此失败 / fails since {since:%Y-%m-%d %H:%M} UTC")
    return 0


async def _show(storage: Storage, delivery_id: int) -> int:
    delivery = await storage.outbox.get(delivery_id)
    if delivery is None:
        return _none(delivery_id)
    print(_row(delivery))
    for name, value in delivery.draft.content.items():
        print(f"{name}: {value}")
    return 0


def _told(delivery_id: int, state: DeliveryState) -> int:
    print(f"{delivery_id}: {state.value}")
    return 0


def _none(delivery_id: int) -> int:
    print(f"there is no delivery {delivery_id} that this can be done with", file=sys.stderr)
    return 1


def _row(delivery: Delivery) -> str:
    d = delivery.draft
    tail = f"{shown_address(d.address)}  {delivery.error}".rstrip()
    return (
        f"{delivery.id:6}  {delivery.state.value:8}  {d.way:16}  {delivery.number:12}  {delivery.attempts:5}"
        f"  {delivery.made_at:%Y-%m-%d %H:%M}  {tail}"
    )
