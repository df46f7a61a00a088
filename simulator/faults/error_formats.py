"""How each source words an error, for the faults that need no source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response

from simulator.endpoints import CompactJson

TEXTS: Final = {
    404: "NotFound",
    418: "I'm a teapot",
    429: "Public rate limit exceeded",
    451: "Unavailable For Legal Reasons",
    500: "Internal server error",
}


@dataclass(frozen=True, slots=True)
class ErrorFormat:
    """The errors of one source.

    ``body`` makes the body from status and text; a ``str`` is sent as it is, as ``media_type``. ``texts``
    are the source's own, by status; ``{until}`` in one is the end of a ban in epoch milliseconds.
    ``statuses`` are those that the source sends instead.
    """

    body: Callable[[int, str], object]
    media_type: str = "application/json"
    texts: Mapping[int, str] = field(default_factory=dict)
    statuses: Mapping[int, int] = field(default_factory=dict)


UNKNOWN: Final = ErrorFormat(lambda _, text: {"message": text})


def error_response(error_format: ErrorFormat, status: int, seconds: float | None, now: float) -> Response:
    """An error as a source would send it; ``seconds`` go into Retry-After."""
    text = {**TEXTS, **error_format.texts}[status]
    text = text.replace("{until}", str(int((now + (seconds or 0)) * 1_000)))
    headers = {} if seconds is None else {"retry-after": f"{seconds:.0f}"}
    body = error_format.body(status, text)
    status = error_format.statuses.get(status, status)
    if isinstance(body, str):
        return Response(body, status, headers, error_format.media_type)
    return CompactJson(body, status, headers)
