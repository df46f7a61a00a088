"""Coinbase Exchange's websocket messages: ``ticker`` becomes ``tickers``, ``match`` ``trades``.

A line is ``{"received_at": <µs>, "frame": {"type": …, …}}``, the message as received. Numbers are texts,
times ISO-8601 with microseconds. A ticker's time is its trade's, so those of trades made at once share
it and are told apart by their sequence; a match's side is the maker's. Source: Coinbase Exchange
documentation, "WebSocket channels".
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import pyarrow as pa

from coinlake.keys import RawKey
from coinlake.tables import LIVE_VOLUME, TIMESTAMP
from transform import live
from transform.fields import TEXT, WHOLE, Field
from transform.formats import Fault, Symbol
from transform.markets import product_sides
from transform.ordering import Layout
from transform.parsed import Unreadable

_FRAME: Final = "frame"
_COMMON: Final = {
    **live.RECEIVED,
    "event": Field((_FRAME, "type"), TEXT),
    "raw_symbol": Field((_FRAME, "product_id"), TEXT),
    "sequence": Field((_FRAME, "sequence"), WHOLE, "missing_field", varies=True),
}
_BAR: Final = {"open": "open_24h", "high": "high_24h", "low": "low_24h", "close": "price"}
_TICKER_KNOWN: Final = {
    *("type", "product_id", "sequence", "time", "trade_id", "last_size", "side", "volume_24h", "volume_30d"),
    *("best_bid", "best_bid_size", "best_ask", "best_ask_size", *_BAR.values()),
}
_MATCHES: Final = ("match", "last_match")
_MATCH_KNOWN: Final = {
    *("type", "product_id", "sequence", "time", "trade_id", "maker_order_id", "taker_order_id"),
    *("side", "size", "price"),
}
_SIDES: Final = ("buy", "sell")


class Tickers:
    """Rolling 24-hour windows, one row for each message."""

    table: ClassVar = "tickers"
    layout: ClassVar = Layout("event_time", unique=("stream", "event_time", "sequence"), beside=("sequence",))
    fields: ClassVar[Mapping[str, Field]] = {
        **_COMMON,
        "event_time": Field((_FRAME, "time"), TIMESTAMP, "missing_field"),
        **live.prices(_BAR, _FRAME),
        **live.volumes({"volume": "volume_24h"}, _FRAME),
    }

    def new_names(self, line: Any) -> set[str]:
        """The names in a good line that Coinbase has added since."""
        return live.added((line, live.ENVELOPE), (line[_FRAME], _TICKER_KNOWN))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no ticker, for instance the list of subscriptions."""
        _check(line, "ticker")

    def columns(self, values: Mapping[str, pa.Array], _: Symbol) -> dict[str, pa.Array]:
        """The table's columns; Coinbase does not tell the day's value."""
        nothing = pa.nulls(len(values["close"]), LIVE_VOLUME)
        return {**values, **_named(values, "ticker"), "quote_volume": nothing}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", "ticker")
        yield from live.time_faults(columns, key, "event_time")
        yield from live.range_faults(columns, (*_BAR, "volume", "sequence"))
        yield from live.bar_faults(columns)


class Matches:
    """Single trades; the last one before a subscription comes as ``last_match``."""

    table: ClassVar = "trades"
    layout: ClassVar = Layout("traded_at", unique=("raw_symbol", "trade_id"))
    fields: ClassVar[Mapping[str, Field]] = {
        **_COMMON,
        "trade_id": Field((_FRAME, "trade_id"), WHOLE, "missing_field", varies=True),
        "traded_at": Field((_FRAME, "time"), TIMESTAMP, "missing_field"),
        **live.prices({"price": "price"}, _FRAME),
        **live.volumes({"quantity": "size"}, _FRAME, missing="missing_field"),
        "side": Field((_FRAME, "side"), TEXT),
    }

    def new_names(self, line: Any) -> set[str]:
        """The names in a good line that Coinbase has added since."""
        return live.added((line, live.ENVELOPE), (line[_FRAME], _MATCH_KNOWN))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no match."""
        _check(line, *_MATCHES)

    def columns(self, values: Mapping[str, pa.Array], symbol: Symbol) -> dict[str, pa.Array]:
        """The table's columns."""
        side = values["side"]
        buys = pa.array([name == "buy" for name in side.dictionary.to_pylist()], pa.bool_())
        return {
            **values,
            **_named(values, "match"),
            **live.market_columns(values["raw_symbol"], product_sides, symbol),
            "is_buyer_maker": buys.take(side.indices),
            "quote_quantity": pa.nulls(len(side), LIVE_VOLUME),
        }

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", *_MATCHES)
        yield from live.time_faults(columns, key, "traded_at")
        yield from live.range_faults(columns, ("trade_id", "price", "quantity", "sequence"))
        unknown = live.kind_fault(columns["side"], "side", *_SIDES)
        yield Fault("bad_type", "side", unknown.rows)
        yield live.market_fault(columns)


def _check(line: Any, *kinds: str) -> None:
    kind = live.an_object(live.an_object(line).get(_FRAME), _FRAME).get("type")
    if kind not in kinds:
        raise Unreadable("unsupported_stream", kind, "event")


def _named(values: Mapping[str, pa.Array], channel: str) -> dict[str, pa.Array]:
    streams = live.mapped(values["raw_symbol"], lambda product: f"{product}@{channel}")
    return {"stream": streams, "received_at": values["received_at"].view(TIMESTAMP)}
