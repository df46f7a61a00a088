"""CoinGecko's /coins/markets: lookup, ranking, order, pages, and each row's mix of numbers and nulls."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from simulator.endpoints import ApiRequest
from simulator.market.coins import Coin
from simulator.market.prices import SLOT_SECONDS, draws
from simulator.market.times import DAY, iso
from simulator.sources.coingecko.quotes import Quote, currency_of, percent, quote, shown

MAX_PER_PAGE: Final = 250
PUBLIC_SALES: Final = 0.05  # the share of coins with a return on investment since their sale
CHANGES: Final = (
    {"1h": 3_600, "24h": DAY} | {f"{days}d": days * DAY for days in (7, 14, 30, 200)} | {"1y": 365 * DAY}
)
ORDERS: Final[dict[str, tuple[Callable[[Quote], Any], bool]]] = {
    "market_cap_desc": (lambda quote: quote.cap, True),
    "market_cap_asc": (lambda quote: quote.cap, False),
    "volume_desc": (lambda quote: quote.volume, True),
    "volume_asc": (lambda quote: quote.volume, False),
    "id_desc": (lambda quote: quote.coin.id, True),
    "id_asc": (lambda quote: quote.coin.id, False),
}
LOOKUPS: Final[tuple[tuple[str, Callable[[Coin], str]], ...]] = (
    ("ids", lambda coin: coin.id),
    ("names", lambda coin: coin.name.lower()),
    ("symbols", lambda coin: coin.symbol),
)
EXTREME_DATES: Final = {  # (ath, atl) as CoinGecko has them
    "bitcoin": ("2025-10-06T18:57:42.558Z", "2013-07-06T00:00:00.000Z"),
    "ethereum": ("2025-08-24T19:21:03.333Z", "2015-10-20T00:00:00.000Z"),
    "shiba-inu": ("2021-10-28T03:54:55.568Z", "2020-11-28T11:26:25.838Z"),
}
NULLABLE: Final = (
    *("current_price", "market_cap", "market_cap_rank", "fully_diluted_valuation", "total_volume"),
    *("high_24h", "low_24h", "price_change_24h", "price_change_percentage_24h"),
    *("market_cap_change_24h", "market_cap_change_percentage_24h"),
    *("circulating_supply", "total_supply", "max_supply"),
    *("ath", "ath_change_percentage", "ath_date", "atl", "atl_change_percentage", "atl_date"),
)


def markets(request: ApiRequest) -> list[dict[str, object]]:
    """One page of coins with their market data; ``[]`` past the last page."""
    currency = currency_of(request)
    quotes = [quote(request.market, coin, currency, request.now) for coin in request.market.coins]
    ranked = sorted((quoted for quoted in quotes if quoted.alive), key=lambda quoted: -quoted.cap)
    ranks = {quoted.coin.id: rank for rank, quoted in enumerate(ranked, 1)}
    key, reverse = ORDERS.get(request.query.get("order", ""), ORDERS["market_cap_desc"])
    ordered = sorted(_chosen(request, quotes), key=key, reverse=reverse)
    ordered.sort(key=lambda quoted: not quoted.alive)
    size = min(MAX_PER_PAGE, max(1, _whole(request, "per_page", 100)))
    start = (max(1, _whole(request, "page", 1)) - 1) * size
    return [_row(request, quoted, ranks.get(quoted.coin.id)) for quoted in ordered[start : start + size]]


def _whole(request: ApiRequest, name: str, default: int) -> int:
    text = request.query.get(name, "")
    return int(text[:9]) if text.isdecimal() else default


def _chosen(request: ApiRequest, quotes: Iterable[Quote]) -> list[Quote]:
    """CoinGecko's lookup: ids win over names, names over symbols."""
    for parameter, field in LOOKUPS:
        names = {item.lower() for item in request.items(parameter)}
        if names:
            return [quoted for quoted in quotes if field(quoted.coin) in names]
    return list(quotes)


def _row(request: ApiRequest, quoted: Quote, rank: int | None) -> dict[str, object]:
    coin = quoted.coin
    row: dict[str, object] = {"id": coin.id, "symbol": coin.symbol, "name": coin.name, "image": coin.image}
    row |= dict.fromkeys(NULLABLE)
    if quoted.alive:
        row |= _figures(quoted, rank) | _range(request, quoted) | _supplies(coin)
    row["roi"] = _return_on_sale(coin)
    row["last_updated"] = iso(quoted.at)
    for period in request.items("price_change_percentage"):
        if period in CHANGES:
            row[f"price_change_percentage_{period}_in_currency"] = _change(request, quoted, CHANGES[period])
    if request.flag("sparkline"):
        row["sparkline_in_7d"] = {"price": _sparkline(request, quoted)}
    return row


def _figures(quoted: Quote, rank: int | None) -> dict[str, object]:
    fixed = quoted.coin.state == "stale"
    return {
        "current_price": shown(quoted.price),
        "market_cap": round(quoted.cap),
        "market_cap_rank": rank,
        "fully_diluted_valuation": round(quoted.price * (quoted.coin.supply_cap or quoted.coin.supply)),
        "total_volume": round(quoted.volume),
        "price_change_24h": None if fixed else quoted.price - quoted.day_ago,
        "price_change_percentage_24h": None if fixed else round(percent(quoted.price, quoted.day_ago), 5),
        "market_cap_change_24h": None if fixed else quoted.cap - quoted.cap_day_ago,
        "market_cap_change_percentage_24h": None
        if fixed
        else round(percent(quoted.price, quoted.day_ago), 4),
    }


def _range(request: ApiRequest, quoted: Quote) -> dict[str, object]:
    """The day's high and low, and the all-time ones, which today may have passed."""
    coin = quoted.coin
    bar = request.market.bar(coin, int((quoted.at - DAY) // SLOT_SECONDS) * SLOT_SECONDS, quoted.at)
    high, low = (bar.high * quoted.rate, bar.low * quoted.rate) if bar else (quoted.price, quoted.price)
    high, low = max(high, quoted.price), min(low, quoted.price)
    ath, atl = coin.ath * quoted.rate, coin.atl * quoted.rate
    dates = EXTREME_DATES.get(coin.id, ("2024-12-08T19:22:11.000Z", "2022-06-18T20:55:00.000Z"))
    return {
        "high_24h": shown(high),
        "low_24h": shown(low),
        "ath": shown(max(ath, high)),
        "ath_change_percentage": round(percent(quoted.price, max(ath, high)), 5),
        "ath_date": dates[0] if ath >= high else iso(quoted.at),
        "atl": shown(min(atl, low)),
        "atl_change_percentage": round(percent(quoted.price, min(atl, low)), 2),
        "atl_date": dates[1] if atl <= low else iso(quoted.at),
    }


def _supplies(coin: Coin) -> dict[str, object]:
    return {
        "circulating_supply": float(coin.supply),
        "total_supply": float(coin.supply_cap or coin.supply),
        "max_supply": None if coin.supply_cap is None else float(coin.supply_cap),
    }


def _return_on_sale(coin: Coin) -> dict[str, object] | None:
    """``roi`` of the few coins that began with a public sale: an object, else null."""
    luck, times = draws(coin.id, "roi", count=2)
    if coin.id != "ethereum" and (luck > PUBLIC_SALES or coin.state == "dead"):
        return None
    return {"times": round(times * 40, 2), "currency": "btc", "percentage": round(times * 4_000, 2)}


def _change(request: ApiRequest, quoted: Quote, seconds: int) -> float | None:
    if quoted.coin.state != "active":
        return None
    return percent(quoted.price, request.market.price(quoted.coin, quoted.at - seconds) * quoted.rate)


def _sparkline(request: ApiRequest, quoted: Quote) -> list[float]:
    if not quoted.alive:
        return []
    hours = range(int(quoted.at // 3_600) - 167, int(quoted.at // 3_600) + 1)
    return [request.market.price(quoted.coin, hour * 3_600) * quoted.rate for hour in hours]
