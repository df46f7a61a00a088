"""Binance spot: combined streams of one host.

Source: Binance Spot API documentation, "WebSocket Streams": 1,024 streams and 24 hours a connection,
five incoming messages a second, a ping each 20 seconds; errors come in two shapes, ``{"code", "msg"}``
and, as seen live, ``{"error": {"code", "msg"}}``. "Old trade lookup" weighs 25.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final

from stream.frames import BadFrame, Farewell, Frame, Message, Noise, Price, Reply, decoded
from stream.ids import Range

_MOST_MILLISECONDS: Final = 10**14  # as milliseconds the year 5138, as microseconds 1973
_USUAL_QUOTE: Final = 4
_SHUTDOWN: Final = "serverShutdown"
_QUOTES: Final = frozenset(
    {"USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD1", "USD", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY"}
)


class Binance:
    """``/stream`` of a host, and ``/api/v3/historicalTrades`` of the REST API."""

    source: ClassVar[str] = "binance"
    shard_streams: ClassVar[int] = 400
    message_streams: ClassVar[int] = 100
    messages_per_second: ClassVar[float] = 3.0  # of five, the rest is for pings and pongs
    lifetime_seconds: ClassVar[float] = 23 * 3600.0
    page: ClassVar[int] = 1000
    page_cost: ClassVar[int] = 25

    def address(self, url: str, streams: Sequence[str]) -> str:
        return f"{url}/stream?streams={streams[0]}"

    def subscription(self, number: int, streams: Sequence[str]) -> str:
        names = ",".join(f'"{stream}"' for stream in streams)
        return f'{{"method":"SUBSCRIBE","params":[{names}],"id":{number}}}'

    def read(self, text: str | bytes) -> Message:
        message = decoded(text)
        stream, data = message.get("stream"), message.get("data")
        if type(stream) is not str or type(data) is not dict:
            return _answer(message, text)
        if data.get("e") == _SHUTDOWN:
            return Farewell()
        kind = stream.partition("@")[2]
        dataset, key, price = _KINDS.get(kind[:5], _UNKNOWN)
        number, symbol = data.get(key), data.get("s")
        if type(number) is not int or type(symbol) is not str:
            raise BadFrame("bad_frame", text)
        return Frame(dataset, stream, symbol, number, data, price)

    def market(self, stream: str) -> str | None:
        symbol, _, kind = stream.partition("@")
        return symbol.upper() if kind == "trade" else None

    def trades_path(self, market: str, wanted: Range) -> str:
        first, last = wanted
        return f"/api/v3/historicalTrades?symbol={market}&fromId={first}&limit={last - first + 1}"

    def shorter(self, wanted: Range, count: int) -> Range:
        return wanted[0], wanted[0] + count - 1

    def market_of_path(self, path: str) -> str:
        return path.partition("symbol=")[2].partition("&")[0]

    def sides(self, market: str, known: Collection[str]) -> str:
        """A symbol has no mark between its sides: a configured asset's id is the base, or a usual
        quote is the quote, or, as of most, the last four letters are."""
        quotes = [quote for quote in _QUOTES if market.endswith(quote) and market != quote]
        exact = [base for base in known if market.startswith(base) and market[len(base) :] in _QUOTES]
        by_quote = len(market) - max(map(len, quotes), default=_USUAL_QUOTE)
        length = max(map(len, exact), default=by_quote)
        return f"{market[:length]}-{market[length:]}"

    def trade_id(self, trade: Any) -> int:
        return int(trade["id"])


def _answer(message: Mapping[str, Any], text: str | bytes) -> Message:
    if "result" in message and "error" not in message:
        return Reply()
    error = message.get("error", message)
    if isinstance(error, dict) and "code" in error:
        return Reply(f"{error['code']}: {error.get('msg')}"[:200])
    if message.get("e") == _SHUTDOWN:
        return Farewell()
    if "id" in message:
        return Noise()
    raise BadFrame("bad_frame", text)


def _micros(stamp: Any, otherwise: int) -> int:
    if type(stamp) is not int:
        return otherwise
    return stamp * 1000 if stamp < _MOST_MILLISECONDS else stamp


def _ticker(frame: Frame, received_at: int) -> Price:
    data = frame.data
    more = {"open": data["o"], "high": data["h"], "low": data["l"], "volume": data["v"]}
    return Price(_micros(data["E"], received_at), data["c"], frame.market, more)


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
    more = {"open": bar["o"], "high": bar["h"], "low": bar["l"], "volume": bar["v"]}
    return Price(_micros(frame.data["E"], received_at), bar["c"], frame.market, more)


_UNKNOWN: Final = ("unknown", "", _ticker)
_KINDS: Final[Mapping[str, tuple[str, str, Callable[[Frame, int], Price]]]] = {
    "miniT": ("tickers", "E", _ticker),
    "trade": ("trades", "t", _trade),
    "bookT": ("book_tickers", "u", _book),
    "kline": ("klines", "E", _kline),
}
