"""CoinGecko's history of one coin: ``market_chart`` becomes ``price_points``, ``ohlc`` ``candles``.

A chart is three lists of [time, value], of prices, market caps and rolling 24 hours' volumes; the
values of one moment carry the same time, in milliseconds, which jitters by seconds, and the last
point is the moment of asking. A bar is [time, open, high, low, close], and its time is its end.
Sources: CoinGecko API v3 reference, "Coin Historical Chart Data within Time Range by ID" and "Coin
OHLC Chart by ID", which has bars of 30 minutes for 1 or 2 days, 4 hours for up to 30 and 4 days for more.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from transform.candles import candles
from transform.columns import Sheet
from transform.markets import Market, asset_and_quote
from transform.numbers import ANY, PRICE, VOLUME
from transform.parsed import Answer, Parsed, Unreadable
from transform.points import price_points
from transform.rows import lists, unlisted_columns
from transform.times import MILLISECOND

KNOWN: Final = frozenset({"prices", "market_caps", "total_volumes"})
_POINT: Final = 2  # a time and a value
_FIELDS: Final = ("time", "open", "high", "low", "close")
_BARS: Final = ("30m", "4h", "4d")
_DAYS: Final = re.compile(r"([1-9][0-9]{0,4})d")
_MOST_DAYS: Final = {"30m": 2, "4h": 30}


def merged(document: Any) -> list[Any] | None:
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
    rows = [_row(point, cap_at, volume_at) for point in prices]
    rows += [[time, None, cap, volume_at.pop(time, None)] for time, cap in cap_at.items()]
    rows += [[time, None, None, volume] for time, volume in volume_at.items()]
    return rows + strays


def points(answer: Answer) -> Parsed:
    """The chart of the coin and currency that the slot names; every point stays."""
    sheet, rows = lists(answer.rows, 4)
    times, prices, caps, volumes = ([row[place] for row in rows] for place in range(4))
    columns = {
        "observed_at": sheet.epoch_times("time", times, answer.received_at, MILLISECOND),
        "price": sheet.decimals("prices", prices, PRICE, "missing_price"),
        "market_cap": sheet.decimals("market_caps", caps, ANY),
        "volume_24h_quote": sheet.decimals("total_volumes", volumes, VOLUME),
    }
    return price_points(answer, sheet, columns, unlisted_columns(rows, 4))


def bars(answer: Answer) -> Parsed:
    """The bars of the coin, currency and number of days that the slot names."""
    coin, quote, days = _request(answer.key.slot.parts)
    sheet, rows = lists(answer.rows, len(_FIELDS))
    fields = {name: (name, [row[place] for row in rows]) for place, name in enumerate(_FIELDS)}
    fields["open_time"] = fields.pop("time")
    interval = _interval(sheet, *fields["open_time"], days)
    length = INTERVALS[interval]
    ends = sheet.epoch_times(*fields["open_time"], answer.received_at + length, MILLISECOND)
    opened = pc.subtract(ends, pa.scalar(length, pa.duration("us")))
    market = Market(coin, coin, quote, interval)
    return candles(answer, sheet, market, opened, fields, notes=unlisted_columns(rows, len(_FIELDS)))


def _by_time(points: Sequence[Any], strays: list[Any]) -> dict[Decimal, Any]:
    found: dict[Decimal, Any] = {}
    for point in points:
        if _is_point(point) and isinstance(point[0], Decimal) and point[0] not in found:
            found[point[0]] = point[1]
        else:
            strays.append(point)
    return found


def _row(point: Any, cap_at: dict[Decimal, Any], volume_at: dict[Decimal, Any]) -> Any:
    if not _is_point(point):
        return point
    time, price, *more = point
    if not isinstance(time, Decimal):
        return [time, price, None, None]
    return [time, price, cap_at.pop(time, None), volume_at.pop(time, None), *more]


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= _POINT


def _request(parts: tuple[str, ...]) -> tuple[str, str, int]:
    try:
        market, period = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    days = _DAYS.fullmatch(period)
    if not days:
        raise Unreadable("bad_slot", period, "days")
    return *asset_and_quote(market), int(days[1])


def _interval(sheet: Sheet, name: str, times: Sequence[Any], days: int) -> str:
    """The length of the bars, which the answer does not state: the distance of the nearest two.

    Of a single bar, or where that is no length that CoinGecko has, the one documented for ``days``.
    """
    ends = sorted(set(sheet.integers(name, times, pa.int64()).drop_null().to_pylist()))
    nearest = min((later - earlier for earlier, later in pairwise(ends)), default=0)
    for interval in _BARS:
        if nearest == INTERVALS[interval] // timedelta(milliseconds=1):
            return interval
    return next((interval for interval, most in _MOST_DAYS.items() if days <= most), _BARS[-1])
