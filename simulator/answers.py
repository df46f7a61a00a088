"""How the sources answer: a question in, JSON (or a file) or a refusal out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from simulator.market import Market


class Answer(JSONResponse):
    """JSON as the sources send it: compact, with the charset in the content type."""

    media_type = "application/json; charset=utf-8"

    @classmethod
    def of(cls, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
        """A body that is written already."""
        return Response(body, 200, headers, media_type=cls.media_type)


class Refusal(Exception):
    """An error answer of a source; a ``str`` body is sent as plain text."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Ask:
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

    def words(self, name: str) -> list[str]:
        """A comma-separated parameter, without blanks."""
        return [word.strip() for word in self.query.get(name, "").split(",") if word.strip()]


def endpoint(
    market: Market, admit: Callable[[Request], bool], answer: Callable[[Ask], object]
) -> Callable[[Request], Response]:
    """A Starlette endpoint: ``admit`` raises ``Refusal`` or tells whether the caller pays."""

    async def respond(request: Request) -> Response:
        paid = admit(request)
        query, path, headers = request.query_params, request.path_params, request.headers
        answered = answer(Ask(market, market.now(), query, path, paid, headers))
        return answered if isinstance(answered, Response) else Answer(answered)

    return respond  # type: ignore[return-value]  # Starlette takes coroutines; its Route is typed loosely


async def refused(_: Request, error: Exception) -> Response:
    """Starlette's handler for ``Refusal``."""
    if not isinstance(error, Refusal):
        raise error
    if isinstance(error.body, str):
        return PlainTextResponse(error.body, error.status, error.headers)
    return Answer(error.body, error.status, error.headers)


def iso(seconds: float, timespec: str = "milliseconds") -> str:
    """``2026-11-20T00:00:58.599Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def moment(text: str) -> float:
    """Seconds since 1970 of UNIX seconds or an ISO-8601 time (UTC if it names no zone); ``ValueError``."""
    try:
        return float(text)
    except ValueError:
        parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
