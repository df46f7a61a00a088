"""How the sources answer: a request in, JSON (or a file) or an error out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from simulator.market.market import Market


class CompactJson(JSONResponse):
    """JSON as the sources send it: compact, with the charset in the content type."""

    media_type = "application/json; charset=utf-8"

    @classmethod
    def of(cls, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
        """A body that is encoded already."""
        return Response(body, 200, headers, media_type=cls.media_type)


class ApiError(Exception):
    """An error answer of a source; a ``str`` body is sent as plain text."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request, at one moment: ``now`` is read once so that an answer agrees with itself."""

    market: Market
    now: float
    query: Mapping[str, str]
    path: Mapping[str, str] = field(default_factory=dict)
    paid: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        """A parameter written ``true``."""
        return self.query.get(name, "false").lower() == "true"

    def items(self, name: str) -> list[str]:
        """A comma-separated parameter, without blanks."""
        return [item.strip() for item in self.query.get(name, "").split(",") if item.strip()]

    def whole(self, name: str, default: int, error: Callable[[str], ApiError], *, digits: int = 18) -> int:
        """A parameter of ASCII digits, ``digits`` at most; any other raises ``error(name)``."""
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) <= digits):
            raise error(name)
        return int(text)


def endpoint(
    market: Market, admit: Callable[[Request], bool], answer: Callable[[ApiRequest], object]
) -> Callable[[Request], Response]:
    """A Starlette endpoint: ``admit`` raises ``ApiError`` or returns whether the caller pays."""

    async def respond(request: Request) -> Response:
        paid = admit(request)
        query, path, headers = request.query_params, request.path_params, request.headers
        body = answer(ApiRequest(market, market.now(), query, path, paid, headers))
        return body if isinstance(body, Response) else CompactJson(body)

    return respond  # type: ignore[return-value]  # Starlette takes coroutines; its Route is typed loosely


async def api_error_response(_: Request, error: Exception) -> Response:
    """Starlette's handler for ``ApiError``."""
    if not isinstance(error, ApiError):
        raise error
    if isinstance(error.body, str):
        return PlainTextResponse(error.body, error.status, error.headers)
    return CompactJson(error.body, error.status, error.headers)


def api(
    market: Market,
    admit: Callable[[Request], bool],
    answers: Mapping[str, Callable[[ApiRequest], object]],
    not_found: object | None = None,
) -> Starlette:
    """An API of endpoints by path, all of one admission; ``not_found`` is the JSON of its 404."""

    async def unknown_path(_: Request, __: Exception) -> Response:
        return CompactJson(not_found, 404)

    routes = [Route(path, endpoint(market, admit, answer)) for path, answer in answers.items()]
    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {ApiError: api_error_response}
    if not_found is not None:
        handlers[404] = unknown_path
    return Starlette(routes=routes, exception_handlers=handlers)
