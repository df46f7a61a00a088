"""CoinGecko's /coins/markets: lookup, ranking, order, pages, and each row's mix of numbers and nulls."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from simulator.answers import Ask, iso
from simulator.coingecko_quotes import Quote, currency_of, percent, quote, shown
from simulator.coins import Coin
from simulator.market import DAY
from simulator.walk import SLOT_SECONDS, draws

MAX_PER_PAGE: Final = 250
PUBLIC_SALES: Final = 0.05  # the share of coins with a return on investment since their sale
CHANGES: Final = (
    {"1h": 3_600, "24h": DAY} | {f"{days}d": days * DAY for days in (7, 14, 30, 200)} | {"1y": 365 * DAY}
)
ORDERS: Final[dict[str, tuple[Callable[[Quote], Any], bool]]] = {
    "market_cap_desc": (lambda found: found.cap, True),
    "market_cap_asc": (lambda found: found.cap, False),
    "volume_desc": (lambda found: found.volume, True),
    "volume_asc": (lambda found: found.volume, False),
    "id_desc": (lambda found: found.coin.id, True),
    "id_asc": (lambda found: found.coin.id, False),
}
LOOKUPS: Final[tuple[tuple[str, Callable[[Coin], str]], ...]] = (
    ("ids", lambda coin: coin.id),
    ("names", lambda coin: coin.name.lower()),
    ("symbols", lambda coin: coin.symbol),
)
EXTREME_DATES: Final = {  # (ath, atl) as CoinGecko tells them
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


def markets(ask: Ask) -> list[dict[str, object]]:
    """One page of coins with their market data; ``[]`` past the last page."""
    currency = currency_of(ask)
    quotes = [quote(ask.market, coin, currency, ask.now) for coin in ask.market.coins]
    ranked = sorted((found for found in quotes if found.alive), key=lambda found: -found.cap)
    ranks = {found.coin.id: rank for rank, found in enumerate(ranked, 1)}
    key, reverse = ORDERS.get(ask.query.get("order", ""), ORDERS["market_cap_desc"])
    ordered = sorted(_chosen(ask, quotes), key=key, reverse=reverse)
    ordered.sort(key=lambda found: not found.alive)
    size = min(MAX_PER_PAGE, max(1, _whole(ask, "per_page", 100)))
    start = (max(1, _whole(ask, "page", 1)) - 1) * size
    return [_row(ask, found, ranks.get(found.coin.id)) for found in ordered[start : start + size]]


def _whole(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name, "")
    return int(text[:9]) if text.isdecimal() else default


def _chosen(ask: Ask, quotes: Iterable[Quote]) -> list[Quote]:
    """CoinGecko's lookup: ids win over names, names over symbols."""
    for parameter, field in LOOKUPS:
        wanted = {word.lower() for word in ask.words(parameter)}
        if wanted:
            return [found for found in quotes if field(found.coin) in wanted]
    return list(quotes)


def _row(ask: Ask, found: Quote, rank: int | None) -> dict[str, object]:
    coin = found.coin
    row: dict[str, object] = {"id": coin.id, "symbol": coin.symbol, "name": coin.name, "image": coin.image}
    row |= dict.fromkeys(NULLABLE)
    if found.alive:
        row |= _figures(found, rank) | _range(ask, found) | _supplies(coin)
    row["roi"] = _return_on_sale(coin)
    row["last_updated"] = iso(found.at)
    for period in ask.words("price_change_percentage"):
        if period in CHANGES:
            row[f"price_change_percentage_{period}_in_currency"] = _change(ask, found, CHANGES[period])
    if ask.flag("sparkline"):
        row["sparkline_in_7d"] = {"price": _sparkline(ask, found)}
    return row


def _figures(found: Quote, rank: int | None) -> dict[str, object]:
    fixed = found.coin.state == "stale"
    return {
        "current_price": shown(found.price),
        "market_cap": round(found.cap),
        "market_cap_rank": rank,
        "fully_diluted_valuation": round(found.price * (found.coin.supply_cap or found.coin.supply)),
        "total_volume": round(found.volume),
        "price_change_24h": None if fixed else found.price - found.day_ago,
        "price_change_percentage_24h": None if fixed else round(percent(found.price, found.day_ago), 5),
        "market_cap_change_24h": None if fixed else found.cap - found.cap_day_ago,
        "market_cap_change_percentage_24h": None if fixed else round(percent(found.price, found.day_ago), 4),
    }


def _range(ask: Ask, found: Quote) -> dict[str, object]:
    """The day's high and low, and the all-time ones, which today may have passed."""
    coin = found.coin
    bar = ask.market.bar(coin, int((found.at - DAY) // SLOT_SECONDS) * SLOT_SECONDS, found.at)
    high, low = (bar.high * found.rate, bar.low * found.rate) if bar else (found.price, found.price)
    high, low = max(high, found.price), min(low, found.price)
    ath, atl = coin.ath * found.rate, coin.atl * found.rate
    dates = EXTREME_DATES.get(coin.id, ("2024-12-08T19:22:11.000Z", "2022-06-18T20:55:00.000Z"))
    return {
        "high_24h": shown(high),
        "low_24h": shown(low),
        "ath": shown(max(ath, high)),
        "ath_change_percentage": round(percent(found.price, max(ath, high)), 5),
        "ath_date": dates[0] if ath >= high else iso(found.at),
        "atl": shown(min(atl, low)),
        "atl_change_percentage": round(percent(found.price, min(atl, low)), 2),
        "atl_date": dates[1] if atl <= low else iso(found.at),
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


def _change(ask: Ask, found: Quote, seconds: int) -> float | None:
    if found.coin.state != "active":
        return None
    return percent(found.price, ask.market.price(found.coin, found.at - seconds) * found.rate)


def _sparkline(ask: Ask, found: Quote) -> list[float]:
    if not found.alive:
        return []
    hours = range(int(found.at // 3_600) - 167, int(found.at // 3_600) + 1)
    return [ask.market.price(found.coin, hour * 3_600) * found.rate for hour in hours]
