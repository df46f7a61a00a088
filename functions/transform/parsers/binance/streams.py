"""Binance's websocket frames, as the collector keeps them: mini-tickers become ``tickers``, trades
``trades``, book tickers ``book_tickers``, klines ``candles``.

A line is ``{"received_at": <µs>, "frame": {"stream": …, "data": {…}}}``, the frame as received. Prices
and volumes are texts of eight decimals, times are in milliseconds or, if so subscribed, microseconds. A
trade's ids are consecutive within a symbol, a book ticker has no time, and a kline comes every two seconds
until the frame that says ``x``, closed. Source: Binance Spot API documentation, "WebSocket Streams".
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake import symbols
from coinlake.intervals import INTERVALS
from coinlake.keys import RawKey
from coinlake.tables import LIVE_VOLUME, TIMESTAMP
from transform.model import RawDocument, Reader, Unreadable
from transform.readers.json_lines import ColumnFault, LineReader
from transform.readers.line_template import LineField
from transform.readers.line_values import BOOLEAN, INTEGER, TEXT
from transform.tables import live, stream_gaps
from transform.tables.batches import TableLayout

_DATA: Final = ("frame", "data")
_STREAM: Final = {"stream": LineField(("frame", "stream"), TEXT)}
_NAMED: Final = {**live.RECEIVED, **_STREAM, "raw_symbol": LineField((*_DATA, "s"), TEXT)}
_EVENT: Final = {
    "event": LineField((*_DATA, "e"), TEXT),
    "event_time": LineField((*_DATA, "E"), INTEGER, "missing_field"),
}
_KLINE: Final = (*_DATA, "k")
_PRICES: Final = {"open": "o", "high": "h", "low": "l", "close": "c"}
_VOLUMES: Final = {"volume": "v", "quote_volume": "q"}
_KLINE_STREAM: Final = "@kline_"


class MiniTickers:
    """Rolling 24-hour windows, one row for each frame."""

    table: ClassVar = "tickers"
    layout: ClassVar = TableLayout("event_time")
    fields: ClassVar[Mapping[str, LineField]] = {
        **_NAMED,
        **_EVENT,
        **live.prices(_PRICES, *_DATA),
        **live.volumes(_VOLUMES, *_DATA),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since."""
        return _unknown_names(line, set("eEscohlvq"))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no mini-ticker, for instance the response to a subscription."""
        _check(line, "@miniTicker", "24hrMiniTicker")

    def columns(self, values: Mapping[str, pa.Array], _: RawDocument) -> dict[str, pa.Array]:
        """The table's columns from the fields' values."""
        return {**values, **_times(values, "event_time")}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", "24hrMiniTicker")
        yield from live.time_faults(columns, key, sent=("event_time",))
        yield from live.range_faults(columns, tuple(_PRICES), tuple(_VOLUMES))
        yield from live.bar_faults(columns)
        yield ColumnFault(
            "inconsistent",
            "stream",
            _misnamed_stream(columns["stream"], columns["raw_symbol"], "@miniTicker"),
        )


class Trades:
    """Single trades."""

    table: ClassVar = "trades"
    layout: ClassVar = TableLayout("traded_at", unique=("raw_symbol", "trade_id"))
    fields: ClassVar[Mapping[str, LineField]] = {
        **_NAMED,
        **_EVENT,
        "traded_at": LineField((*_DATA, "T"), INTEGER, "missing_field"),
        "trade_id": LineField((*_DATA, "t"), INTEGER, "missing_field"),
        **live.prices({"price": "p"}, *_DATA),
        **live.volumes({"quantity": "q"}, *_DATA, missing="missing_field"),
        "is_buyer_maker": LineField((*_DATA, "m"), BOOLEAN, "missing_field"),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since; ``M`` means nothing."""
        return _unknown_names(line, set("eEstpqTmM"))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no trade."""
        _check(line, "@trade", "trade")

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns; a frame does not give the trade's worth."""
        worth = pa.nulls(len(values["price"]), LIVE_VOLUME)
        named = _market_columns(values, document)
        return {**values, **named, **_times(values, "event_time", "traded_at"), "quote_quantity": worth}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", "trade")
        yield from live.time_faults(columns, key, "traded_at", sent=("event_time",))
        yield from live.range_faults(columns, ("trade_id", "price", "quantity"))
        yield ColumnFault(
            "inconsistent", "stream", _misnamed_stream(columns["stream"], columns["raw_symbol"], "@trade")
        )
        yield live.market_fault(columns)


class BookTickers:
    """Best offers; the time of a row is its receipt."""

    table: ClassVar = "book_tickers"
    layout: ClassVar = TableLayout("received_at", unique=("raw_symbol", "update_id"))
    fields: ClassVar[Mapping[str, LineField]] = {
        **_NAMED,
        "update_id": LineField((*_DATA, "u"), INTEGER, "missing_field"),
        **live.prices({"bid": "b", "ask": "a"}, *_DATA),
        **live.volumes({"bid_quantity": "B", "ask_quantity": "A"}, *_DATA, missing="missing_field"),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since."""
        return _unknown_names(line, set("usbBaA"))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no book ticker."""
        _check(line, "@bookTicker", None)

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns."""
        return {**values, **_market_columns(values, document), **_times(values)}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns."""
        yield from live.time_faults(columns, key)
        yield from live.range_faults(columns, ("update_id", "bid", "bid_quantity", "ask", "ask_quantity"))
        yield ColumnFault("inconsistent", "ask", pc.less(columns["ask"], columns["bid"]))
        yield ColumnFault(
            "inconsistent",
            "stream",
            _misnamed_stream(columns["stream"], columns["raw_symbol"], "@bookTicker"),
        )
        yield live.market_fault(columns)


class Klines:
    """Candles as they grow: each frame is a row, and ``is_closed`` says which one is the last."""

    table: ClassVar = "candles"
    layout: ClassVar = TableLayout(
        "open_time",
        monthly=True,
        level="interval",
        unique=("stream", "event_time"),
        extra=("stream", "event_time", "interval"),
    )
    fields: ClassVar[Mapping[str, LineField]] = {
        **live.RECEIVED,
        **_STREAM,
        **_EVENT,
        "raw_symbol": LineField((*_KLINE, "s"), TEXT),
        "interval": LineField((*_KLINE, "i"), TEXT),
        "open_time": LineField((*_KLINE, "t"), INTEGER, "missing_field"),
        "close_time": LineField((*_KLINE, "T"), INTEGER, "missing_field"),
        **live.prices(_PRICES, *_KLINE),
        **live.volumes(_VOLUMES, *_KLINE),
        "trades": LineField((*_KLINE, "n"), INTEGER),
        "is_closed": LineField((*_KLINE, "x"), BOOLEAN, "missing_field"),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since."""
        kline = line["frame"]["data"]["k"]
        return _unknown_names(line, set("eEsk")) | live.unknown_names((kline, set("tTsifLohlcvqnxVQB")))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no kline."""
        live.require_object(_check(line, _KLINE_STREAM, "kline").get("k"), "k")

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns, still with eight decimals; the table has eighteen."""
        named = _market_columns(values, document)
        return {**values, **named, **_times(values, "event_time", "open_time", "close_time")}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns; a bucket begins on a multiple of its length."""
        yield live.kind_fault(columns["event"], "event", "kline")
        yield live.kind_fault(columns["interval"], "interval", *INTERVALS)
        yield from live.time_faults(columns, key, sent=("event_time",))
        yield from live.range_faults(columns, tuple(_PRICES), (*_VOLUMES, "trades"))
        yield from live.bar_faults(columns)
        yield from _bucket_faults(columns)
        yield ColumnFault("inconsistent", "stream", _misnamed_kline(columns))
        yield live.market_fault(columns)


def _misnamed_kline(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Which rows' stream is not that of their symbol and interval."""
    names, stream = columns["raw_symbol"].cast(TEXT), columns["stream"].cast(TEXT)
    expected = pc.binary_join_element_wise(
        pc.ascii_lower(names), columns["interval"].cast(TEXT), _KLINE_STREAM
    )
    return pc.or_(pc.not_equal(stream, expected), pc.not_equal(names, pc.ascii_upper(names)))


def _bucket_faults(columns: Mapping[str, pa.Array]) -> Iterator[ColumnFault]:
    """Buckets off their interval's grid, of another length, or sent before they began."""
    lengths = {name: length // live.MICROSECOND for name, length in INTERVALS.items()}
    interval = columns["interval"]
    micros = pa.array([lengths.get(name, 1) for name in interval.dictionary.to_pylist()], INTEGER)
    length, opened = micros.take(interval.indices), columns["open_time"].view(INTEGER)
    off = pc.subtract(opened, pc.multiply(pc.divide(opened, length), length))
    yield ColumnFault("bad_time", "open_time", pc.not_equal(off, 0))
    # the close is a tick, of whatever unit, before the next bucket
    rest = pc.subtract(pc.add(opened, length), columns["close_time"].view(INTEGER))
    yield ColumnFault("inconsistent", "close_time", pc.or_(pc.less(rest, 1), pc.greater(rest, 1_000)))
    early = pc.less(columns["event_time"], columns["open_time"])
    yield ColumnFault("inconsistent", "event_time", early)


def _check(line: Any, stream: str, event: str | None) -> dict[str, Any]:
    """The data of a line whose stream's name has ``stream`` after its symbol, and that is such an event."""
    frame = live.require_object(live.require_object(line).get("frame"), "frame")
    name = frame.get("stream")
    if not isinstance(name, str) or stream not in name or name.startswith("!"):
        raise Unreadable("unsupported_stream", name, "stream")
    data = live.require_object(frame.get("data"), "data")
    if data.get("e") != event:
        raise Unreadable("unsupported_stream", data.get("e"), "event")
    return data


def _unknown_names(line: Any, known: set[str]) -> set[str]:
    """Names beyond those of the collector's envelope, Binance's, and the event's ``known`` ones."""
    frame = line["frame"]
    return live.unknown_names((line, live.ENVELOPE), (frame, {"stream", "data"}), (frame["data"], known))


def _times(values: Mapping[str, pa.Array], *names: str) -> dict[str, pa.Array]:
    """Receipt and event times as times."""
    return {"received_at": values["received_at"].view(TIMESTAMP)} | {
        name: live.fine_times(values[name]) for name in names
    }


def _misnamed_stream(streams: pa.DictionaryArray, market_names: pa.DictionaryArray, suffix: str) -> pa.Array:
    """Which rows' stream is not their symbol's, ``btcusdt@miniTicker`` of ``BTCUSDT``."""
    names = market_names.dictionary
    expected = pc.binary_join_element_wise(pc.ascii_lower(names), suffix, "")
    positions = pc.index_in(expected, value_set=streams.dictionary)
    positions = pc.if_else(pc.equal(names, pc.ascii_upper(names)), pc.fill_null(positions, -1), -1)
    return pc.not_equal(positions.take(market_names.indices), streams.indices)


def _market_columns(values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
    """Base and quote, which a symbol does not separate."""
    source, bases = document.source, document.asset_ids
    return live.market_columns(
        values["raw_symbol"], lambda symbol: symbols.split(symbol, source, bases), document
    )


DATASETS: Final[Mapping[str, Reader]] = {
    "book_tickers": LineReader(BookTickers()),
    "klines": LineReader(Klines()),
    "stream_gaps": stream_gaps.READER,
    "tickers": LineReader(MiniTickers()),
    "trades": LineReader(Trades()),
}
