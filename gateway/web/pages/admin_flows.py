"""Flows and prompts in the administrator's page: a draft drawn, edited, checked, walked, published, taken
back; a prompt heard, recorded anew, and where it is spoken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from gateway.core.flow.simulation import Conditions, Happened, Pressed, Said, Transcript
from gateway.core.rights import Right, may
from gateway.core.roles import Account
from gateway.errors import FlowError, NotAllowed, NotFound, PromptError
from gateway.flows.desk import Draft, FlowDesk
from gateway.flows.prompts import Prompts
from gateway.flows.recordings import LARGEST, Recordings
from gateway.flows.store import ALL, PARTNERS
from gateway.web.http.auth import Gate
from gateway.web.http.route import AuditNotes
from gateway.web.pages.admin import ActResult, Fields, refused
from gateway.web.pages.look import Look
from gateway.web.pages.pages import Pages

PICTURE = "default-src 'none'; style-src 'unsafe-inline'"
FORM = ("WAV、8000 Hz、单声道、16 位", "WAV, 8000 Hz, mono, 16 bit")
FLAGS = {
    "after_hours": ("下班时间", "closed"),
    "no_agent": ("无人签入", "nobody signed in"),
    "queue_full": ("排队已满", "queue full"),
    "long_wait": ("久等无人接", "long wait"),
    "disk_full": ("磁盘已满", "disk full"),
}
OUTCOMES = {
    "talk": ("坐席接听", "an agent answered"),
    "message": ("留下留言", "a message is saved"),
    "call_back": ("预约回电", "a call-back is booked"),
    "partner": ("与协作单位通话", "talked to a partner"),
    "ended": ("流程结束", "the flow ended"),
    "hung_up": ("来电人挂机", "the caller hung up"),
}


@dataclass(frozen=True, slots=True)
class WalkLine:
    """One line of a walked call: second, who ("hotline", "caller", ""), what."""

    at: float
    who: str
    text: str


class FlowsPart:
    """The drafts, and the versions that were published."""

    name, zh, en = "flows", "语音流程", "Flows"

    def __init__(self, desk: FlowDesk, notes: AuditNotes) -> None:
        self._desk = desk
        self._notes = notes

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        return await asyncio.to_thread(self._read, look, asked)

    def _read(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        desk, store = self._desk, self._desk.store
        drafts = desk.drafts()
        named = asked.get("flow") or store.entries[0]
        draft = next((draft for draft in drafts if draft.name == named), None)
        if draft is None:
            raise NotFound
        is_flow = "/" not in draft.name
        return {
            "drafts": drafts,
            "draft": draft,
            "is_flow": is_flow,
            "faults": _tried(lambda: desk.problems(draft.name)),
            "all_faults": _tried(desk.problems),
            "changes": _tried(desk.changes, ()) if any(row.changed for row in drafts) else (),
            "flags": {name: look.t(*words) for name, words in FLAGS.items()},
            "walk": self._walk(look, draft, asked) if is_flow and "keys" in asked else None,
            "given": asked,
            "versions": tuple(reversed(store.versions()))[:20],
            "in_force": store.number(),
        }

    def _walk(self, look: Look, draft: Draft, asked: Fields) -> Mapping[str, Any]:
        given = asked.get("keys", "")
        keys = [key.strip() for key in given.split(",")] if given.strip() else []
        world = _world({name for name in FLAGS if asked.get(name)})
        try:
            call = self._desk.walk(draft.name, keys, world)
        except FlowError as error:
            return {"fault": str(error)}
        lines = tuple(walk_lines(call, self._desk.prompts(), look))
        outcome = look.t(*OUTCOMES[call.outcome.value])
        return {"lines": lines, "outcome": outcome, "seconds": call.seconds, "path": call.path}

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        name = fields.get("flow", "")
        match act:
            case "save":
                return await self._save(name, fields)
            case "publish":
                return await self._publish(name, fields, account)
            case "rollback":
                return await self._roll_back(fields, account)
            case _:
                raise NotFound

    async def _save(self, name: str, fields: Fields) -> ActResult:
        before = await asyncio.to_thread(self._desk.draft, name)
        await asyncio.to_thread(self._desk.save, name, fields.get("text", ""), fields.get("mark", ""))
        after = await asyncio.to_thread(self._desk.draft, name)
        await self._notes.note("flow.save", name)
        back = {"act": "save", "flow": name, "text": before.text, "mark": after.mark}
        return ActResult(
            "草稿已保存，发布后才对新来电生效", "the draft is saved; it holds once it is published", undo=back
        )

    async def _publish(self, name: str, fields: Fields, account: Account) -> ActResult:
        share = PARTNERS if name.startswith(f"{PARTNERS}/") else name or ALL
        why = " ".join(fields.get("why", "").split())[:200]
        if not why:
            return refused("请填写说明", "say why", "why")
        before = self._desk.store.number()
        number = await asyncio.to_thread(self._desk.store.publish, share, account.name, why)
        if number == before:
            return refused("没有需要发布的改动", "nothing differs from what is in force")
        await self._notes.note("flow.publish", share, {"version": number, "why": why})
        back = {"act": "rollback", "flow": name, "to": str(before)}
        zh = f"第 {number} 版已生效，进行中的通话按原流程走完"
        return ActResult(zh, f"version {number} is in force; calls in progress end on theirs", undo=back)

    async def _roll_back(self, fields: Fields, account: Account) -> ActResult:
        to = fields.get("to", "")
        if not to.isdecimal():
            raise NotFound
        before = self._desk.store.number()
        number = await asyncio.to_thread(self._desk.store.rollback, ALL, int(to), account.name, "")
        if number == before:
            return refused("与现行版本相同", "it is what is in force")
        await self._notes.note("flow.rollback", ALL, {"version": number, "to": int(to)})
        back = {"act": "rollback", "flow": fields.get("flow", ""), "to": str(before)}
        return ActResult(
            f"已恢复第 {to} 版的内容（作为第 {number} 版）",
            f"version {to} is back as version {number}",
            undo=back,
        )


class PromptsPart:
    """What callers hear."""

    name, zh, en = "prompts", "提示音", "Prompts"

    def __init__(self, recordings: Recordings, desk: FlowDesk, notes: AuditNotes) -> None:
        self._recordings = recordings
        self._desk = desk
        self._notes = notes

    async def facts(self, look: Look, asked: Fields) -> Mapping[str, Any]:
        def read() -> Mapping[str, Any]:
            return {"rows": self._recordings.list(self._desk.store.current()), "largest": LARGEST}

        return await asyncio.to_thread(read)

    async def act(self, act: str, fields: Fields, account: Account) -> ActResult:
        prompt = fields.get("prompt", "")
        if act == "remove":
            await asyncio.to_thread(self._recordings.take_away, prompt)
            zh, en = "的录音已撤下，重启后播放合成音", "speaks with the made sound again from the next start"
        elif act == "undo":
            await asyncio.to_thread(self._recordings.undo, prompt)
            zh, en = "已换回之前的录音，重启后生效", "has its earlier recording back from the next start"
        else:
            raise NotFound
        await self._notes.note(f"prompt.{act}", prompt)
        back = {"act": "undo", "prompt": prompt} if act == "remove" else None
        return ActResult(f"{prompt} {zh}", f"{prompt} {en}", undo=back)

    async def upload(self, fields: Fields, file: bytes, account: Account) -> ActResult:
        """A recording. What does not fit is told with what would be taken."""
        prompt = fields.get("prompt", "")
        if not file:
            return refused(f"请选择录音文件，须为 {FORM[0]}", f"choose a recording: {FORM[1]}", "evidence")
        if len(file) > LARGEST:
            return refused("录音文件超过 4 MB", "the file is over 4 MB", "evidence")
        try:
            await asyncio.to_thread(self._recordings.put, prompt, file)
        except PromptError as error:
            why = error.problems[0].text
            return refused(f"格式不符，须为 {FORM[0]}：{why}", f"it must be {FORM[1]}: {why}", "evidence")
        await self._notes.note("prompt.record", prompt)
        return ActResult(
            f"{prompt} 的录音已保存，重启后生效", f"{prompt} is recorded; it plays from the next start"
        )


class FlowFiles:
    """The addresses /desk/flows and /desk/prompts, the drawings and the sounds."""

    def __init__(self, pages: Pages, gate: Gate, desk: FlowDesk, recordings: Recordings) -> None:
        self._pages = pages
        self._gate = gate
        self._desk = desk
        self._recordings = recordings

    def add(self, app: web.Application) -> None:
        for part in ("flows", "prompts"):
            self._pages.add(app, "GET", f"/desk/{part}", _goes_to(f"/desk/admin?part={part}"))
        self._pages.add(app, "GET", "/desk/flows/{name}.svg", self.picture)
        self._pages.add(app, "GET", "/desk/prompts/{prompt}.wav", self.sound)

    async def picture(self, request: web.Request, look: Look) -> web.StreamResponse:
        """A draft's drawing. NotFound for one that cannot be read."""
        await self._let_in(request)
        try:
            svg = await asyncio.to_thread(self._desk.drawing, request.match_info["name"])
        except FlowError as error:
            raise NotFound from error
        headers = {"Content-Security-Policy": PICTURE, "Cache-Control": "no-store"}
        return web.Response(text=svg, content_type="image/svg+xml", headers=headers)

    async def sound(self, request: web.Request, look: Look) -> web.StreamResponse:
        await self._let_in(request)
        file = await asyncio.to_thread(self._recordings.sound, request.match_info["prompt"])
        return web.FileResponse(file, headers={"Content-Type": "audio/wav", "Cache-Control": "no-store"})

    async def _let_in(self, request: web.Request) -> None:
        account = await self._gate.person(request)
        if account is None or not may(account.role, Right.ADMINISTER):
            raise NotAllowed


def _goes_to(place: str) -> Callable[[web.Request, Look], Any]:
    async def go(request: web.Request, look: Look) -> web.StreamResponse:
        return web.Response(status=303, headers={"Location": place})

    return go


def walk_lines(call: Transcript, prompts: Prompts, look: Look) -> Iterator[WalkLine]:
    """A walked call in the reader's language."""
    for line in call.lines:
        match line:
            case Said(at, clips):
                texts = [_text(clip, prompts, look) for clip in clips]
                yield WalkLine(at, "hotline", look.t("", " ").join(texts))
            case Pressed(at, keys):
                yield WalkLine(
                    at,
                    "caller",
                    look.t("按 ", "presses ") + keys if keys else look.t("（不按键）", "(no key)"),
                )
            case Happened(at, zh, en):
                yield WalkLine(at, "", look.t(zh, en))


def _world(flags: Collection[str]) -> Conditions:
    return Conditions(
        after_hours="after_hours" in flags,
        no_agent="no_agent" in flags,
        queue_full="queue_full" in flags,
        long_wait="long_wait" in flags,
        disk_full="disk_full" in flags,
    )


def _text(clip: str, prompts: Prompts, look: Look) -> str:
    return look.t(prompts[clip].zh, prompts[clip].en) if clip in prompts else f"[{clip}]"


def _tried(read: Callable[[], Sequence[Any]], other: Sequence[Any] | None = None) -> Sequence[Any]:
    """What `read` gives; its faults as lines, or `other`, where a draft cannot be read."""
    try:
        return read()
    except (FlowError, PromptError) as error:
        return error.problems if other is None else other
