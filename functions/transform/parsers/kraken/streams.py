"""Messages of Kraken's websocket v2, as the collector keeps them: ``ticker`` becomes ``tickers``, ``trade``
``trades``, ``ohlc`` ``candles``.

A line is ``{"received_at": <µs>, "frame": {"channel", "type", "data": [{…}, …]}}``, the message as
received; each of the data is a row, in a snapshot as in an update. Prices and amounts are JSON numbers, read
with all of their digits; times are RFC 3339, in microseconds or nanoseconds. A ticker says how much the price
has changed in 24 hours, not what it was, which is the difference; until 2026 it had no time, and then is of
when it was received. A candle has no mark that it is closed: it is, once a message is of after its end.
Source: docs.kraken.com, Spot WebSocket v2, "Ticker", "Trades" and "Candles (OHLC)".
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from coinlake.keys import RawKey
from coinlake.tables import LIVE_PRICE, LIVE_VOLUME, TIMESTAMP
from transform.columns.numbers import LIVE_LIMITS
from transform.model import RawDocument, Reader, Unreadable
from transform.parsers.kraken.names import live_sides
from transform.readers.json_lines import ColumnFault, LineFormat, LineReader
from transform.readers.line_template import LineField
from transform.readers.line_values import INTEGER, TEXT
from transform.tables import live, stream_gaps
from transform.tables.batches import TableLayout

_DATA: Final = ("frame", "data")
_NAMED: Final = {**live.RECEIVED, "raw_symbol": LineField((*_DATA, "symbol"), TEXT)}
_FRAME_KNOWN: Final = frozenset({"channel", "type", "timestamp", "data"})
_TICKER_KNOWN: Final = {
    *("symbol", "bid", "bid_qty", "ask", "ask_qty", "last", "volume", "vwap", "low", "high"),
    *("change", "change_pct", "trades", "timestamp"),
}
_TRADE_KNOWN: Final = {"symbol", "side", "price", "qty", "ord_type", "trade_id", "timestamp"}
_CANDLE_KNOWN: Final = {
    *("symbol", "open", "high", "low", "close", "trades", "volume", "vwap"),
    *("interval_begin", "interval", "timestamp"),
}
_BAR: Final = {name: name for name in ("open", "high", "low", "close")}
_MINUTE: Final = timedelta(minutes=1)
_MINUTE_US: Final = _MINUTE // live.MICROSECOND
_INTERVALS: Final = {length // _MINUTE: name for name, length in INTERVALS.items()}


class Tickers:
    """The price and the 24 hours before it, one row for each message."""

    table: ClassVar = "tickers"
    layout: ClassVar = TableLayout("event_time")
    fields: ClassVar[Mapping[str, LineField]] = {
        **_NAMED,
        "event_time": LineField((*_DATA, "timestamp"), TIMESTAMP),
        **live.prices({"close": "last", "high": "high", "low": "low"}, *_DATA),
        "change": LineField((*_DATA, "change"), LIVE_PRICE, "missing_field"),
        **live.volumes({"volume": "volume"}, *_DATA),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good row that Kraken has added since."""
        return _unknown_names(line, _TICKER_KNOWN)

    def check(self, line: Any) -> None:
        """``Unreadable`` for a row that is no ticker."""
        _check(line, "ticker")

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns; an ``open`` that its column cannot hold is null."""
        received = values["received_at"].view(TIMESTAMP)
        before = pc.subtract(values["close"], values["change"])
        fits = pc.invert(LIVE_LIMITS[LIVE_PRICE].above(before))
        return {
            **values,
            **_market_columns(values, "ticker", document),
            "received_at": received,
            "event_time": pc.coalesce(values["event_time"], received),
            "open": pc.if_else(fits, before, None).cast(LIVE_PRICE),
            "quote_volume": pa.nulls(len(before), LIVE_VOLUME),
        }

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns. The price of 24 hours ago may lie outside of what came after."""
        yield from live.time_faults(columns, key, "event_time")
        yield from live.range_faults(columns, ("close", "high", "low"), ("volume",))
        known = pc.and_(columns["close"].is_valid(), columns["change"].is_valid())
        outside = pc.or_(columns["open"].is_null(), LIVE_LIMITS[LIVE_PRICE].outside(columns["open"]))
        yield ColumnFault("out_of_range", "change", pc.and_(known, pc.fill_null(outside, True)))
        low, high, close = (columns[name] for name in ("low", "high", "close"))
        yield ColumnFault("inconsistent", "high", pc.less(high, low))
        yield ColumnFault("inconsistent", "close", pc.or_(pc.less(close, low), pc.greater(close, high)))
        yield live.market_fault(columns)


class Trades:
    """Single trades, of which a message may bring several."""

    table: ClassVar = "trades"
    layout: ClassVar = TableLayout("traded_at", unique=("raw_symbol", "trade_id"))
    fields: ClassVar[Mapping[str, LineField]] = {
        **_NAMED,
        "trade_id": LineField((*_DATA, "trade_id"), INTEGER, "missing_field"),
        "traded_at": LineField((*_DATA, "timestamp"), TIMESTAMP, "missing_field"),
        **live.prices({"price": "price"}, *_DATA),
        **live.volumes({"quantity": "qty"}, *_DATA, missing="missing_field"),
        "side": LineField((*_DATA, "side"), TEXT),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good row that Kraken has added since."""
        return _unknown_names(line, _TRADE_KNOWN)

    def check(self, line: Any) -> None:
        """``Unreadable`` for a row that is no trade."""
        _check(line, "trade")

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns; the side is the taker's."""
        side = values["side"]
        sells = pa.array([name == "sell" for name in side.dictionary.to_pylist()], pa.bool_())
        return {
            **values,
            **_market_columns(values, "trade", document),
            "received_at": values["received_at"].view(TIMESTAMP),
            "is_buyer_maker": sells.take(side.indices),
            "quote_quantity": pa.nulls(len(side), LIVE_VOLUME),
        }

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns."""
        yield from live.time_faults(columns, key, "traded_at")
        yield from live.range_faults(columns, ("trade_id", "price", "quantity"))
        unknown = live.kind_fault(columns["side"], "side", "buy", "sell")
        yield ColumnFault("bad_type", "side", unknown.rows)
        yield live.market_fault(columns)


class Candles:
    """Candles as they grow, and the newest closed ones in a snapshot."""

    table: ClassVar = "candles"
    layout: ClassVar = TableLayout(
        "open_time",
        monthly=True,
        level="interval",
        unique=("stream", "open_time", "event_time"),
        extra=("stream", "event_time", "interval"),
    )
    fields: ClassVar[Mapping[str, LineField]] = {
        **_NAMED,
        "event_time": LineField(("frame", "timestamp"), TIMESTAMP, "missing_field"),
        "open_time": LineField((*_DATA, "interval_begin"), TIMESTAMP, "missing_field"),
        "interval": LineField((*_DATA, "interval"), INTEGER, "missing_field"),
        **live.prices(_BAR, *_DATA),
        **live.volumes({"volume": "volume"}, *_DATA),
        "trades": LineField((*_DATA, "trades"), INTEGER),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good row that Kraken has added since."""
        return _unknown_names(line, _CANDLE_KNOWN)

    def check(self, line: Any) -> None:
        """``Unreadable`` for a row that is no candle."""
        _check(line, "ohlc")

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns, still with eight decimals; the table has eighteen."""
        minutes = values["interval"].to_pylist()
        names = [None if count is None else _INTERVALS.get(count, str(count)) for count in minutes]
        sizes = pa.array([count if count in _INTERVALS else None for count in minutes], INTEGER)
        ends = pc.add(values["open_time"].cast(INTEGER), pc.multiply(sizes, _MINUTE_US))
        return {
            **values,
            **_market_columns(values, "ohlc", document),
            "received_at": values["received_at"].view(TIMESTAMP),
            "interval": pa.array(names, TEXT).dictionary_encode(),
            "is_closed": pc.greater_equal(values["event_time"].cast(INTEGER), ends),
            "quote_volume": pa.nulls(len(minutes), LIVE_VOLUME),
        }

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns; a bucket begins on a multiple of its length."""
        yield live.kind_fault(columns["interval"], "interval", *INTERVALS)
        yield from live.time_faults(columns, key, sent=("event_time",))
        yield from live.range_faults(columns, tuple(_BAR), ("volume", "trades"))
        yield from live.bar_faults(columns)
        interval, opened = columns["interval"], columns["open_time"].cast(INTEGER)
        lengths = [
            INTERVALS.get(name, _MINUTE) // live.MICROSECOND for name in interval.dictionary.to_pylist()
        ]
        length = pa.array(lengths, INTEGER).take(interval.indices)
        off = pc.subtract(opened, pc.multiply(pc.divide(opened, length), length))
        old = pc.less(opened, live.EARLIEST_US)
        yield ColumnFault("bad_time", "open_time", pc.or_(pc.not_equal(off, 0), old))
        early = pc.less(columns["event_time"], columns["open_time"])
        yield ColumnFault("inconsistent", "event_time", early)
        yield live.market_fault(columns)


def split(line: Any) -> list[Any]:
    """The rows of a line, each a line whose ``data`` is one of the frame's."""
    frame = live.require_object(live.require_object(line).get("frame"), "frame")
    data = frame.get("data")
    if not isinstance(data, list) or not data:
        raise Unreadable("unsupported_stream" if data is None else "bad_shape", data, "data")
    return [{**line, "frame": {**frame, "data": item}} for item in data]


def _check(line: Any, channel: str) -> None:
    frame = line["frame"]
    if frame.get("channel") != channel:
        raise Unreadable("unsupported_stream", frame.get("channel"), "channel")
    live.require_object(frame["data"], "data")


def _unknown_names(line: Any, known: set[str]) -> set[str]:
    frame = line["frame"]
    return live.unknown_names((line, live.ENVELOPE), (frame, _FRAME_KNOWN), (frame["data"], known))


def _market_columns(values: Mapping[str, pa.Array], kind: str, document: RawDocument) -> dict[str, pa.Array]:
    """Base and quote of a symbol, its name without the slash, and the stream of that name."""
    names = values["raw_symbol"]
    markets = live.map_texts(names, lambda symbol: symbol.replace("/", ""))
    return {
        **live.market_columns(names, live_sides, document),
        "raw_symbol": markets,
        "stream": live.map_texts(markets, lambda market: f"{market}@{kind}"),
    }


def _reader(line_format: LineFormat) -> LineReader:
    return LineReader(line_format, fast=False, split=split)


DATASETS: Final[Mapping[str, Reader]] = {
    "klines": _reader(Candles()),
    "stream_gaps": stream_gaps.READER,
    "tickers": _reader(Tickers()),
    "trades": _reader(Trades()),
}
