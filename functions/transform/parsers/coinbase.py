"""Coinbase Exchange: candles, tickers, statistics, products and trades by REST, and websocket messages.

REST: a candle is ``[time, low, high, open, close, volume]`` of JSON numbers, newest first, its time in
seconds; a bucket without trades is missing. Everywhere else numbers are texts. A ticker's time has up to
nine decimals of a second; statistics have no time and are of when they were received. The list of products
holds some that are no longer, or not yet, traded. Trades are newest first. Source: Coinbase Exchange API
reference, "Get product candles", "… ticker", "… stats", "… trades" and "Get all known trading pairs".

Websocket: a line is ``{"received_at": <µs>, "frame": {"type": …, …}}``, the message as received, its times
ISO-8601 with microseconds. A ticker's time is its trade's, so those of trades made at once share it and are
told apart by their sequence. Source: Coinbase Exchange documentation, "WebSocket channels".
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import pyarrow as pa

from coinlake.keys import RawKey
from coinlake.tables import LIVE_VOLUME, TIMESTAMP
from transform.columns.numbers import VOLUME
from transform.columns.validation import (
    field_values,
    unknown_columns,
    unknown_fields,
    validate_lists,
    validate_objects,
)
from transform.model import ParsedObject, RawDocument, Reader, Unreadable
from transform.readers.documents import DocumentReader, ListReader
from transform.readers.json_lines import ColumnFault, LineReader
from transform.readers.line_template import LineField
from transform.readers.line_values import INTEGER, TEXT
from transform.tables import live, stream_gaps
from transform.tables.assembly import canonical_symbols, constant, origin_columns, slice_by_slot
from transform.tables.batches import TableLayout
from transform.tables.candles import candles
from transform.tables.markets import CandleSeries, base_and_quote, only_part, split_product, split_products
from transform.tables.quotes import quotes
from transform.tables.trade_history import history_market, trade_columns, trade_history

_CANDLE_FIELDS: Final = ("time", "low", "high", "open", "close", "volume")
_TICKER: Final = {"price": "price", "bid": "bid", "ask": "ask", "volume_24h_base": "volume"}
_TICKER_KNOWN: Final = {"time", "trade_id", "size", "rfq_volume", *_TICKER.values()}
_STATS: Final = {
    "price": "last",
    "open_24h": "open",
    "high_24h": "high",
    "low_24h": "low",
    "volume_24h_base": "volume",
}
_STATS_KNOWN: Final = {
    *("volume_30day", "rfq_volume_24hour", "rfq_volume_30day"),
    *("conversions_volume_24hour", "conversions_volume_30day"),
    *_STATS.values(),
}
_PRODUCT_KNOWN: Final = {
    *("id", "base_currency", "quote_currency", "display_name", "status", "trading_disabled"),
    *("min_market_funds", "margin_enabled", "post_only", "limit_only", "cancel_only", "status_message"),
    *("fx_stablecoin", "max_slippage_percentage", "auction_mode", "high_bid_limit_percentage"),
    *("quote_increment", "base_increment"),
}
_TRADE_KNOWN: Final = {"trade_id", "side", "size", "price", "time"}
_FRAME: Final = "frame"
_FRAME_FIELDS: Final = {
    **live.RECEIVED,
    "event": LineField((_FRAME, "type"), TEXT),
    "raw_symbol": LineField((_FRAME, "product_id"), TEXT),
    "sequence": LineField((_FRAME, "sequence"), INTEGER, "missing_field"),
}
_BAR: Final = {"open": "open_24h", "high": "high_24h", "low": "low_24h", "close": "price"}
_TICKER_FRAME_KNOWN: Final = {
    *("type", "product_id", "sequence", "time", "trade_id", "last_size", "side", "volume_24h", "volume_30d"),
    *("best_bid", "best_bid_size", "best_ask", "best_ask_size", *_BAR.values()),
}
_MATCH_TYPES: Final = ("match", "last_match")
_MATCH_KNOWN: Final = {
    *("type", "product_id", "sequence", "time", "trade_id", "maker_order_id", "taker_order_id"),
    *("side", "size", "price"),
}
_IS_BUYER_MAKER: Final = {"buy": True, "sell": False}  # the side is the maker's


def error(document: dict[str, Any]) -> str | None:
    """Every error of Coinbase Exchange is {"message": text}."""
    message = document.get("message")
    return message if isinstance(message, str) else None


def product_candles(document: RawDocument) -> ParsedObject:
    """The candles of the product and interval that the slot names, one slice for each month."""
    series = CandleSeries.from_slot(document.key.slot.parts)
    validator, rows = validate_lists(document.rows, len(_CANDLE_FIELDS))
    fields = {name: (name, [row[place] for row in rows]) for place, name in enumerate(_CANDLE_FIELDS)}
    fields["open_time"] = fields.pop("time")
    opened = validator.epoch_times(*fields["open_time"], document.received_at)
    return candles(
        document, validator, series, opened, fields, notes=unknown_columns(rows, len(_CANDLE_FIELDS))
    )


def ticker(document: RawDocument) -> ParsedObject:
    """The last trade of the product that the slot names, and the best prices."""
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    time = validator.iso_times("time", field_values(rows, "time"), document.received_at)
    columns = _product_columns(document, len(rows), time)
    return quotes(document, validator, rows, columns, _TICKER, notes=unknown_fields(rows, _TICKER_KNOWN))


def stats(document: RawDocument) -> ParsedObject:
    """The last 24 hours of the product that the slot names."""
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    columns = _product_columns(document, len(rows), constant(document.received_at, len(rows), TIMESTAMP))
    return quotes(document, validator, rows, columns, _STATS, notes=unknown_fields(rows, _STATS_KNOWN))


def products(document: RawDocument) -> ParsedObject:
    """Every product; the sides are taken from its id, as an auction of BTC has the base BTC elsewhere."""
    validator, rows = validate_objects(document.rows, numbers_as_text=True)
    ids = validator.texts("id", field_values(rows, "id"))
    bases, currencies = split_products(validator, "id", ids)
    columns = origin_columns(document, len(rows)) | {
        "asset_id": ids,
        "base": canonical_symbols(document, bases),
        "quote": currencies,
        "name": validator.texts("display_name", field_values(rows, "display_name"), None),
        "symbol": bases,
        "status": validator.texts("status", [_status(row) for row in rows], None),
        "price_increment": validator.decimals(
            "quote_increment", field_values(rows, "quote_increment"), VOLUME
        ),
        "quantity_increment": validator.decimals(
            "base_increment", field_values(rows, "base_increment"), VOLUME
        ),
    }
    return slice_by_slot(document, validator, "assets", columns, unknown_fields(rows, _PRODUCT_KNOWN))


def trades(document: RawDocument) -> ParsedObject:
    """Trades of the product that the slot names; a side that is none stays what it is, to be rejected."""
    validator, rows = validate_objects(document.rows)
    market = history_market(document)
    product = "-".join(market)
    sides = field_values(rows, "side")
    flags = [_IS_BUYER_MAKER.get(side, side) if isinstance(side, str) else side for side in sides]
    columns = {
        **trade_columns(validator, rows, "trade_id", "size"),
        "is_buyer_maker": validator.booleans("side", flags),
        "traded_at": validator.iso_times("time", field_values(rows, "time"), document.received_at),
    }
    return trade_history(
        document,
        validator,
        columns,
        market=market,
        raw_symbol=product,
        stream=f"{product}@match",
        notes=unknown_fields(rows, _TRADE_KNOWN),
    )


def single_row(document: Any) -> list[Any] | None:
    """A document about one product is its only row."""
    return [document] if isinstance(document, dict) else None


def _product_columns(document: RawDocument, count: int, observed: pa.Array) -> dict[str, pa.Array]:
    product = only_part(document.key.slot.parts)
    base, quote = base_and_quote(product)
    return {
        "base": constant(document.symbol(base), count),
        "quote": constant(quote, count),
        "raw_symbol": constant(product, count),
        "observed_at": observed,
    }


def _status(row: Mapping[str, Any]) -> Any:
    """Coinbase keeps calling a product online while its trading is disabled."""
    status = row.get("status")
    return "trading_disabled" if status == "online" and row.get("trading_disabled") is True else status


class Tickers:
    """Rolling 24-hour windows, one row for each message."""

    table: ClassVar = "tickers"
    layout: ClassVar = TableLayout(
        "event_time", unique=("stream", "event_time", "sequence"), extra=("sequence",)
    )
    fields: ClassVar[Mapping[str, LineField]] = {
        **_FRAME_FIELDS,
        "event_time": LineField((_FRAME, "time"), TIMESTAMP, "missing_field"),
        **live.prices(_BAR, _FRAME),
        **live.volumes({"volume": "volume_24h"}, _FRAME),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good line that Coinbase has added since."""
        return live.unknown_names((line, live.ENVELOPE), (line[_FRAME], _TICKER_FRAME_KNOWN))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no ticker, for instance the list of subscriptions."""
        _check_type(line, "ticker")

    def columns(self, values: Mapping[str, pa.Array], _: RawDocument) -> dict[str, pa.Array]:
        """The table's columns; Coinbase does not give the quote volume."""
        nothing = pa.nulls(len(values["close"]), LIVE_VOLUME)
        return {**values, **_stream_columns(values, "ticker"), "quote_volume": nothing}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", "ticker")
        yield from live.time_faults(columns, key, "event_time")
        yield from live.range_faults(columns, (*_BAR, "sequence"), ("volume",))
        yield from live.bar_faults(columns)


class Matches:
    """Single trades; the last one before a subscription comes as ``last_match``."""

    table: ClassVar = "trades"
    layout: ClassVar = TableLayout("traded_at", unique=("raw_symbol", "trade_id"))
    fields: ClassVar[Mapping[str, LineField]] = {
        **_FRAME_FIELDS,
        "trade_id": LineField((_FRAME, "trade_id"), INTEGER, "missing_field"),
        "traded_at": LineField((_FRAME, "time"), TIMESTAMP, "missing_field"),
        **live.prices({"price": "price"}, _FRAME),
        **live.volumes({"quantity": "size"}, _FRAME, missing="missing_field"),
        "side": LineField((_FRAME, "side"), TEXT),
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good line that Coinbase has added since."""
        return live.unknown_names((line, live.ENVELOPE), (line[_FRAME], _MATCH_KNOWN))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no match."""
        _check_type(line, *_MATCH_TYPES)

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns."""
        side = values["side"]
        buys = pa.array([name == "buy" for name in side.dictionary.to_pylist()], pa.bool_())
        return {
            **values,
            **_stream_columns(values, "match"),
            **live.market_columns(values["raw_symbol"], split_product, document),
            "is_buyer_maker": buys.take(side.indices),
            "quote_quantity": pa.nulls(len(side), LIVE_VOLUME),
        }

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns."""
        yield live.kind_fault(columns["event"], "event", *_MATCH_TYPES)
        yield from live.time_faults(columns, key, "traded_at")
        yield from live.range_faults(columns, ("trade_id", "price", "quantity", "sequence"))
        unknown = live.kind_fault(columns["side"], "side", *_IS_BUYER_MAKER)
        yield ColumnFault("bad_type", "side", unknown.rows)
        yield live.market_fault(columns)


def _check_type(line: Any, *kinds: str) -> None:
    kind = live.require_object(live.require_object(line).get(_FRAME), _FRAME).get("type")
    if kind not in kinds:
        raise Unreadable("unsupported_stream", kind, "event")


def _stream_columns(values: Mapping[str, pa.Array], channel: str) -> dict[str, pa.Array]:
    streams = live.map_texts(values["raw_symbol"], lambda product: f"{product}@{channel}")
    return {"stream": streams, "received_at": values["received_at"].view(TIMESTAMP)}


DATASETS: Final[Mapping[str, Reader]] = {
    "assets": ListReader(products, error),
    "candles": ListReader(product_candles, error),
    "quotes": DocumentReader(ticker, error, single_row),
    "stats": DocumentReader(stats, error, single_row),
    "stream_gaps": stream_gaps.READER,
    "tickers": LineReader(Tickers()),
    "trade_history": ListReader(trades, error),
    "trades": LineReader(Matches()),
}
