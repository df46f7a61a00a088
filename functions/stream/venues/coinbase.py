"""Coinbase Exchange: the feed's ``ticker`` and ``matches`` channels.

Source: docs.cdp.coinbase.com, Exchange WebSocket Feed, "Channels" and "Rate Limits"; REST "Get product
trades": newest first, at most 1,000, ``after`` an id means older than it. A stream's name here is
``BTC-USD@ticker`` or ``BTC-USD@match``.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Final

import msgspec

from stream.frames import BadFrame, Frame, Ignored, Message, Price, Reply, decode, iso_micros
from stream.venues import slices, websockets
from stream.venues.rest_trades import Hole, RestTrades, TradesPage, by_id

_BATCH: Final = 50  # streams of one message
_MATCHES: Final = ("match", "last_match")


class _Message(msgspec.Struct, gc=False):
    """What tells messages apart; the rest is skipped."""

    type: Any = None
    product_id: Any = None
    trade_id: Any = None
    sequence: Any = None
    message: Any = None
    reason: Any = None


class Coinbase:
    """The public feed, and ``/products/{id}/trades`` of the REST API."""

    source: ClassVar[str] = "coinbase"
    shard_streams: ClassVar[int] = 200
    messages_per_second: ClassVar[float] = 3.0
    lifetime_seconds: ClassVar[float] = 23 * 3600.0
    max_attempts: ClassVar[int] = 250
    max_trades: ClassVar[int] = 1000
    trades_weight: ClassVar[int] = 1

    def address(self, url: str, streams: Sequence[str]) -> str:  # noqa: ARG002 - the same for all
        return url

    def batches(self, streams: Sequence[str]) -> list[Sequence[str]]:
        return slices(streams, _BATCH)

    def subscription(self, number: int, streams: Sequence[str]) -> str:  # noqa: ARG002 - it has no number
        channels = [
            {"name": channel, "product_ids": products}
            for channel, kind in websockets()[self.source].channels.items()
            if (products := [name.partition("@")[0] for name in streams if name.endswith(f"@{kind}")])
        ]
        return json.dumps({"type": "subscribe", "channels": channels}, separators=(",", ":"))

    def read(self, text: bytes) -> Message:
        message = decode(_MESSAGE, text)
        kind = message.type
        if kind in _MATCHES:
            return _frame("trades", "match", message.product_id, message.trade_id)
        if kind == "ticker":
            return _frame("tickers", "ticker", message.product_id, message.sequence)
        if kind == "subscriptions":
            return Reply()
        if kind == "error":
            return Reply(f"{message.message}: {message.reason}"[:200])
        if type(kind) is str:
            return Ignored()
        raise BadFrame

    def price(self, text: bytes, received_at: int) -> Price:
        data = decode(_OBJECT, text)
        names = {"best_bid": "bid", "best_ask": "ask", "open_24h": "open", "size": "quantity"}
        details = {name: data[theirs] for theirs, name in names.items() if theirs in data}
        return Price(iso_micros(data.get("time"), received_at), data["price"], data["product_id"], details)

    def trade_market(self, stream: str) -> str | None:
        product, _, kind = stream.partition("@")
        return product if kind == "match" else None

    async def fetch_trades(self, hole: Hole, rest: RestTrades) -> TradesPage:
        def path(first: int, last: int) -> str:
            return f"/products/{hole.market}/trades?after={last + 1}&limit={last - first + 1}"

        return await by_id(hole, rest, path, newest_first=True)

    def read_trades(self, body: bytes) -> tuple[list[int], str]:
        return [int(trade["trade_id"]) for trade in json.loads(body)], ""

    def market_of_url(self, url: str) -> str:
        return url.partition("/products/")[2].partition("/")[0]

    def pair(self, market: str, bases: Collection[str]) -> str:  # noqa: ARG002 - its name says it
        return market


def _frame(dataset: str, kind: str, product: Any, number: Any) -> Frame:
    if type(product) is not str or type(number) is not int:
        raise BadFrame
    return Frame(dataset, f"{product}@{kind}", product, number, (number,) if dataset == "trades" else ())


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_OBJECT: Final = msgspec.json.Decoder(Mapping[str, Any])

VENUE: Final = Coinbase()
