"""Binance's websocket frames, as the collector keeps them: ``@miniTicker`` becomes ``tickers``.

A line is ``{"received_at": <µs>, "frame": {"stream": …, "data": {…}}}``, the frame as received. Prices
and volumes are texts of eight decimals, the time is in milliseconds or, if so subscribed,
microseconds. Source: Binance Spot API documentation, "WebSocket Streams".
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import RawKey
from coinlake.tables import TIMESTAMP
from transform import live
from transform.fields import TEXT, WHOLE, Field
from transform.formats import Fault, Symbol
from transform.ordering import Layout
from transform.parsed import Unreadable

DATA: Final = ("frame", "data")
STREAM: Final = {"stream": Field(("frame", "stream"), TEXT)}
NAMED: Final = {**live.RECEIVED, **STREAM, "raw_symbol": Field((*DATA, "s"), TEXT)}
_STREAM: Final = "@miniTicker"
_EVENT: Final = "24hrMiniTicker"
_PRICES: Final = {"open": "o", "high": "h", "low": "l", "close": "c"}
_VOLUMES: Final = {"volume": "v", "quote_volume": "q"}


class MiniTickers:
    """Rolling 24-hour windows, one row for each frame."""

    table: ClassVar = "tickers"
    layout: ClassVar = Layout("event_time")
    fields: ClassVar[Mapping[str, Field]] = {
        **NAMED,
        "event": Field((*DATA, "e"), TEXT),
        "event_time": Field((*DATA, "E"), WHOLE, "missing_field"),
        **live.prices(_PRICES, *DATA),
        **live.volumes(_VOLUMES, *DATA),
    }

    def new_names(self, line: Any) -> set[str]:
        """The names in a good line that Binance has added since."""
        return new_names(line, set("eEscohlvq"))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no mini-ticker, for instance the answer to a subscription."""
        check(line, _STREAM, _EVENT)

    def columns(self, values: Mapping[str, pa.Array], _: Symbol) -> dict[str, pa.Array]:
        """The table's columns from the fields' values."""
        return {**values, **times(values, "event_time")}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", _EVENT)
        yield from live.time_faults(columns, key, "event_time")
        yield from live.range_faults(columns, (*_PRICES, *_VOLUMES))
        yield from live.bar_faults(columns)
        yield Fault("inconsistent", "stream", misnamed(columns["stream"], columns["raw_symbol"], _STREAM))


def check(line: Any, stream: str, event: str | None) -> dict[str, Any]:
    """The data of a line whose stream's name has ``stream`` after its symbol, and that is such an event."""
    frame = live.an_object(live.an_object(line).get("frame"), "frame")
    name = frame.get("stream")
    if not isinstance(name, str) or stream not in name or name.startswith("!"):
        raise Unreadable("unsupported_stream", name, "stream")
    data = live.an_object(frame.get("data"), "data")
    if data.get("e") != event:
        raise Unreadable("unsupported_stream", data.get("e"), "event")
    return data


def new_names(line: Any, known: set[str]) -> set[str]:
    """Names beyond those of the collector's envelope, Binance's, and the event's ``known`` ones."""
    frame = line["frame"]
    return live.added((line, live.ENVELOPE), (frame, {"stream", "data"}), (frame["data"], known))


def times(values: Mapping[str, pa.Array], *names: str) -> dict[str, pa.Array]:
    """Receipt and event times as times."""
    return {"received_at": values["received_at"].view(TIMESTAMP)} | {
        name: live.fine_times(values[name]) for name in names
    }


def misnamed(streams: pa.DictionaryArray, symbols: pa.DictionaryArray, suffix: str) -> pa.Array:
    """Which rows' stream is not their symbol's, ``btcusdt@miniTicker`` of ``BTCUSDT``."""
    names = symbols.dictionary
    expected = pc.binary_join_element_wise(pc.ascii_lower(names), suffix, "")
    places = pc.index_in(expected, value_set=streams.dictionary)
    places = pc.if_else(pc.equal(names, pc.ascii_upper(names)), pc.fill_null(places, -1), -1)
    return pc.not_equal(places.take(symbols.indices), streams.indices)
