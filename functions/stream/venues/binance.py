"""Binance spot: combined streams of one host.

Source: Binance Spot API documentation, "WebSocket Streams": 1,024 streams and 24 hours a connection,
five incoming messages a second, a ping each 20 seconds; errors come in two shapes, ``{"code", "msg"}``
and, as seen live, ``{"error": {"code", "msg"}}``. "Old trade lookup" weighs 25.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from coinlake import symbols
from stream.frames import BadFrame, Frame, Ignored, Message, Price, Reply, ShutdownNotice, decoded
from stream.venues import slices
from stream.venues.rest_trades import Hole, RestTrades, TradesPage, by_id

_BATCH: Final = 100  # streams of one message
_MAX_MILLISECONDS: Final = 10**14  # as milliseconds the year 5138, as microseconds 1973
_SHUTDOWN: Final = "serverShutdown"


@dataclass(frozen=True, slots=True)
class Binance:
    """``/stream`` of a host, and ``/api/v3/historicalTrades`` of the REST API; a sibling has its own name."""

    source: str = "binance"
    shard_streams: ClassVar[int] = 400
    messages_per_second: ClassVar[float] = 3.0  # of five, the rest is for pings and pongs
    lifetime_seconds: ClassVar[float] = 23 * 3600.0
    max_attempts: ClassVar[int] = 250  # of the 300 that Binance allows an address in five minutes
    max_trades: ClassVar[int] = 1000
    trades_weight: ClassVar[int] = 25

    def address(self, url: str, streams: Sequence[str]) -> str:
        return f"{url}/stream?streams={streams[0]}"

    def batches(self, streams: Sequence[str]) -> list[Sequence[str]]:
        return slices(streams, _BATCH)

    def subscription(self, number: int, streams: Sequence[str]) -> str:
        params = ",".join(f'"{stream}"' for stream in streams)
        return f'{{"method":"SUBSCRIBE","params":[{params}],"id":{number}}}'

    def read(self, text: str | bytes) -> Message:
        message = decoded(text)
        stream, data = message.get("stream"), message.get("data")
        if type(stream) is not str or type(data) is not dict:
            return _reply(message, text)
        if data.get("e") == _SHUTDOWN:
            return ShutdownNotice()
        kind = stream.partition("@")[2]
        dataset, key, price = _READERS.get(kind[:5], _UNKNOWN)
        number, symbol = data.get(key), data.get("s")
        if type(number) is not int or type(symbol) is not str:
            raise BadFrame("bad_frame", text)
        trade_ids = (number,) if dataset == "trades" else ()
        return Frame(dataset, stream, symbol, number, data, price, trade_ids)

    def trade_market(self, stream: str) -> str | None:
        symbol, _, kind = stream.partition("@")
        return symbol.upper() if kind == "trade" else None

    async def fetch_trades(self, hole: Hole, rest: RestTrades) -> TradesPage:
        def path(first: int, last: int) -> str:
            return f"/api/v3/historicalTrades?symbol={hole.market}&fromId={first}&limit={last - first + 1}"

        return await by_id(hole, rest, path)

    def read_trades(self, body: bytes) -> tuple[list[int], str]:
        return [int(trade["id"]) for trade in json.loads(body)], ""

    def market_of_url(self, url: str) -> str:
        return url.partition("symbol=")[2].partition("&")[0]

    def pair(self, market: str, bases: Collection[str]) -> str:
        """A symbol that ends in no quote currency stays as it is: transform reads it by the same rule."""
        sides = symbols.split(market, self.source, bases)
        return "-".join(sides) if sides else market


def _reply(message: Mapping[str, Any], text: str | bytes) -> Message:
    if "result" in message and "error" not in message:
        return Reply()
    error = message.get("error", message)
    if isinstance(error, dict) and "code" in error:
        return Reply(f"{error['code']}: {error.get('msg')}"[:200])
    if message.get("e") == _SHUTDOWN:
        return ShutdownNotice()
    if "id" in message:
        return Ignored()
    raise BadFrame("bad_frame", text)


def _micros(stamp: Any, otherwise: int) -> int:
    if type(stamp) is not int:
        return otherwise
    return stamp * 1000 if stamp < _MAX_MILLISECONDS else stamp


def _ticker(frame: Frame, received_at: int) -> Price:
    data = frame.data
    details = {"open": data["o"], "high": data["h"], "low": data["l"], "volume": data["v"]}
    return Price(_micros(data["E"], received_at), data["c"], frame.market, details)


def _trade(frame: Frame, received_at: int) -> Price:
    data = frame.data
    return Price(_micros(data.get("T"), received_at), data["p"], frame.market, {"quantity": data["q"]})


def _book(frame: Frame, received_at: int) -> Price:
    """It carries no time, so it counts as sent when received; its price is the middle."""
    bid, ask = frame.data["b"], frame.data["a"]
    middle = (Decimal(bid) + Decimal(ask)) / 2
    return Price(received_at, str(middle), frame.market, {"bid": bid, "ask": ask})


def _kline(frame: Frame, received_at: int) -> Price:
    bar = frame.data["k"]
    details = {"open": bar["o"], "high": bar["h"], "low": bar["l"], "volume": bar["v"]}
    return Price(_micros(frame.data["E"], received_at), bar["c"], frame.market, details)


_UNKNOWN: Final = ("unknown", "", _ticker)
_READERS: Final[Mapping[str, tuple[str, str, Callable[[Frame, int], Price]]]] = {
    "miniT": ("tickers", "E", _ticker),
    "trade": ("trades", "t", _trade),
    "bookT": ("book_tickers", "u", _book),
    "kline": ("klines", "E", _kline),
}

VENUE: Final = Binance()
