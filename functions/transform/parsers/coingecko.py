"""CoinGecko: pages of coins and simple prices become ``quotes``, charts ``price_points``, bars ``candles``,
the list of coins ``assets``.

``/coins/markets`` is a list of objects, one for each coin; every value is a JSON number, integer or float
for the same field, and every number but the price may be null. ``/simple/price`` is an object of coins by
id, each an object of numbers named for the currency; a coin that CoinGecko does not know is absent, and a
change of null marks a price that is stale. ``/coins/list`` is a list of objects of texts; symbols are not
unique. Source: CoinGecko API v3 reference, "Coins List with Market Data", "Coin Price by IDs", "Coins List".

A chart (``market_chart``) is three lists of [time, value], of prices, market caps and rolling 24 hours'
volumes; the values of one moment carry the same time, in milliseconds, which jitters by seconds, and the
last point is the moment of asking. A bar (``ohlc``) is [time, open, high, low, close], and its time is its
end. Sources: "Coin Historical Chart Data within Time Range by ID" and "Coin OHLC Chart by ID", which has
bars of 30 minutes for 1 or 2 days, 4 hours for up to 30 and 4 days for more.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from transform.columns.numbers import ANY, PRICE, VOLUME
from transform.columns.times import MILLISECOND
from transform.columns.validation import (
    ColumnValidator,
    field_values,
    unknown_columns,
    unknown_fields,
    validate_lists,
    validate_objects,
)
from transform.model import ParsedObject, RawDocument, Reader, Unreadable
from transform.readers.documents import DocumentReader, ListReader, values_at
from transform.tables.assembly import canonical_symbols, constant, origin_columns, slice_by_slot
from transform.tables.candles import candles
from transform.tables.markets import CandleSeries, asset_and_quote, page_quote
from transform.tables.price_points import price_points
from transform.tables.quotes import only_requested, quotes

_COIN: Final = {
    "price": "current_price",
    "volume_24h_quote": "total_volume",
    "high_24h": "high_24h",
    "low_24h": "low_24h",
    "change_24h_percent": "price_change_percentage_24h",
    "market_cap": "market_cap",
    "circulating_supply": "circulating_supply",
    "total_supply": "total_supply",
    "max_supply": "max_supply",
}
_COIN_KNOWN: Final = {
    *("id", "market_cap_rank", "last_updated", *_COIN.values()),
    *("symbol", "name", "image", "fully_diluted_valuation", "roi", "price_change_24h"),
    *("market_cap_change_24h", "market_cap_change_percentage_24h"),
    *("ath", "ath_change_percentage", "ath_date", "atl", "atl_change_percentage", "atl_date"),
}
_SIMPLE_PRICE: Final = {
    "price": "{}",
    "market_cap": "{}_market_cap",
    "volume_24h_quote": "{}_24h_vol",
    "change_24h_percent": "{}_24h_change",
}
_SIMPLE_PRICE_TIME: Final = "last_updated_at"
_LISTED_COIN_KNOWN: Final = frozenset({"id", "symbol", "name", "platforms"})
_CHART_KNOWN: Final = frozenset({"prices", "market_caps", "total_volumes"})
_POINT_VALUES: Final = 2  # a time and a value
_BAR_FIELDS: Final = ("time", "open", "high", "low", "close")
_BAR_INTERVALS: Final = ("30m", "4h", "4d")
_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")
_MAX_DAYS: Final = {"30m": 2, "4h": 30}


def error(document: dict[str, Any]) -> str | None:
    """CoinGecko has four envelopes: {status}, {error: {status}}, {error: text} and plain text."""
    inner = document.get("error", document)
    if isinstance(inner, str):
        return inner
    status = inner.get("status") if isinstance(inner, dict) else None
    if not isinstance(status, dict) or "error_code" not in status:
        return None
    return f"{status['error_code']} {status.get('error_message', '')}"


def coins(document: RawDocument) -> ParsedObject:
    """A page of coins; the slot's second part is the currency that the prices are in."""
    quote = page_quote(document.key.slot.parts)
    validator, rows = validate_objects(document.rows)
    ids = validator.texts("id", field_values(rows, "id"))
    lacking = only_requested(document, validator, "id", ids)
    columns = {
        "base": canonical_symbols(document, ids),
        "quote": constant(quote, len(rows)),
        "raw_symbol": ids,
        "observed_at": validator.iso_times(
            "last_updated", field_values(rows, "last_updated"), document.received_at
        ),
        "rank": validator.integers("market_cap_rank", field_values(rows, "market_cap_rank"), pa.int32()),
    }
    return quotes(
        document, validator, rows, columns, _COIN, notes=unknown_fields(rows, _COIN_KNOWN) + lacking
    )


def prices(document: RawDocument) -> ParsedObject:
    """Coins by id; the slot's second part is the currency that the prices are in."""
    quote = page_quote(document.key.slot.parts)
    validator, rows = validate_objects(document.rows)
    names = list(document.envelope)
    ids = validator.texts("id", [names[number] for number in validator.row_numbers])
    lacking = only_requested(document, validator, "id", ids)
    fields = {column: name.format(quote.lower()) for column, name in _SIMPLE_PRICE.items()}
    columns = {
        "base": canonical_symbols(document, ids),
        "quote": constant(quote, len(rows)),
        "raw_symbol": ids,
        "observed_at": validator.epoch_times(
            _SIMPLE_PRICE_TIME, field_values(rows, _SIMPLE_PRICE_TIME), document.received_at
        ),
    }
    notes = unknown_fields(rows, {_SIMPLE_PRICE_TIME, *fields.values()}) + lacking
    return quotes(document, validator, rows, columns, fields, notes=notes)


def listed_coins(document: RawDocument) -> ParsedObject:
    """Every coin that CoinGecko has; a coin has no quote and no increments."""
    validator, rows = validate_objects(document.rows)
    ids = validator.texts("id", field_values(rows, "id"))
    columns = origin_columns(document, len(rows)) | {
        "asset_id": ids,
        "base": canonical_symbols(document, ids),
        "name": validator.texts("name", field_values(rows, "name"), None),
        "symbol": validator.texts("symbol", field_values(rows, "symbol"), None),
    }
    return slice_by_slot(document, validator, "assets", columns, unknown_fields(rows, _LISTED_COIN_KNOWN))


def chart_rows(document: Any) -> list[Any] | None:
    """A row [time, price, market cap, volume] for each point of the three lists of a chart.

    A cap or volume at a time without price has a row too, and what is no point stays as it is.
    """
    if not isinstance(document, dict):
        return None
    prices, caps, volumes = (document.get(name) for name in ("prices", "market_caps", "total_volumes"))
    if not isinstance(prices, list) or not all(isinstance(rest, list | None) for rest in (caps, volumes)):
        return None
    strays: list[Any] = []
    cap_at, volume_at = _by_time(caps or [], strays), _by_time(volumes or [], strays)
    rows = [_chart_row(point, cap_at, volume_at) for point in prices]
    rows += [[time, None, cap, volume_at.pop(time, None)] for time, cap in cap_at.items()]
    rows += [[time, None, None, volume] for time, volume in volume_at.items()]
    return rows + strays


def chart(document: RawDocument) -> ParsedObject:
    """The chart of the coin and currency that the slot names; every point stays."""
    validator, rows = validate_lists(document.rows, 4)
    times, prices, caps, volumes = ([row[position] for row in rows] for position in range(4))
    columns = {
        "observed_at": validator.epoch_times("time", times, document.received_at, MILLISECOND),
        "price": validator.decimals("prices", prices, PRICE, "missing_price"),
        "market_cap": validator.decimals("market_caps", caps, ANY),
        "volume_24h_quote": validator.decimals("total_volumes", volumes, VOLUME),
    }
    return price_points(document, validator, columns, unknown_columns(rows, 4))


def bars(document: RawDocument) -> ParsedObject:
    """The bars of the coin, currency and number of days that the slot names."""
    coin, quote, days = _bars_request(document.key.slot.parts)
    validator, rows = validate_lists(document.rows, len(_BAR_FIELDS))
    fields = {name: (name, [row[place] for row in rows]) for place, name in enumerate(_BAR_FIELDS)}
    fields["open_time"] = fields.pop("time")
    interval = _bar_interval(validator, *fields["open_time"], days)
    length = INTERVALS[interval]
    ends = validator.epoch_times(*fields["open_time"], document.received_at + length, MILLISECOND)
    opened = pc.subtract(ends, pa.scalar(length, pa.duration("us")))
    series = CandleSeries(coin, coin, quote, interval)
    return candles(document, validator, series, opened, fields, notes=unknown_columns(rows, len(_BAR_FIELDS)))


def _by_time(points: Sequence[Any], strays: list[Any]) -> dict[Decimal, Any]:
    values: dict[Decimal, Any] = {}
    for point in points:
        if _is_point(point) and isinstance(point[0], Decimal) and point[0] not in values:
            values[point[0]] = point[1]
        else:
            strays.append(point)
    return values


def _chart_row(point: Any, cap_at: dict[Decimal, Any], volume_at: dict[Decimal, Any]) -> Any:
    if not _is_point(point):
        return point
    time, price, *more = point
    if not isinstance(time, Decimal):
        return [time, price, None, None]
    return [time, price, cap_at.pop(time, None), volume_at.pop(time, None), *more]


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= _POINT_VALUES


def _bars_request(parts: tuple[str, ...]) -> tuple[str, str, int]:
    try:
        market, period = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    days = _DAYS.fullmatch(period)
    if not days:
        raise Unreadable("bad_slot", period, "days")
    return *asset_and_quote(market), int(days[1])


def _bar_interval(validator: ColumnValidator, name: str, times: Sequence[Any], days: int) -> str:
    """The length of the bars, which the document does not state: the distance of the nearest two.

    Of a single bar, or where that is no length that CoinGecko has, the one documented for ``days``.
    """
    ends = sorted(set(validator.integers(name, times, pa.int64(), condemns=True).drop_null().to_pylist()))
    nearest = min((later - earlier for earlier, later in pairwise(ends)), default=0)
    for interval in _BAR_INTERVALS:
        if nearest == INTERVALS[interval] // timedelta(milliseconds=1):
            return interval
    return next(
        (interval for interval, max_days in _MAX_DAYS.items() if days <= max_days), _BAR_INTERVALS[-1]
    )


DATASETS: Final[Mapping[str, Reader]] = {
    "assets": ListReader(listed_coins, error),
    "ohlc": ListReader(bars, error),
    "price_points": DocumentReader(chart, error, chart_rows, _CHART_KNOWN),
    "prices": DocumentReader(prices, error, values_at()),
    "quotes": ListReader(coins, error),
}
