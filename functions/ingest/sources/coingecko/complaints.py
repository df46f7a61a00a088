"""What CoinGecko's complaints mean. Source: docs.coingecko.com, "Common Errors & Rate Limit"."""

import json
from collections.abc import Mapping
from typing import Any, Final

from coinlake.errors import BadConfiguration, CoinlakeError
from coinlake.records import printable
from ingest.answers import Answer
from ingest.errors import Unlisted
from ingest.retries import THROTTLED
from ingest.sources import Request, blamed

LONGEST_TEXT_BYTES: Final = 250
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_PAST_PLAN_HISTORY: Final = 10012

REMEDIES: Final[Mapping[int, str]] = {
    10002: "no API key arrived, so set coingecko_plan and coingecko_api_key",
    10005: "the plan does not include this request, so choose a higher coingecko_plan",
    10010: 'a pro key was sent to the public host, so set coingecko_plan = "pro"',
    10011: 'a demo key was sent to the pro host, so set coingecko_plan = "demo"',
}
_BAD_KEY: Final = "the API key was refused, so set coingecko_api_key and raise coingecko_api_key_version"
_HINTS: Final[Mapping[int, str]] = {
    THROTTLED: 'without a key the limit is shared with strangers: coingecko_plan = "demo" is free',
    _FORBIDDEN: 'it may block this address: coingecko_plan = "demo" with a key is free',
}


def explained(answer: Answer, request: Request) -> CoinlakeError:
    """The error for an answer that is not 200: retry later, give up, or fix the configuration."""
    code, text = complaint(answer.body)
    told = f"coingecko: HTTP {answer.status}{f', code {code}' if code else ''}: {text}"
    if answer.status == _NOT_FOUND and text == "coin not found":
        return Unlisted(f"{told}; there is no coin {request.name}")
    if remedy := REMEDIES.get(code or 0):
        return BadConfiguration(f"{told}; {remedy}")
    if answer.status == _UNAUTHORIZED and code != _PAST_PLAN_HISTORY:
        return BadConfiguration(f"{told}; {_BAD_KEY}")
    hint = _HINTS.get(answer.status)
    return blamed(answer.status)(f"{told}; {hint}" if hint else told)


def complaint(body: bytes) -> tuple[int | None, str]:
    """The error code and the text, cut to 80 characters, of any error body.

    CoinGecko has four: ``{"status": {"error_code", "error_message"}}``, the same inside
    ``{"error": …}`` or with the code at the top, ``{"error": "text"}``, and plain text; its CDN
    answers with a web page, whose text says nothing.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        text = body[:LONGEST_TEXT_BYTES].decode("utf-8", "replace").strip()
        return None, "a web page" if text.startswith("<") else printable(text)
    fields = _fields(document)
    code, message = fields.get("error_code"), fields.get("error_message", "no reason given")
    return (code if type(code) is int else None), printable(message)


def _fields(document: Any) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        return {}
    error = document.get("error")
    if isinstance(error, str):
        return {"error_message": error}
    outer = error if isinstance(error, dict) else document
    status = outer.get("status")
    return {**outer, **status} if isinstance(status, dict) else outer
