"""What Binance's complaints mean. Source: binance-spot-api-docs, rest-api.md and errors.md.

429 is too much weight, 418 a ban for having gone on after it, 403 the firewall, 451 a country
that Binance does not serve; -1121 is a symbol that is not listed.
"""

import json
import re
from datetime import datetime, timedelta
from typing import Any, Final

from coinlake.errors import CoinlakeError, SourceUnavailable
from coinlake.intervals import EPOCH
from coinlake.records import printable
from ingest.answers import Answer
from ingest.errors import Unlisted
from ingest.sources import Request, blamed

MARKET_DATA_HOST: Final = "https://data-api.binance.vision"
BANNED: Final = 418
_FIREWALL: Final = 403
_RESTRICTED: Final = 451
_INVALID_SYMBOL: Final = -1121
_BANNED_UNTIL: Final = re.compile(r"banned until ([0-9]{13})\b")
_SHORTEST_BAN: Final = timedelta(minutes=2)
_HINTS: Final = {
    _FIREWALL: "its firewall blocks this address for a while; slow the feeds down",
    _RESTRICTED: f'it does not serve this region: set source_urls = {{ binance = "{MARKET_DATA_HOST}" }}, '
    "the host for market data, or run in another region",
}


def explained(answer: Answer, request: Request) -> CoinlakeError:
    code, text = complaint(answer.body)
    told = f"binance: HTTP {answer.status}{f', code {code}' if code else ''}: {text}"
    if code == _INVALID_SYMBOL:
        return Unlisted(f"{told}; there is no market {request.name}")
    if answer.status == BANNED:
        return SourceUnavailable(
            f"{told}; nothing is asked before the ban ends at {ban_ends(answer):%Y-%m-%dT%H:%M:%SZ}"
        )
    hint = _HINTS.get(answer.status)
    return blamed(answer.status)(f"{told}; {hint}" if hint else told)


def ban_ends(answer: Answer) -> datetime:
    """When a 418's ban is over: the later of its ``Retry-After`` and the time in its message."""
    asked = max(timedelta(seconds=answer.retry_after_seconds or 0), _SHORTEST_BAN)
    ends = answer.fetched_at + asked
    if said := _BANNED_UNTIL.search(answer.body.decode("utf-8", "replace")):
        ends = max(ends, EPOCH + timedelta(milliseconds=int(said[1])))
    return ends


def complaint(body: bytes) -> tuple[int | None, str]:
    """The code and the text, cut to 80 characters, of ``{"code": -1121, "msg": "text"}``."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None, "no JSON"
    fields = document if isinstance(document, dict) else {}
    code = fields.get("code")
    return (code if type(code) is int else None), printable(fields.get("msg", "no reason given"))
