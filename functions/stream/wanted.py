"""Which streams are wanted, and of which host: the JSON object that STREAMS or the secret holds.

{"streams": ["btcusdt@trade"], "host": "data", "coinbase": {"products": ["BTC-USD"], "channels": ["matches"]}}
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from coinlake.errors import BadConfiguration

# Source: Binance Spot API documentation, "WebSocket Streams"; Binance.US API documentation.
HOSTS: Final = {
    "global": "wss://stream.binance.com:9443",
    "data": "wss://data-stream.binance.vision",
    "us": "wss://stream.binance.us:9443",
    "testnet": "wss://stream.testnet.binance.vision",
}
# Source: docs.cdp.coinbase.com, Exchange WebSocket Feed, "Overview".
COINBASE_URL: Final = "wss://ws-feed.exchange.coinbase.com"
CHANNELS: Final = ("ticker", "matches")
_KLINES: Final = "1s|1m|3m|5m|15m|30m|1h|2h|4h|6h|8h|12h|1d|3d|1w|1M"
_STREAM: Final = re.compile(rf"[a-z0-9]{{2,30}}@(?:miniTicker|trade|bookTicker|kline_(?:{_KLINES}))")
_PRODUCT: Final = re.compile(r"[A-Z0-9]{1,20}-[A-Z0-9]{2,10}")
_URL: Final = re.compile(r"wss://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Binance's streams by name, Coinbase's products each in every one of ``channels``."""

    streams: tuple[str, ...]
    host: str
    products: tuple[str, ...]
    channels: tuple[str, ...]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raise ``BadConfiguration`` with what is wrong and what to write instead."""
        document = _document(text, "the setting of streams")
        asked = _fields(document, {"streams", "host", "coinbase"}, "the setting of streams")
        coinbase = _fields(asked.get("coinbase") or {}, {"products", "channels"}, "coinbase")
        wanted = cls(
            streams=_names(asked, "streams", _STREAM, "btcusdt@trade"),
            host=asked.get("host") or "data",
            products=_names(coinbase, "products", _PRODUCT, "BTC-USD"),
            channels=_names(coinbase, "channels", re.compile("|".join(CHANNELS)), "matches") or CHANNELS,
        )
        if wanted.host not in HOSTS:
            raise BadConfiguration(
                f"url_refused: there is no host {str(wanted.host)[:80]!r}; use one of {', '.join(HOSTS)}"
            )
        if not wanted.streams and not wanted.products:
            raise BadConfiguration(
                "config_empty: no stream is wanted; name some in streams or coinbase.products"
            )
        return wanted

    def url(self, source: str, urls: str) -> str:
        """The websocket address of a source: its own, or what ``urls``, the setting URLS, says."""
        own = {"binance": HOSTS[self.host], "coinbase": COINBASE_URL}
        others = _fields(_document(urls or "{}", "URLS"), set(own), "URLS")
        url = str(others.get(source, own[source])).rstrip("/")
        if not _URL.fullmatch(url):
            raise BadConfiguration(
                f"url_refused: the URL of {source} is not wss://host[:port][/path]; correct URLS"
            )
        return url


def _document(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadConfiguration(f"config_syntax: {what} is no JSON ({error}); correct it") from None


def _fields(document: Any, known: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(document, dict):
        raise BadConfiguration(f"config_syntax: {what} must be a JSON object with {', '.join(sorted(known))}")
    if unknown := sorted(set(document) - known):
        raise BadConfiguration(
            f"config_unknown_key: {what} has {unknown[0][:80]!r}; the keys are {', '.join(sorted(known))}"
        )
    return document


def _names(
    document: Mapping[str, Any], field: str, pattern: re.Pattern[str], example: str
) -> tuple[str, ...]:
    names = document.get(field) or []
    if not isinstance(names, list):
        raise BadConfiguration(f"config_syntax: {field} must be a list such as [{example!r}]")
    for name in names:
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise BadConfiguration(
                f"bad_symbol: {str(name)[:80]!r} cannot be one of {field}; write it as {example!r}"
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadConfiguration(f"config_duplicate: {field} names {twice!r} twice; name it once")
    return tuple(names)
