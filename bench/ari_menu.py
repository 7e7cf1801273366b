"""The bench's menu as an ARI application: a process that holds a WebSocket and sends HTTP requests.

Started by the bench with the address of Asterisk's HTTP server, the user's password and the folder of
sounds; prints a line when it is connected, and runs until it is ended.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from dataclasses import dataclass

import aiohttp
import uvloop

APP = "bench"
USER = "bench"
MENU = {"a": {"1": "b", "2": "c"}, "b": {"1": "a", "2": "c"}, "c": {"2": ""}}


@dataclass(slots=True)
class Place:
    """Where a caller is, and what he hears there."""

    at: str
    playback: str = ""
    plays: int = 0


class Application:
    """All calls of the application."""

    def __init__(self, session: aiohttp.ClientSession, base: str, sounds: str) -> None:
        self._session = session
        self._base = base
        self._sounds = sounds
        self._places: dict[str, Place] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take events until the connection ends."""
        async with self._session.ws_connect(f"{self._base}/events?app={APP}") as socket:
            print("connected", flush=True)
            async for message in socket:
                event = message.json()
                task = asyncio.create_task(self._take(event))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _take(self, event: dict[str, object]) -> None:
        channel = event.get("channel")
        if not isinstance(channel, dict):
            return
        call = str(channel["id"])
        match event["type"]:
            case "StasisStart":
                self._places[call] = Place("a")
                await self._play(call, self._places[call])
            case "ChannelDtmfReceived" if call in self._places:
                await self._key(call, self._places[call], str(event["digit"]))
            case "StasisEnd":
                self._places.pop(call, None)

    async def _key(self, call: str, place: Place, key: str) -> None:
        to = MENU[place.at].get(key)
        if to is None:
            return
        await self._ask("DELETE", f"playbacks/{place.playback}")
        if not to:
            await self._ask("DELETE", f"channels/{call}")
            return
        place.at = to
        await self._play(call, place)

    async def _play(self, call: str, place: Place) -> None:
        place.plays += 1
        place.playback = f"{call}-{place.plays}"
        sound = f"sound:{self._sounds}/bench_{place.at}"
        await self._ask("POST", f"channels/{call}/play/{place.playback}", media=sound)

    async def _ask(self, method: str, path: str, **query: str) -> None:
        """A playback or a channel that has gone meanwhile is no fault."""
        async with self._session.request(method, f"{self._base}/{path}", params=query) as answer:
            await answer.read()


async def main(address: str, password: str, sounds: str) -> None:
    connector = aiohttp.TCPConnector(limit=200)
    login = base64.b64encode(f"{USER}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {login}"}
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        await Application(session, f"http://{address}/ari", sounds).run()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:4]))
