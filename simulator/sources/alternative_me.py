"""alternative.me's Fear and Greed Index: one value a day, newest first, all numbers as strings.

Shape and quirks follow public captures of 2026-02; what is an assumption is listed in the simulator's
README.
"""

import json
import math
from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from simulator.endpoints import ApiError, ApiRequest, api
from simulator.faults.error_formats import ErrorFormat
from simulator.market.market import Market
from simulator.market.prices import draws
from simulator.market.times import DAY
from simulator.quotas import MinuteWindow, Quotas, client_address
from simulator.sources import SimulatedSource
from simulator.websockets.sessions import Sessions

FIRST: Final = 1_517_443_200  # 2018-02-01
# days without a value: 2018-04-14 to -16 and 2024-10-26
MISSING: Final = frozenset({1_523_664_000, 1_523_750_400, 1_523_836_800, 1_729_900_800})
BANDS: Final = ((25, "Extreme Fear"), (46, "Fear"), (54, "Neutral"), (75, "Greed"), (100, "Extreme Greed"))
DATES: Final = {"us": "%m-%d-%Y", "world": "%d-%m-%Y", "cn": "%Y-%m-%d", "kr": "%Y-%m-%d"}
NAME: Final = "Fear and Greed Index"
PER_MINUTE: Final = 60
WINDOW: Final = 7  # the days whose change in price makes the mood


ERROR_FORMAT: Final = ErrorFormat(lambda _, text: {"name": NAME, "data": [], "metadata": {"error": text}})


def build(market: Market, quotas: Quotas, _: Sessions) -> SimulatedSource:
    """The API, which is one path."""
    minute, limit = MinuteWindow(market.now), quotas.per_minute("alternative_me", PER_MINUTE)

    def admit(request: Request) -> bool:
        if limit and minute.acquire(client_address(request), limit):
            raise ApiError(429, "Too Many Requests")
        return False

    return SimulatedSource(api(market, admit, {"/fng/": index, "/fng": index}), ERROR_FORMAT)


def index(request: ApiRequest) -> Response:
    """``limit`` days (default 1, 0 for all) as JSON, or as what is called CSV."""
    text = request.query.get("limit", "1")
    if not (text.isascii() and text.isdecimal()):
        raise ApiError(400, _document([], "limit must be a number"))
    today = int(request.now // DAY) * DAY
    days = [day for day in range(today, FIRST - 1, -DAY) if day not in MISSING]
    days = days[: int(text[:9]) or None]
    style = request.query.get("date_format", "")
    if request.query.get("format", "json") == "csv":
        return Response(_csv(request.market, days, style or "world"), media_type="application/json")
    rows = [_row(request, day, style) for day in days]
    body = json.dumps(_document(rows, None), indent="\t")
    return Response(body, media_type="application/json")


def value(market: Market, day: int) -> int:
    """The mood of a day, from 5 to 95: how bitcoin moved over the week before, and a random part."""
    coin = market.by_id["bitcoin"]
    before, now = market.price(coin, day - WINDOW * DAY), market.price(coin, day)
    random_part = draws(market.seed, "mood", day, count=1)[0] - 0.5
    typical = coin.prices.profile.volatility * math.sqrt(WINDOW)
    return round(50 + 45 * math.tanh(0.8 * math.log(now / before) / typical + random_part))


def classification(number: int) -> str:
    """The word for a value."""
    return next(word for limit, word in BANDS if number <= limit)


def _row(request: ApiRequest, day: int, style: str) -> dict[str, str]:
    number = value(request.market, day)
    stamp = _date(day, style) if style in DATES else str(day)
    row = {"value": str(number), "value_classification": classification(number), "timestamp": stamp}
    if day == int(request.now // DAY) * DAY:
        # the API takes the date for a number: with a date format the difference is far below zero
        row["time_until_update"] = str(int(stamp.partition("-")[0]) + DAY - int(request.now))
    return row


def _date(day: int, style: str) -> str:
    return datetime.fromtimestamp(day, UTC).strftime(DATES.get(style, DATES["world"]))


def _document(rows: list[dict[str, str]], error: str | None) -> dict[str, object]:
    return {"name": NAME, "data": rows, "metadata": {"error": error}}


def _csv(market: Market, days: list[int], style: str) -> str:
    """Lines of CSV in the middle of a JSON document: neither, as in life."""
    lines = ["fng_value,fng_classification,date"]
    for day in days:
        number = value(market, day)
        lines.append(f"{_date(day, style)},{number},{classification(number)}")
    head = f'{{\n\t"name": "{NAME}",\n\t"data": [\n'
    return head + "\n".join(lines) + '\n\t],\n\t"metadata": {\n\t\t"error": null\n\t}\n}'
