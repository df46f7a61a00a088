"""The dashboard on this machine: the page's files, and the site bucket's data, as CloudFront serves them.

``dashboard/serving.json`` says which files are the page and with which headers they go out;
terraform/dashboard.tf reads it as well.
"""

import contextlib
import hashlib
import json
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from coinlake.errors import CoinlakeError, NotFound, StoreUnavailable, TooLarge
from coinlake.stores import ObjectStore
from ops.paths import ROOT

PAGE: Final = ROOT / "dashboard"
PORT: Final = 5190
DATA: Final = "data/"
MAX_DATA_BYTES: Final = 16 << 20
LOOPBACK: Final = "127.0.0.1"
_COMPRESSED_FROM_BYTES: Final = 1_000  # CloudFront's own limit
_STOP_SECONDS: Final = 1


class PortTaken(CoinlakeError):
    """Something else listens there."""


@dataclass(frozen=True)
class Page:
    """The page's files in ``folder``, and how they are served."""

    folder: Path = PAGE

    @cached_property
    def serving(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "serving.json").read_text()))

    def files(self) -> set[str]:
        """Their paths within the folder, with ``/``."""
        paths = (path for pattern in self.serving["files"] for path in self.folder.glob(pattern))
        return {path.relative_to(self.folder).as_posix() for path in paths}

    def content_type(self, path: str) -> str:
        return str(self.serving["content_types"][path.rpartition(".")[2]])

    def cache_control(self, path: str) -> str:
        return str(self.serving["cache_control"]["data" if path.startswith(DATA) else "page"])


@dataclass(frozen=True)
class Site:
    """The page beside the data of a site bucket."""

    page: Page
    store: ObjectStore

    def respond(self, request: Request) -> Response:
        path = request.path_params["path"] or "index.html"
        try:
            body, etag = self._data(path) if path.startswith(DATA) else self._file(path)
        except NotFound:
            return PlainTextResponse(f"there is no {path}\n", status_code=404)
        except (StoreUnavailable, TooLarge) as error:
            return PlainTextResponse(f"{error}\n", status_code=502)
        headers = {"ETag": f'"{etag}"', "Cache-Control": self.page.cache_control(path)}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=self.page.content_type(path), headers=headers)

    def _file(self, path: str) -> tuple[bytes, str]:
        if path not in self.page.files():
            raise NotFound(path)
        body = (self.page.folder / path).read_bytes()
        return body, hashlib.sha256(body).hexdigest()[:32]

    def _data(self, path: str) -> tuple[bytes, str]:
        if not path.endswith(".json"):
            raise NotFound(path)
        stored = self.store.get(path, MAX_DATA_BYTES)
        return stored.body, stored.etag


def application(site: Site, ready: Callable[[], object] = lambda: None) -> Starlette:
    """``site`` over HTTP; ``ready`` is called once it is served. Names of other hosts are refused, so that
    no page from elsewhere reads the lake by pointing its own name at this machine."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        ready()
        yield

    def respond(request: Request) -> Response:
        response = site.respond(request)
        response.headers.update(site.page.serving["headers"])
        return response

    middleware = [
        Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"]),
        Middleware(GZipMiddleware, minimum_size=_COMPRESSED_FROM_BYTES, compresslevel=5),
    ]
    return Starlette(
        routes=[Route("/{path:path}", respond, methods=["GET"])], middleware=middleware, lifespan=lifespan
    )


def listen(port: int) -> socket.socket:
    """A loopback socket; port 0 takes any free one. ``PortTaken`` where something listens."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()  # from now on a browser waits instead of being refused
    except OSError:
        listener.close()
        raise PortTaken(
            f"port {port} of this machine is taken; choose another one with --port, or --port 0 for any"
        ) from None
    return listener


def open_in_browser(address: str) -> bool:
    """Open it in a browser with a window of its own; whether there is one.

    A text browser would take the terminal, and wait for the page that this process serves.
    """
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    in_terminal = isinstance(browser, webbrowser.GenericBrowser) and not isinstance(
        browser, webbrowser.BackgroundBrowser
    )
    if not in_terminal:
        threading.Thread(target=browser.open, args=(address,), daemon=True).start()
    return not in_terminal


def serve(store: ObjectStore, port: int, announce: Callable[[str], object], *, browser: bool) -> None:
    """Serve until interrupted. ``announce`` gets the address; ``browser`` also opens it there."""
    with listen(port) as taken:
        address = f"http://{LOOPBACK}:{taken.getsockname()[1]}/"

        def ready() -> None:
            announce(address)
            if browser:
                open_in_browser(address)

        config = uvicorn.Config(
            application(Site(Page(), store), ready),
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[taken])
