"""The simulator as one ASGI application: ``uvicorn simulator.app:app`` or ``create_app`` for tests."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import sources, zip_files
from simulator.control import Control, control_error_response
from simulator.faults.error_formats import ErrorFormat
from simulator.faults.middleware import FaultMiddleware
from simulator.faults.plan import BadControlRequest, FaultPlan
from simulator.market.market import Market
from simulator.quotas import Quotas
from simulator.websockets.connection import ServerSocket
from simulator.websockets.sessions import Sessions
from simulator.websockets.settings import StreamSettings

DEFAULT_SEED: Final = 1
COMPRESSED_FROM_BYTES: Final = 1_000


def create_app(
    seed: int = DEFAULT_SEED,
    clock: Callable[[], float] = time.time,
    quotas: Quotas = Quotas(),  # noqa: B008 - frozen, so sharing one is safe
) -> ASGIApp:
    """A market of its own with every source; ``clock`` gives seconds since 1970."""
    market, plan, requests = Market(seed, clock), FaultPlan(), Counter[str]()
    sessions = Sessions(StreamSettings(market))
    built = {name: sources.build(name, market, quotas, sessions) for name in sources.names()}
    apis: dict[str, ASGIApp] = {}
    error_formats: dict[str, ErrorFormat] = {}
    for name, source in built.items():
        mounts = {sources.path(name): source.api, **source.other_apis}
        apis |= mounts
        error_formats |= {path.split("/")[1]: source.error_format for path in mounts}
    websockets = {name: source.websocket for name, source in built.items() if source.websocket}
    absences = {name: source.absences for name, source in built.items() if source.absences}
    app = Starlette(
        routes=[
            *Control(market, plan, requests, sessions, venues=list(websockets), absences=absences).routes(),
            *(Mount(path, api) for path, api in apis.items()),
        ],
        middleware=[
            Middleware(
                GZipMiddleware,
                minimum_size=COMPRESSED_FROM_BYTES,
                compresslevel=5,
                exclude_content_types=(zip_files.MEDIA_TYPE,),
            )
        ],
        exception_handlers={BadControlRequest: control_error_response},
    )
    # both outside of Starlette, because they must reach the server's own connection to cut it
    http = FaultMiddleware(app, plan, requests, clock, error_formats)
    return _with_websockets(http, {f"{name}-ws": socket for name, socket in websockets.items()})


def _with_websockets(http: ASGIApp, websockets: Mapping[str, ASGIApp]) -> ASGIApp:
    """``http`` for requests; sockets go to the application of their path's first part, without it."""

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return await http(scope, receive, send)
        mount, _, path = scope["path"].removeprefix("/").partition("/")
        if mount not in websockets:
            return await ServerSocket(receive, send).refuse(404, "Not Found")
        return await websockets[mount]({**scope, "path": f"/{path}"}, receive, send)

    return route


app = create_app()
