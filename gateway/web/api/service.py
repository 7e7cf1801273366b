"""What the gateway tells of itself: /healthz, /metrics, /openapi.json, /docs, and its events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from aiohttp import web

from gateway.calls.views import ItemCount, PartHealth
from gateway.core.rights import Right
from gateway.errors import Refused, StorageDown
from gateway.tasks import Supervisor
from gateway.web.api.events import EventFeed
from gateway.web.api.figure_models import EventsAsked
from gateway.web.api.figures import FiguresApi
from gateway.web.api.health import HealthShown, health
from gateway.web.api.metrics import CONTENT_TYPE, Metrics
from gateway.web.api.outbox import PostLedger
from gateway.web.http import openapi
from gateway.web.http.route import Answer, ApiRequest, Route
from gateway.web.http.writing import encoded
from gateway.web.pages import docs as docs_page
from gateway.web.ports import Board, Store

HOLD = 1.0  # seconds


class Described:
    """A description of the routes, made once and when it is first asked for: it takes a second of computing,
    which neither the start nor the event loop has to wait for."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        self._make = make
        self._body = b""
        self._making = asyncio.Lock()

    async def body(self) -> bytes:
        async with self._making:
            if not self._body:
                self._body = await asyncio.to_thread(self._make)
        return self._body


class ServiceApi:
    """`describe` takes all routes once they are known."""

    def __init__(
        self,
        store: Store,
        board: Board,
        metrics: Metrics,
        feed: EventFeed,
        title: str,
        figures: FiguresApi | None = None,
        post: PostLedger | None = None,
        *,
        tasks: Supervisor,
        health_parts: Callable[[], Mapping[str, PartHealth]] = dict,
        peers: tuple[str, ...] = (),
    ) -> None:
        self._health_parts = health_parts
        self._peers = peers
        self._counted: tuple[float, list[ItemCount] | None] | None = None
        self._counting = asyncio.Lock()
        self._post = post
        self._tasks = tasks
        self._store = store
        self._board = board
        self._metrics = metrics
        self._feed = feed
        self._title = title
        self._figures = figures
        self.describe(())

    def describe(self, routes: tuple[Route, ...]) -> None:
        self._openapi = Described(lambda: encoded(openapi.document(routes, self._title)))
        self._page = Described(lambda: docs_page.page(routes, self._title).encode())

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/healthz",
                "healthz",
                "存储、话务系统和后台任务是否正常",
                "Whether storage and PBX answer and background tasks run; 503 names the part that does not",
                self.healthz,
                {200: HealthShown, 503: HealthShown},
            ),
            Route(
                "GET",
                "/metrics",
                "metrics",
                "Prometheus 指标",
                "Metrics for Prometheus; without a token from the networks of web.metrics_peers",
                self.metrics,
                {200: None},
                right=Right.READ_METRICS,
                peers=self._peers,
                media="text/plain",
            ),
            Route(
                "GET",
                "/openapi.json",
                "openapi",
                "本接口的 OpenAPI 说明",
                "This interface as OpenAPI",
                self.openapi,
                {200: None},
                media="application/json",
            ),
            Route(
                "GET",
                "/docs",
                "docs",
                "本页",
                "This interface as a page",
                self.docs,
                {200: None},
                media="text/html",
            ),
            Route(
                "GET",
                "/api/v1/events",
                "events",
                "实时事件（WebSocket）",
                "What happens now, over a WebSocket",
                self._feed.serve,
                {101: None},
                right=Right.WATCH_BOARD,
                query=EventsAsked,
                headers=(("Sec-WebSocket-Protocol", "bearer.<token>, for browsers"),),
                refuses=(Refused, StorageDown),
            ),
        )

    async def healthz(self, request: ApiRequest) -> Answer:
        health_now = await health(self._store, self._board, self._tasks, self._post, self._health_parts())
        return Answer(health_now, 503 if health_now.status == "down" else 200)

    async def metrics(self, request: ApiRequest) -> web.StreamResponse:
        today = await self._figures.lately() if self._figures else None
        text = self._metrics.text(
            await self._items(), self._feed.clients, today, await self._deliveries(), self._health_parts()
        )
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE})

    async def _items(self) -> list[ItemCount] | None:
        """Items by state and channel, up to HOLD seconds old: whoever asks often costs nothing."""
        async with self._counting:
            now = asyncio.get_running_loop().time()
            if self._counted is None or now - self._counted[0] >= HOLD:
                self._counted = now, await self._count()
            return self._counted[1]

    async def _count(self) -> list[ItemCount] | None:
        try:
            return list(await self._store.counts())
        except StorageDown:
            return None

    async def _deliveries(self) -> Mapping[tuple[str, str], int] | None:
        try:
            return await self._post.counts() if self._post else None
        except StorageDown:
            return None

    async def openapi(self, request: ApiRequest) -> web.StreamResponse:
        return web.Response(body=await self._openapi.body(), content_type="application/json", charset="utf-8")

    async def docs(self, request: ApiRequest) -> web.StreamResponse:
        headers = {"Content-Security-Policy": docs_page.POLICY}
        page = await self._page.body()
        return web.Response(body=page, content_type="text/html", charset="utf-8", headers=headers)
