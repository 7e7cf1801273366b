"""The web application: all routes behind the same middlewares, and the server that listens.

`make_app` is for wiring and for tests; `listen` is what `gateway run` calls. What the application
consists of stands in features.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from aiohttp import web

from gateway.channels.registry import REGISTRY
from gateway.errors import SetupError
from gateway.keeping.last import read_last
from gateway.settings.schema import Web
from gateway.tasks import Supervisor
from gateway.web.api.board_push import BoardPush
from gateway.web.api.events import EventFeed
from gateway.web.api.figures import FiguresApi
from gateway.web.api.metrics import Metrics
from gateway.web.api.sealed import Sealed
from gateway.web.features import Shared, add_pages, api_routes, call_rights
from gateway.web.http.addresses import told_by
from gateway.web.http.auth import Gate
from gateway.web.http.connections import Connections, ConnectionsSite, most_connections
from gateway.web.http.fields import NUMBER
from gateway.web.http.problem import problems
from gateway.web.http.rates import Rates
from gateway.web.http.request_log import add_headers, logged
from gateway.web.http.route import LARGEST_BODY, Route, handler
from gateway.web.http.uploads import Uploads
from gateway.web.pages.wallboard import Wallboard
from gateway.web.parts import WebParts as WebParts
from gateway.web.parts import utc_now as utc_now
from gateway.web.ports import Board

SHUTDOWN = 3.0  # seconds for requests that go on when the gateway ends

FEED = web.AppKey("feed", EventFeed)
METRICS = web.AppKey("metrics", Metrics)
ROUTES = web.AppKey("routes", tuple)


def make_app(parts: WebParts) -> web.Application:
    """The application. `app[FEED].publish(name, data)` tells events, `app[METRICS]` takes times."""
    named = told_by(parts.rates.proxies)
    app = web.Application(middlewares=[logged, named, problems], client_max_size=LARGEST_BODY)
    shared = _shared(parts)
    app[FEED], app[METRICS] = shared.feed, shared.metrics
    app[ROUTES] = routes = api_routes(shared)
    for route in routes:
        _add(app, route, shared)
    if shared.figures:
        _add_wallboard(app, parts, shared.figures, shared.feed)
    app.on_startup.append(_swept(shared.uploads))
    add_pages(app, shared)
    app.on_response_prepare.append(add_headers)
    _follow(app, parts.board, shared.feed)
    return app


def _shared(parts: WebParts) -> Shared:
    gate = Gate(parts.tokens, Rates(parts.rates), parts.accounts)
    agents = frozenset(agent.id for agent in parts.board.agents())
    return Shared(
        parts,
        gate,
        Uploads(parts.var / "uploads", parts.uploads),
        EventFeed(gate, parts.now, parts.public_url, agents=agents),
        Metrics(parts.board, parts.tasks, lambda: read_last(parts.var).age(parts.now())),
        Sealed(parts.intake, parts.openers, parts.scope),
        call_rights(parts),
        FiguresApi(parts.book, parts.board, parts.now) if parts.book else None,
    )


def _add_wallboard(app: web.Application, parts: WebParts, figures: FiguresApi, feed: EventFeed) -> None:
    channels = parts.public.rules.channels if parts.public else REGISTRY
    Wallboard(parts.title, str(parts.zone), channels).add(app)
    _show(app, figures, feed, parts.tasks)


def _swept(uploads: Uploads) -> Callable[[web.Application], Awaitable[None]]:
    async def sweep(_: web.Application) -> None:
        await asyncio.to_thread(uploads.sweep)

    return sweep


def _add(app: web.Application, route: Route, shared: Shared) -> None:
    does = handler(route, shared.gate, shared.uploads, shared.parts.audit, shared.parts.scope)
    path = route.path.replace("{number}", f"{{number:{NUMBER}}}") if route.number else route.path
    app.router.add_route(route.method, path, does)
    if route.method == "GET" and 101 not in route.gives:
        app.router.add_route("HEAD", path, does)


def _follow(app: web.Application, board: Board, feed: EventFeed) -> None:
    """Pass the board's events on while the application runs."""
    ends: list[Callable[[], None]] = []

    async def begin(_: web.Application) -> None:
        ends.append(board.listen(feed.publish))

    async def end(_: web.Application) -> None:
        await feed.close()
        while ends:
            ends.pop()()

    app.on_startup.append(begin)
    app.on_shutdown.append(end)


def _show(app: web.Application, figures: FiguresApi, feed: EventFeed, tasks: Supervisor) -> None:
    """Tell wallboards while the application runs."""
    push = BoardPush(figures, feed, tasks)

    async def run(_: web.Application) -> AsyncIterator[None]:
        async with push:
            yield

    app.cleanup_ctx.append(run)


async def listen(app: web.Application, where: Web, proxies: Sequence[str] = ()) -> web.AppRunner:
    """Serve on an address; `await runner.cleanup()` ends it. Raises SetupError when it is taken."""
    host, port = where.host, where.port
    most = most_connections(where.connections)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    try:
        assert runner.server, "it was set up"
        connections = Connections(runner.server, most, where.connections_per_address, proxies)
        await ConnectionsSite(runner, connections, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise SetupError(f"web.port {host}:{port} cannot be used: {error.strerror}") from error
    return runner
