"""Binance's other frames: trades become ``trades``, book tickers ``book_tickers``, klines ``candles``.

Lines and times are as those of mini-tickers (``binance.py``). A trade's ids are consecutive within a symbol,
a book ticker has no time, and a kline comes every two seconds until the frame that says ``x``, closed.
A symbol's sides are told by the currency that it ends in. Source: Binance Spot API documentation,
"WebSocket Streams".
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from coinlake.keys import RawKey
from coinlake.tables import LIVE_VOLUME
from transform import live
from transform.fields import FLAG, TEXT, WHOLE, Field
from transform.formats import Fault, Symbol
from transform.ordering import Layout
from transform.parsers.binance import DATA, NAMED, STREAM, check, misnamed, new_names, times

# Currencies that symbols end in, of Binance's and Binance.US's exchangeInfo.
_QUOTES: Final = (
    *("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "USD1", "RLUSD", "XUSD", "USDS", "PAX", "DAI", "UST"),
    *("USD", "BTC", "ETH", "BNB", "XRP", "TRX", "DOGE", "SOL", "DOT", "VAI", "EURI", "AEUR", "EUR", "GBP"),
    *("TRY", "BRL", "ARS", "MXN", "COP", "CZK", "PLN", "RON", "UAH", "ZAR", "NGN", "RUB", "JPY", "AUD"),
    *("IDRT", "BIDR", "BVND", "BKRW"),
)
_LONGEST_FIRST: Final = tuple(sorted(_QUOTES, key=len, reverse=True))
_KLINE: Final = (*DATA, "k")
_BAR: Final = {"open": "o", "high": "h", "low": "l", "close": "c"}
_VOLUMES: Final = {"volume": "v", "quote_volume": "q"}
_KLINES: Final = "@kline_"


def sides(name: str) -> tuple[str, str] | None:
    """Base and quote of ``BTCUSDT``; None where it ends in no known currency."""
    found = next((quote for quote in _LONGEST_FIRST if name.endswith(quote) and name != quote), None)
    return (name.removesuffix(found), found) if found else None


class Trades:
    """Single trades."""

    table: ClassVar = "trades"
    layout: ClassVar = Layout("traded_at", unique=("raw_symbol", "trade_id"))
    fields: ClassVar[Mapping[str, Field]] = {
        **NAMED,
        "event": Field((*DATA, "e"), TEXT),
        "event_time": Field((*DATA, "E"), WHOLE, "missing_field"),
        "traded_at": Field((*DATA, "T"), WHOLE, "missing_field"),
        "trade_id": Field((*DATA, "t"), WHOLE, "missing_field", varies=True),
        **live.prices({"price": "p"}, *DATA),
        **live.volumes({"quantity": "q"}, *DATA, missing="missing_field"),
        "is_buyer_maker": Field((*DATA, "m"), FLAG, "missing_field"),
    }

    def new_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since; ``M`` means nothing."""
        return new_names(line, set("eEstpqTmM"))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no trade."""
        check(line, "@trade", "trade")

    def columns(self, values: Mapping[str, pa.Array], symbol: Symbol) -> dict[str, pa.Array]:
        """The table's columns; a frame does not give the trade's worth."""
        worth = pa.nulls(len(values["price"]), LIVE_VOLUME)
        named = live.market_columns(values["raw_symbol"], sides, symbol)
        return {**values, **named, **times(values, "event_time", "traded_at"), "quote_quantity": worth}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", "trade")
        yield from live.time_faults(columns, key, "event_time", "traded_at")
        yield from live.range_faults(columns, ("trade_id", "price", "quantity"))
        yield Fault("inconsistent", "stream", misnamed(columns["stream"], columns["raw_symbol"], "@trade"))
        yield live.market_fault(columns)


class BookTickers:
    """Best offers; the time of a row is its receipt."""

    table: ClassVar = "book_tickers"
    layout: ClassVar = Layout("received_at", unique=("raw_symbol", "update_id"))
    fields: ClassVar[Mapping[str, Field]] = {
        **NAMED,
        "update_id": Field((*DATA, "u"), WHOLE, "missing_field", varies=True),
        **live.prices({"bid": "b", "ask": "a"}, *DATA),
        **live.volumes({"bid_quantity": "B", "ask_quantity": "A"}, *DATA, missing="missing_field"),
    }

    def new_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since."""
        return new_names(line, set("usbBaA"))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no book ticker."""
        check(line, "@bookTicker", None)

    def columns(self, values: Mapping[str, pa.Array], symbol: Symbol) -> dict[str, pa.Array]:
        """The table's columns."""
        return {**values, **live.market_columns(values["raw_symbol"], sides, symbol), **times(values)}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """Every check of whole columns."""
        yield from live.time_faults(columns, key)
        yield from live.range_faults(columns, ("update_id", "bid", "bid_quantity", "ask", "ask_quantity"))
        yield Fault("inconsistent", "ask", pc.less(columns["ask"], columns["bid"]))
        yield Fault(
            "inconsistent", "stream", misnamed(columns["stream"], columns["raw_symbol"], "@bookTicker")
        )
        yield live.market_fault(columns)


class Klines:
    """Candles as they grow: each frame is a row, and ``is_closed`` says which one is the last."""

    table: ClassVar = "candles"
    layout: ClassVar = Layout(
        "open_time", monthly=True, folder="interval", unique=("stream", "event_time"),
        beside=("stream", "event_time", "interval"),
    )  # fmt: skip
    fields: ClassVar[Mapping[str, Field]] = {
        **live.RECEIVED,
        **STREAM,
        "event": Field((*DATA, "e"), TEXT),
        "event_time": Field((*DATA, "E"), WHOLE, "missing_field"),
        "raw_symbol": Field((*_KLINE, "s"), TEXT),
        "interval": Field((*_KLINE, "i"), TEXT),
        "open_time": Field((*_KLINE, "t"), WHOLE, "missing_field"),
        "close_time": Field((*_KLINE, "T"), WHOLE, "missing_field"),
        **live.prices(_BAR, *_KLINE),
        **live.volumes(_VOLUMES, *_KLINE),
        "trades": Field((*_KLINE, "n"), WHOLE, varies=True),
        "is_closed": Field((*_KLINE, "x"), FLAG, "missing_field"),
    }

    def new_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since."""
        kline = line["frame"]["data"]["k"]
        return new_names(line, set("eEsk")) | live.added((kline, set("tTsifLohlcvqnxVQB")))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no kline."""
        live.an_object(check(line, _KLINES, "kline").get("k"), "k")

    def columns(self, values: Mapping[str, pa.Array], symbol: Symbol) -> dict[str, pa.Array]:
        """The table's columns, still with eight decimals; the table has eighteen."""
        named = live.market_columns(values["raw_symbol"], sides, symbol)
        return {**values, **named, **times(values, "event_time", "open_time", "close_time")}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """Every check of whole columns; a bucket begins on a multiple of its length."""
        yield live.kind_fault(columns["event"], "event", "kline")
        yield live.kind_fault(columns["interval"], "interval", *INTERVALS)
        yield from live.time_faults(columns, key, "event_time")
        yield from live.range_faults(columns, (*_BAR, *_VOLUMES, "trades"))
        yield from live.bar_faults(columns)
        yield from _bucket_faults(columns)
        yield Fault("inconsistent", "stream", _misnamed(columns))
        yield live.market_fault(columns)


def _misnamed(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Which rows' stream is not that of their symbol and interval."""
    names, stream = columns["raw_symbol"].cast(TEXT), columns["stream"].cast(TEXT)
    expected = pc.binary_join_element_wise(pc.ascii_lower(names), columns["interval"].cast(TEXT), _KLINES)
    return pc.or_(pc.not_equal(stream, expected), pc.not_equal(names, pc.ascii_upper(names)))


def _bucket_faults(columns: Mapping[str, pa.Array]) -> Iterator[Fault]:
    """Buckets off their interval's grid, of another length, or told before they began."""
    lengths = {name: length // live.MICROSECOND for name, length in INTERVALS.items()}
    interval = columns["interval"]
    micros = pa.array([lengths.get(name, 1) for name in interval.dictionary.to_pylist()], WHOLE)
    length, opened = micros.take(interval.indices), columns["open_time"].view(WHOLE)
    off = pc.subtract(opened, pc.multiply(pc.divide(opened, length), length))
    yield Fault("bad_time", "open_time", pc.not_equal(off, 0))
    # the close is a tick, of whatever unit, before the next bucket
    rest = pc.subtract(pc.add(opened, length), columns["close_time"].view(WHOLE))
    yield Fault("inconsistent", "close_time", pc.or_(pc.less(rest, 1), pc.greater(rest, 1_000)))
    early = pc.less(columns["event_time"], columns["open_time"])
    yield Fault("inconsistent", "event_time", early)
