"""/phone: a telephone in the browser that dials the hotline, while the demo is on: you are the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from gateway.web.http.sip_guard import VISITOR
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages

MICROPHONE = "camera=(), microphone=(self), geolocation=()"
_WORDS = {
    "idle": ("可以呼叫", "Ready to call"),
    "call": ("呼叫", "Call"),
    "hang_up": ("挂断", "Hang up"),
    "connecting": ("正在连接…", "Connecting …"),
    "calling": ("正在呼叫…", "Calling …"),
    "ringing": ("正在呼叫…", "Calling …"),
    "talking": ("已接通", "Connected"),
    "gone": ("与电话系统的连接断开，正在重试", "The connection is lost; trying again"),
    "refused": ("电话系统拒绝了连接", "The telephone system refused"),
    "microphone": ("没有麦克风，或未获允许", "There is no microphone, or it is not allowed"),
    "sound": ("浏览器不允许播放声音：请点击页面", "The browser does not play sound: click into the page"),
}


@dataclass(frozen=True, slots=True)
class BrowserPhones:
    """What phones in a browser need: the bundle of npm parts (None: not made), where Asterisk's WebSocket
    is, the visitor's password ("" when the demo is off), and those of the seats, by agent."""

    bundle: Path | None
    socket: str
    visitor: str = ""
    seats: Mapping[str, str] = field(default_factory=dict, repr=False)


class PhonePage:
    """The page. In it is the password of the SIP user `visitor`, who can only call the hotline."""

    def __init__(self, pages: Pages, phones: BrowserPhones) -> None:
        self._pages = pages
        self._phones = phones

    def add(self, app: web.Application) -> None:
        self._pages.add(app, "GET", "/phone", self.show)

    async def show(self, request: web.Request, look: Look) -> web.StreamResponse:
        words = {name: look.t(*both) for name, both in _WORDS.items()}
        return self._pages.show(
            look,
            "phone.html",
            headers={"Permissions-Policy": MICROPHONE, "Cache-Control": "no-store"},
            words=words,
            user=VISITOR,
            password=self._phones.visitor,
            bundle=self._phones.bundle is not None,
        )
