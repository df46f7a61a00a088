"""Kraken spot: ``ticker``, ``trade`` and ``ohlc`` (of a minute) of websocket v2.

A market is its symbol there without the slash, BTCUSD of BTC/USD; REST calls it XBTUSD. Source:
docs.kraken.com, Spot WebSocket v2: one channel a subscription, answered for each symbol; several trades in a
message; a heartbeat about once a second; at most 150 connections of an address in ten minutes ("Overview").
REST "Get Recent Trades": at most 1,000, oldest first, from ``since`` on, in nanoseconds; ``last`` is the last
trade's. Others found that the trade of ``since`` comes again, so a page begins a nanosecond after the last.
Errors of REST come with HTTP 200.
"""

import json
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from coinlake import symbols
from coinlake.errors import SourceUnavailable
from stream.frames import BadFrame, Frame, Ignored, Message, Price, Reply, decode, iso_micros
from stream.venues import slices, websockets
from stream.venues.rest_trades import Hole, RestTrades, TradesPage, by_time

_BATCH: Final = 50  # symbols of one message
_DATASETS: Final = {"ticker": "tickers", "trade": "trades", "ohlc": "klines"}
_PRICES: Final = {"ticker": "last", "trade": "price", "ohlc": "close"}
_DETAILS: Final = {"qty": "quantity"} | {
    name: name for name in ("open", "high", "low", "volume", "bid", "ask")
}
_NO_DATA: Final = frozenset({"heartbeat", "status"})
_HEALING: Final = (
    "EAPI:Rate limit",
    "EGeneral:Too many",
    "EGeneral:Temporary",
    "EGeneral:Internal",
    "EService:",
)
_CURSOR: Final = "last"
_USUAL_QUOTE: Final = 3  # letters


class _Row(msgspec.Struct, gc=False):
    """What tells data apart; the rest is skipped."""

    symbol: Any = None
    trade_id: Any = None
    timestamp: Any = None


class _Message(msgspec.Struct, gc=False):
    """Candles have their time beside the data, for the one in it is the end of a bucket."""

    channel: Any = None
    data: list[_Row] | None = None
    timestamp: Any = None


class Kraken:
    """The public feed, and ``/public/Trades`` of the REST API."""

    source: ClassVar[str] = "kraken"
    shard_streams: ClassVar[int] = 200
    messages_per_second: ClassVar[float] = 3.0
    lifetime_seconds: ClassVar[float] = 23 * 3600.0
    max_attempts: ClassVar[int] = 60  # of the 75 that Kraken allows an address in five minutes
    max_trades: ClassVar[int] = 1000
    trades_weight: ClassVar[int] = 1

    def address(self, url: str, streams: Sequence[str]) -> str:  # noqa: ARG002 - the same for all
        return url

    def batches(self, streams: Sequence[str]) -> list[Sequence[str]]:
        """Each of one channel."""
        by_kind: dict[str, list[str]] = {}
        for stream in streams:
            by_kind.setdefault(stream.partition("@")[2], []).append(stream)
        return [batch for named in by_kind.values() for batch in slices(named, _BATCH)]

    def subscription(self, number: int, streams: Sequence[str]) -> str:
        channel = streams[0].partition("@")[2]
        names = ["/".join(_split(stream.partition("@")[0])) for stream in streams]
        params: dict[str, Any] = {"channel": channel, "symbol": names}
        if channel == "ohlc":
            params["interval"] = 1
        if channel == "trade":
            params["snapshot"] = False  # what came before is no part of the stream
        message = {"method": "subscribe", "params": params, "req_id": number}
        return json.dumps(message, separators=(",", ":"))

    def read(self, text: bytes) -> Message:
        message = decode(_MESSAGE, text)
        channel = message.channel
        if type(channel) is str and channel in _DATASETS:
            return _frame(channel, message, text)
        if type(channel) is str and channel in _NO_DATA:
            return Ignored()
        return _reply(decode(_OBJECT, text))

    def price(self, text: bytes, received_at: int) -> Price:
        """Of the last of its data; Python keeps the digits of whole numbers by itself."""
        message = decode(_OBJECT, text)
        channel, row = message["channel"], message["data"][-1]
        details = {name: str(row[theirs]) for theirs, name in _DETAILS.items() if theirs in row}
        event_time = iso_micros(message.get("timestamp") or row.get("timestamp"), received_at)
        return Price(event_time, str(row[_PRICES[channel]]), row["symbol"].replace("/", ""), details)

    def trade_market(self, stream: str) -> str | None:
        market, _, kind = stream.partition("@")
        return market if kind == "trade" else None

    async def fetch_trades(self, hole: Hole, rest: RestTrades) -> TradesPage:
        pair = "".join(_rest_sides(hole.market))

        def path(cursor: str, count: int) -> str:
            return f"/public/Trades?pair={pair}&since={cursor}&count={count}"

        page = await by_time(hole, rest, path, lambda micros: f"{micros}000", self.max_trades)
        return page if hole.first in page.ids else await self._with_trades_of_one_time(hole, rest, path, page)

    async def _with_trades_of_one_time(
        self, hole: Hole, rest: RestTrades, path: Callable[[str, int], str], page: TradesPage
    ) -> TradesPage:
        """A page that begins amid trades of one nanosecond lacks some: one that begins with all of these.

        So it brings trades before the hole once more, of which refined makes one row each.
        """
        (since,) = parse_qs(urlsplit(page.url).query)["since"]
        count = len(hole) + 1
        while count <= self.max_trades:
            wider = await rest.get(path(str(int(since) - 2), count))
            before = sum(number < hole.first for number in wider.ids)
            if len(wider.ids) < count or count >= len(hole) + before:
                return wider if hole.inside(wider.ids) else page
            count = len(hole) + before
        return page

    def read_trades(self, body: bytes) -> tuple[list[int], str]:
        document = json.loads(body)
        if codes := document["error"]:
            if any(str(code).startswith(_HEALING) for code in codes):
                raise SourceUnavailable(f"kraken: {codes[0]}"[:200])
            raise ValueError(str(codes[0]))
        result = document["result"]
        (trades,) = (rows for name, rows in result.items() if name != _CURSOR)
        return [int(trade[6]) for trade in trades], str(int(result[_CURSOR]) + 1)

    def market_of_url(self, url: str) -> str:
        websocket = websockets()[self.source]
        (pair,) = parse_qs(urlsplit(url).query)["pair"]
        return "".join(websocket.asset_name(side) for side in _split(pair))

    def pair(self, market: str, bases: Collection[str]) -> str:
        return "-".join(_rest_sides(market, bases))


def _split(pair: str, bases: Collection[str] = ()) -> tuple[str, str]:
    """Of a pair that ends in no quote currency, the last three letters are the quote, as of most."""
    return symbols.split(pair, Kraken.source, bases) or (pair[:-_USUAL_QUOTE], pair[-_USUAL_QUOTE:])


def _rest_sides(market: str, bases: Collection[str] = ()) -> tuple[str, str]:
    """Base and quote of a market as REST calls them; ``bases`` are REST's names too."""
    websocket = websockets()[Kraken.source]
    base, quote = _split(market, {websocket.asset_name(asset_id) for asset_id in bases})
    return websocket.asset_id(base), websocket.asset_id(quote)


def _reply(message: Mapping[str, Any]) -> Message:
    """An acknowledgement, or a refusal, of one symbol; a message that is refused whole names none."""
    method = message.get("method")
    if method == "subscribe":
        result = message.get("result")
        symbol = message.get("symbol") or (result.get("symbol") if isinstance(result, dict) else None)
        market = symbol.replace("/", "") if type(symbol) is str else None
        return Reply(None if message.get("success") is True else str(message.get("error"))[:200], market)
    if type(method) is str:
        return Ignored()
    if message.get("success") is False:
        return Reply(str(message.get("error"))[:200])
    raise BadFrame


def _frame(channel: str, message: _Message, text: bytes) -> Frame:
    rows = message.data
    if not rows or type(symbol := rows[0].symbol) is not str or any(row.symbol != symbol for row in rows):
        raise BadFrame
    market = symbol.replace("/", "")
    trade_ids: tuple[int, ...] = ()
    if channel == "trade":
        trade_ids = tuple(row.trade_id for row in rows)
        if not all(type(number) is int for number in trade_ids):
            raise BadFrame
        key = trade_ids[-1]
    else:
        key = iso_micros(message.timestamp or rows[-1].timestamp, zlib.crc32(text))
    return Frame(_DATASETS[channel], f"{market}@{channel}", market, key, trade_ids)


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_OBJECT: Final = msgspec.json.Decoder(Mapping[str, Any], float_hook=str)

VENUE: Final = Kraken()
