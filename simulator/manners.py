"""How each source words an error, told by the mount in the path; for the faults that need no source."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response

from simulator import binance_errors
from simulator.answers import Answer

TEXTS: Final = {
    404: "NotFound",
    418: "I'm a teapot",
    429: "Public rate limit exceeded",
    451: "Unavailable For Legal Reasons",
    500: "Internal server error",
}
BINANCE_CODES: Final = {404: -1121, 418: -1003, 429: -1003, 451: 0, 500: -1000}
S3_CODES: Final = {404: "NoSuchKey", 429: "SlowDown", 451: "AccessDenied", 500: "InternalError"}


@dataclass(frozen=True, slots=True)
class Manner:
    """The body of an error from its status and text, its media type, and the texts that are its own."""

    body: Callable[[int, str], object]
    media_type: str = "application/json"
    texts: Mapping[int, str] = field(default_factory=dict)


def _coingecko(status: int, text: str) -> object:
    return {"status": {"error_code": status, "error_message": text}}


def _binance(status: int, text: str) -> object:
    return binance_errors.body(BINANCE_CODES[status], text)


def _archive(status: int, text: str) -> object:
    code = S3_CODES.get(status, "InvalidRequest")
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f"{head}\n<Error><Code>{code}</Code><Message>{text}</Message></Error>"


MANNERS: Final[Mapping[str, Manner]] = {
    "/coingecko": Manner(_coingecko, texts={429: "You've exceeded the Rate Limit."}),
    "/coinbase": Manner(lambda _, text: {"message": text}),
    "/binance_archive": Manner(_archive, "application/xml", {404: "The specified key does not exist."}),
    "/binance": Manner(
        _binance,
        texts={
            404: "Invalid symbol.",
            418: binance_errors.BANNED,
            429: binance_errors.TOO_MUCH.format(limit=6_000),
            451: binance_errors.RESTRICTED,
            500: "An unknown error occurred while processing the request.",
        },
    ),
    "/coincap": Manner(lambda _, text: {"error": text}, texts={429: "Too Many Requests"}),
    "/coindesk": Manner(lambda _, text: {"Data": {}, "Err": {"message": text}}),
    "/alternative_me": Manner(
        lambda _, text: {"name": "Fear and Greed Index", "data": [], "metadata": {"error": text}}
    ),
}


def error(path: str, status: int, seconds: float | None, now: float) -> Response:
    """An error as the source of the path would send it; ``seconds`` are told in Retry-After."""
    manner = next((found for mount, found in MANNERS.items() if path.startswith(mount)), MANNERS["/coinbase"])
    text = {**TEXTS, **manner.texts}[status].replace("{until}", str(int((now + (seconds or 0)) * 1_000)))
    headers = {} if seconds is None else {"retry-after": f"{seconds:.0f}"}
    body = manner.body(status, text)
    if isinstance(body, str):
        return Response(body, status, headers, manner.media_type)
    return Answer(body, status, headers)
