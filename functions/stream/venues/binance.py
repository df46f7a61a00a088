"""Binance spot: combined streams of one host.

Source: Binance Spot API documentation, "WebSocket Streams": 1,024 streams and 24 hours a connection,
five incoming messages a second, a ping each 20 seconds; errors come in two shapes, ``{"code", "msg"}``
and, as seen live, ``{"error": {"code", "msg"}}``. "Old trade lookup" weighs 25.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar, Final, NamedTuple

import msgspec

from coinlake import symbols
from stream.frames import BadFrame, Frame, Ignored, Message, Price, Reply, ShutdownNotice, decode
from stream.venues import slices
from stream.venues.rest_trades import Hole, RestTrades, TradesPage, by_id

_BATCH: Final = 100  # streams of one message
_MAX_MILLISECONDS: Final = 10**14  # as milliseconds the year 5138, as microseconds 1973
_SHUTDOWN: Final = "serverShutdown"
_TRADE_ID: Final = "t"


class _Data(msgspec.Struct, gc=False):
    """What tells frames apart; the rest is skipped."""

    e: Any = None
    s: Any = None
    E: Any = None
    t: Any = None
    u: Any = None


class _Combined(msgspec.Struct, gc=False):
    stream: Any = None
    data: _Data | None = None


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

    def read(self, text: bytes) -> Message:
        message = decode(_COMBINED, text)
        stream, data = message.stream, message.data
        if data is None or type(stream) is not str:
            return _reply(decode(_OBJECT, text))
        if data.e == _SHUTDOWN:
            return ShutdownNotice()
        kind = _kind(stream)
        if kind is None:
            raise BadFrame
        number, symbol = getattr(data, kind.key), data.s
        if type(number) is not int or type(symbol) is not str:
            raise BadFrame
        return Frame(kind.dataset, stream, symbol, number, (number,) if kind.key == _TRADE_ID else ())

    def price(self, text: bytes, received_at: int) -> Price:
        message = decode(_OBJECT, text)
        kind = _kind(message["stream"])
        if kind is None:
            raise BadFrame
        return kind.price(message["data"], received_at)

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


def _reply(message: Mapping[str, Any]) -> Message:
    if "result" in message and "error" not in message:
        return Reply()
    error = message.get("error", message)
    if isinstance(error, dict) and "code" in error:
        return Reply(f"{error['code']}: {error.get('msg')}"[:200])
    if message.get("e") == _SHUTDOWN:
        return ShutdownNotice()
    if "id" in message:
        return Ignored()
    raise BadFrame


def _micros(stamp: Any, otherwise: int) -> int:
    if type(stamp) is not int:
        return otherwise
    return stamp * 1000 if stamp < _MAX_MILLISECONDS else stamp


def _ticker(data: Mapping[str, Any], received_at: int) -> Price:
    details = {"open": data["o"], "high": data["h"], "low": data["l"], "volume": data["v"]}
    return Price(_micros(data["E"], received_at), data["c"], data["s"], details)


def _trade(data: Mapping[str, Any], received_at: int) -> Price:
    return Price(_micros(data.get("T"), received_at), data["p"], data["s"], {"quantity": data["q"]})


def _book(data: Mapping[str, Any], received_at: int) -> Price:
    """It carries no time, so it counts as sent when received; its price is the middle."""
    bid, ask = data["b"], data["a"]
    middle = (Decimal(bid) + Decimal(ask)) / 2
    return Price(received_at, str(middle), data["s"], {"bid": bid, "ask": ask})


def _kline(data: Mapping[str, Any], received_at: int) -> Price:
    bar = data["k"]
    details = {"open": bar["o"], "high": bar["h"], "low": bar["l"], "volume": bar["v"]}
    return Price(_micros(data["E"], received_at), bar["c"], data["s"], details)


class _Kind(NamedTuple):
    """Streams of a kind: the field that tells their frames apart, and the price of a frame's data."""

    dataset: str
    key: str
    price: Callable[[Mapping[str, Any], int], Price]


_KINDS: Final = {  # by the first letters of a stream's kind
    "miniT": _Kind("tickers", "E", _ticker),
    "trade": _Kind("trades", _TRADE_ID, _trade),
    "bookT": _Kind("book_tickers", "u", _book),
    "kline": _Kind("klines", "E", _kline),
}


@lru_cache(4096)
def _kind(stream: str) -> _Kind | None:
    return _KINDS.get(stream.partition("@")[2][:5])


_COMBINED: Final = msgspec.json.Decoder(_Combined)
_OBJECT: Final = msgspec.json.Decoder(Mapping[str, Any])

VENUE: Final = Binance()
