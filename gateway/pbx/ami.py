"""What Asterisk is asked to do over its manager interface: one method for each action.

The connection itself, and `action` for any other action, are AmiConnection's. Used by asterisk.AsteriskPbx.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.pbx.ami_connection import AmiConnection, AmiState, AmiTiming
from gateway.pbx.ami_frames import AmiEvent
from gateway.pbx.ami_link import AmiFailed, AmiLost, AmiTimeout, Value
from gateway.pbx.ami_seen import ChannelSeen, QueueCallerSeen, QueueMemberSeen, Snapshot

__all__ = [
    "Ami",
    "AmiEvent",
    "AmiFailed",
    "AmiLost",
    "AmiOutcome",
    "AmiState",
    "AmiTimeout",
    "AmiTiming",
    "ChannelSeen",
    "QueueCallerSeen",
    "QueueMemberSeen",
    "Snapshot",
    "assignment",
]


@dataclass(frozen=True, slots=True)
class AmiOutcome:
    """Asterisk's answer to a command. `action_id` is in the events an Originate brings later."""

    ok: bool
    message: str
    action_id: str = ""


def assignment(name: str, value: str) -> str:
    """One `name=value` for a Variable header, its value kept from being taken apart at commas.

    Raises ValueError for an empty name and one with "=" in it.
    """
    if not name or "=" in name:
        raise ValueError("a variable's name is not empty and has no = in it")
    return "=".join("".join("\\" + c if c in '\\",()[]' else c for c in part) for part in (name, value))


class Ami(AmiConnection):
    """One manager account on one Asterisk. `start`, then actions and events, `close` for good."""

    async def command(self, cli: str, *, limit: float | None = None) -> str:
        """Run a console command; its output. Raises AmiFailed when Asterisk knows no such command."""
        answer = await self.action("Command", limit=limit, Command=cli)
        if answer.get("Response") != "Success":
            raise AmiFailed(f"{cli}: {answer.get('Output') or answer.get('Message', '')}")
        return answer.get("Output", "")

    async def setvar_global(self, name: str, value: str) -> AmiOutcome:
        """Set a global variable of the dialplan."""
        return await self._do("Setvar", Variable=name, Value=value)

    async def setvar(self, channel: str, name: str, value: str) -> AmiOutcome:
        """Set a variable (two underscores before its name: inherited by every leg) or write a function."""
        return await self._do("Setvar", Channel=channel, Variable=name, Value=value)

    async def originate(
        self,
        channel: str,
        *,
        context: str = "",
        exten: str = "s",
        priority: int = 1,
        application: str = "",
        data: str = "",
        caller_id: str = "",
        ring_seconds: float = 30.0,
        variables: Mapping[str, str] | None = None,
        channel_id: str = "",
    ) -> AmiOutcome:
        """Dial `channel` and send it to the dialplan, or to `application`. Always asynchronous.

        The outcome says that Asterisk took it on; OriginateResponse with the same ActionID says
        how it went. After AmiTimeout or AmiLost it is unknown whether it dials: look, never repeat.
        """
        target: dict[str, Value] = {"Context": context, "Exten": exten, "Priority": priority}
        if application:
            target = {"Application": application, "Data": data}
        optional = {"CallerID": caller_id, "ChannelId": channel_id}
        return await self._do(
            "Originate",
            Channel=channel,
            Timeout=round(ring_seconds * 1000),
            Async="true",
            Variable=[assignment(*pair) for pair in (variables or {}).items()],
            **target,
            **{key: value for key, value in optional.items() if value},
        )

    async def redirect(
        self,
        channel: str,
        context: str,
        exten: str,
        priority: int = 1,
        *,
        extra_channel: str = "",
        extra_context: str = "",
        extra_exten: str = "",
        extra_priority: int = 1,
    ) -> AmiOutcome:
        """Send a channel, or two at once, elsewhere. A dead leg answers not ok and moves nobody."""
        fields: dict[str, Value] = {
            "Channel": channel,
            "Context": context,
            "Exten": exten,
            "Priority": priority,
        }
        if extra_channel:
            fields |= {
                "ExtraChannel": extra_channel,
                "ExtraContext": extra_context or context,
                "ExtraExten": extra_exten or exten,
                "ExtraPriority": extra_priority,
            }
        return await self._do("Redirect", **fields)

    async def hangup(self, channel: str, cause: int = 16) -> AmiOutcome:
        """Hang one channel up. A pattern between slashes, which would end many, is refused."""
        if channel.startswith("/"):
            raise ValueError("one channel's name is wanted, not a pattern")
        return await self._do("Hangup", Channel=channel, Cause=cause)

    async def receive_key(self, channel: str, key: str) -> AmiOutcome:
        """As if whoever is on this channel had pressed a key."""
        return await self._do("PlayDTMF", Channel=channel, Digit=key, Receive="yes")

    async def queue_add(
        self,
        queue: str,
        interface: str,
        *,
        member_name: str = "",
        penalty: int = 0,
        paused: bool = False,
        state_interface: str = "",
    ) -> AmiOutcome:
        """Sign a seat in. Not ok when it is in the queue already."""
        optional = {"MemberName": member_name, "StateInterface": state_interface}
        return await self._do(
            "QueueAdd",
            Queue=queue,
            Interface=interface,
            Penalty=penalty,
            Paused=_word(paused),
            **{key: value for key, value in optional.items() if value},
        )

    async def queue_remove(self, queue: str, interface: str) -> AmiOutcome:
        """Sign a seat out. Not ok when it is not in the queue."""
        return await self._do("QueueRemove", Queue=queue, Interface=interface)

    async def queue_pause(
        self, interface: str, paused: bool, *, queue: str = "", reason: str = ""
    ) -> AmiOutcome:
        """Pause or unpause a seat, in all queues when none is named."""
        optional = {"Queue": queue, "Reason": reason}
        return await self._do(
            "QueuePause",
            Interface=interface,
            Paused=_word(paused),
            **{key: value for key, value in optional.items() if value},
        )

    async def _do(self, name: str, **fields: Value) -> AmiOutcome:
        action_id, answer = await self.act(name, fields)
        return AmiOutcome(answer.get("Response") == "Success", answer.get("Message", ""), action_id)


def _word(flag: bool) -> str:
    return "true" if flag else "false"
