"""Coinbase Exchange: the feed's ``ticker`` and ``matches`` channels.

Source: docs.cdp.coinbase.com, Exchange WebSocket Feed, "Channels" and "Rate Limits"; REST "Get product
trades": newest first, at most 1,000, ``after`` an id means older than it. A stream's name here is
``BTC-USD@ticker`` or ``BTC-USD@match``.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from stream.frames import BadFrame, Frame, Message, Noise, Price, Reply, decoded
from stream.ids import Range

_CHANNELS: Final = {"ticker": "ticker", "match": "matches"}
_MATCHES: Final = ("match", "last_match")


class Coinbase:
    """The public feed, and ``/products/{id}/trades`` of the REST API."""

    source: ClassVar[str] = "coinbase"
    shard_streams: ClassVar[int] = 200
    message_streams: ClassVar[int] = 50
    messages_per_second: ClassVar[float] = 3.0
    lifetime_seconds: ClassVar[float] = 23 * 3600.0
    page: ClassVar[int] = 1000
    page_cost: ClassVar[int] = 1

    def address(self, url: str, streams: Sequence[str]) -> str:  # noqa: ARG002 - the same for all
        return url

    def subscription(self, number: int, streams: Sequence[str]) -> str:  # noqa: ARG002 - it has no number
        channels = [
            {"name": channel, "product_ids": products}
            for kind, channel in _CHANNELS.items()
            if (products := [name.partition("@")[0] for name in streams if name.endswith(f"@{kind}")])
        ]
        return json.dumps({"type": "subscribe", "channels": channels}, separators=(",", ":"))

    def read(self, text: str | bytes) -> Message:
        message = decoded(text)
        kind = message.get("type")
        if kind in _MATCHES:
            return _frame("trades", "match", "trade_id", message, text)
        if kind == "ticker":
            return _frame("tickers", "ticker", "sequence", message, text)
        if kind == "subscriptions":
            return Reply()
        if kind == "error":
            return Reply(f"{message.get('message')}: {message.get('reason')}"[:200])
        if type(kind) is str:
            return Noise()
        raise BadFrame("bad_frame", text)

    def market(self, stream: str) -> str | None:
        product, _, kind = stream.partition("@")
        return product if kind == "match" else None

    def trades_path(self, market: str, wanted: Range) -> str:
        first, last = wanted
        return f"/products/{market}/trades?after={last + 1}&limit={last - first + 1}"

    def shorter(self, wanted: Range, count: int) -> Range:
        return wanted[1] - count + 1, wanted[1]

    def market_of_path(self, path: str) -> str:
        return path.partition("/products/")[2].partition("/")[0]

    def sides(self, market: str, known: Collection[str]) -> str:  # noqa: ARG002 - it says so itself
        return market

    def trade_id(self, trade: Any) -> int:
        return int(trade["trade_id"])


def _frame(dataset: str, kind: str, key: str, message: Mapping[str, Any], text: str | bytes) -> Frame:
    product, number = message.get("product_id"), message.get(key)
    if type(product) is not str or type(number) is not int:
        raise BadFrame("bad_frame", text)
    return Frame(dataset, f"{product}@{kind}", product, number, message, _price)


def _price(frame: Frame, received_at: int) -> Price:
    data = frame.data
    names = {"best_bid": "bid", "best_ask": "ask", "open_24h": "open", "size": "quantity"}
    more = {name: data[theirs] for theirs, name in names.items() if theirs in data}
    return Price(_micros(data.get("time"), received_at), data["price"], frame.market, more)


def _micros(text: Any, otherwise: int) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
    return int(moment.astimezone(UTC).timestamp() * 1_000_000)
