"""Binance's websocket frames, as the collector keeps them: ``@miniTicker`` becomes ``tickers``.

A line is ``{"received_at": <µs>, "frame": {"stream": …, "data": {…}}}``, the frame as received. Prices
and volumes are texts of eight decimals, the time is in milliseconds or, if so subscribed,
microseconds. Source: Binance Spot API documentation, "WebSocket Streams".
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import RawKey
from coinlake.tables import LIVE_PRICE, LIVE_VOLUME, TIMESTAMP
from transform.lines import Fault
from transform.numbers import LIVE
from transform.parsed import Unreadable
from transform.payload import Repeated
from transform.shape import TEXT, WHOLE, Field
from transform.times import CLOCK_SKEW

_STREAM: Final = "@miniTicker"
_EVENT: Final = "24hrMiniTicker"
_NAMES: Final = ({"received_at", "frame"}, {"stream", "data"}, set("eEscohlvq"))
_PRICES: Final = {"open": "o", "high": "h", "low": "l", "close": "c"}
_VOLUMES: Final = {"volume": "v", "quote_volume": "q"}
_MICROSECOND: Final = timedelta(microseconds=1)
_MOST_MILLISECONDS: Final = 10**14  # as milliseconds the year 5138, as microseconds 1973
_DAY: Final = timedelta(days=1)  # no frame is received, no batch is closed, so much later than due


class MiniTickers:
    """Rolling 24-hour windows, one row for each frame."""

    table: ClassVar = "tickers"
    day: ClassVar = "event_time"
    fields: ClassVar[Mapping[str, Field]] = {
        "received_at": Field(("received_at",), WHOLE, "missing_field"),
        "stream": Field(("frame", "stream"), TEXT),
        "event": Field(("frame", "data", "e"), TEXT),
        "event_time": Field(("frame", "data", "E"), WHOLE, "missing_field"),
        "raw_symbol": Field(("frame", "data", "s"), TEXT),
        **{
            column: Field(("frame", "data", name), LIVE_PRICE, "missing_price")
            for column, name in _PRICES.items()
        },
        **{column: Field(("frame", "data", name), LIVE_VOLUME) for column, name in _VOLUMES.items()},
    }

    def new_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since."""
        levels = (line, line["frame"], line["frame"]["data"])
        return set().union(*(set(level) - known for level, known in zip(levels, _NAMES, strict=True)))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no mini-ticker, for instance the answer to a subscription."""
        frame = _object(_object(line).get("frame"), "frame")
        stream = frame.get("stream")
        if not isinstance(stream, str) or not stream.endswith(_STREAM) or stream.startswith("!"):
            raise Unreadable("unsupported_stream", stream, "stream")
        event = _object(frame.get("data"), "data").get("e")
        if event != _EVENT:
            raise Unreadable("unsupported_stream", event, "event")

    def columns(self, values: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """The table's columns from the fields' values; a time out of all range becomes 1970."""
        stamps = pc.max_element_wise(values["event_time"], 0, skip_nulls=False)
        milliseconds = pc.less(stamps, _MOST_MILLISECONDS)
        micros = pc.if_else(milliseconds, pc.multiply(stamps, 1000), stamps)
        return {
            **values,
            "event_time": micros.view(TIMESTAMP),
            "received_at": values["received_at"].view(TIMESTAMP),
        }

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """Every check of whole columns; a batch is named by when it was opened."""
        received, event = columns["received_at"], columns["event_time"]
        due = key.slot.time
        kinds = pc.not_equal(columns["event"].dictionary, _EVENT)
        yield Fault("unsupported_stream", "event", kinds.take(columns["event"].indices))
        yield Fault("bad_time", "received_at", _outside(received, due - _DAY, due + _DAY))
        lag = pc.subtract(received.view(WHOLE), event.view(WHOLE))
        yield Fault("bad_time", "event_time", pc.greater(lag, _DAY // _MICROSECOND))
        yield Fault("future_time", "event_time", pc.less(lag, -CLOCK_SKEW // _MICROSECOND))
        for name in (*_PRICES, *_VOLUMES):
            column = columns[name]
            yield Fault("out_of_range", name, LIVE[column.type].outside(column))
        low, high = columns["low"], columns["high"]
        yield Fault("inconsistent", "high", pc.less(high, low))
        for name in ("open", "close"):
            outside = pc.or_(pc.less(columns[name], low), pc.greater(columns[name], high))
            yield Fault("inconsistent", name, outside)
        yield Fault("inconsistent", "stream", _misnamed(columns["stream"], columns["raw_symbol"]))


def _object(value: Any, name: str | None = None) -> dict[str, Any]:
    if isinstance(value, Repeated):
        raise Unreadable("duplicate_key", value, name)
    if not isinstance(value, dict):
        raise Unreadable("not_an_object", value, name)
    return value


def _outside(column: pa.Array, first: datetime, last: datetime) -> pa.Array:
    return pc.or_(
        pc.less(column, pa.scalar(first, TIMESTAMP)), pc.greater(column, pa.scalar(last, TIMESTAMP))
    )


def _misnamed(streams: pa.DictionaryArray, symbols: pa.DictionaryArray) -> pa.Array:
    """Which rows' stream is not their symbol's, ``btcusdt@miniTicker`` of ``BTCUSDT``."""
    names = symbols.dictionary
    expected = pc.binary_join_element_wise(pc.ascii_lower(names), _STREAM, "")
    places = pc.index_in(expected, value_set=streams.dictionary)
    places = pc.if_else(pc.equal(names, pc.ascii_upper(names)), pc.fill_null(places, -1), -1)
    return pc.not_equal(places.take(symbols.indices), streams.indices)
