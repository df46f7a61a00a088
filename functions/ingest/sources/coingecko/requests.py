"""What CoinGecko is asked for. Source: docs.coingecko.com, the reference of each endpoint."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from coinlake.errors import BadConfiguration
from coinlake.feeds import Feed
from ingest.sources import Assets, History, Request, Window, asset_ids, batches, checked_key

NAME: Final = "coingecko"
MAX_PER_PAGE: Final = 250
OHLC_DAYS: Final = (1, 7, 14, 30, 90, 180, 365)
# "hourly" reaches over any 100 days; five minutes are for enterprises, or for the day that ends now.
_NAMED: Final = {"1h": "hourly", "1d": "daily"}
_MOST_POINTS: Final = {"1h": 2400, "1d": 3650}
# The last UTC day is there 35 minutes after its end.
_SETTLES: Final = timedelta(minutes=35)


def markets(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """The pages of the ``top`` coins by market cap, or of the feed's assets by id.

    Each batch of ids is a question of its own, whose only page is the first.
    """
    if feed.top is None:
        ids = batches(asset_ids(feed, assets, NAME), MAX_PER_PAGE)
        every = {"per_page": str(MAX_PER_PAGE), "page": "1"}
        return [_page(feed, due, number, {"ids": ",".join(batch), **every}) for number, batch in ids]
    pages, per_page = -(-feed.top // MAX_PER_PAGE), str(min(feed.top, MAX_PER_PAGE))
    # Later pages may be empty: the market may hold fewer coins than the feed wants.
    return [
        _page(feed, due, number, {"per_page": per_page, "page": str(number)}, may_end=number > 1)
        for number in range(1, pages + 1)
    ]


def _page(
    feed: Feed, due: datetime, number: int, which: Mapping[str, str], *, may_end: bool = False
) -> Request:
    return Request(
        name=f"page {number}",
        key=checked_key(feed.page_key, due, number),
        path="/coins/markets",
        params={"vs_currency": feed.quote.lower(), "order": "market_cap_desc", **which},
        may_end=may_end,
    )


def prices(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """``/simple/price`` of the feed's assets, 250 a request, with all that it can include."""
    extras = ("market_cap", "24hr_vol", "24hr_change", "last_updated_at")
    return [
        Request(
            name=f"page {number}",
            key=checked_key(feed.page_key, due, number),
            path="/simple/price",
            params={
                "ids": ",".join(batch),
                "vs_currencies": feed.quote.lower(),
                **{f"include_{extra}": "true" for extra in extras},
                "precision": "full",
            },
        )
        for number, batch in batches(asset_ids(feed, assets, NAME), MAX_PER_PAGE)
    ]


def ohlc(feed: Feed, assets: Assets, due: datetime) -> list[Request]:
    """The last ``lookback`` days of each coin; the days decide how long a bar is."""
    if feed.lookback not in OHLC_DAYS:
        raise BadConfiguration(
            f"feed {feed.name} looks back {feed.lookback} days; set lookback to one of "
            + ", ".join(map(str, OHLC_DAYS))
        )
    vs = feed.quote.lower()
    return [
        Request(
            name=coin,
            key=checked_key(feed.named_key, due, f"{coin}-{vs}", f"{feed.lookback}d"),
            path=f"/coins/{quote(coin, safe='')}/ohlc",
            params={"vs_currency": vs, "days": str(feed.lookback), "precision": "full"},
        )
        for coin in asset_ids(feed, assets, NAME)
    ]


def coins(feed: Feed, _: Assets, due: datetime) -> list[Request]:
    """Every coin there is, in one answer."""
    return [Request("coins", feed.named_key(due, "coins"), "/coins/list", {"include_platform": "true"})]


def _chart(window: Window) -> Request:
    """``/coins/{id}/market_chart/range``, whose ends are inclusive.

    Without a named interval the length of the range would choose one.
    """
    vs = window.quote.lower()
    return Request(
        name=window.asset_id,
        key=window.key(NAME, "price_points", f"{window.asset_id}-{vs}"),
        path=f"/coins/{quote(window.asset_id, safe='')}/market_chart/range",
        params={
            "vs_currency": vs,
            "from": str(int(window.start.timestamp())),
            "to": str(int(window.end.timestamp()) - 1),
            "interval": _NAMED[window.interval],
            "precision": "full",
        },
    )


PRICE_POINTS: Final = History(_chart, _MOST_POINTS, _SETTLES)
