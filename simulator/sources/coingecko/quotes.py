"""CoinGecko's quotes: when they refresh, in what currency, how written; /simple/price, /coins/list."""

from dataclasses import dataclass
from typing import Final

from simulator.endpoints import ApiRequest
from simulator.market.coins import STALE_SINCE, Coin
from simulator.market.market import Market, turnover
from simulator.market.prices import draws
from simulator.market.times import DAY
from simulator.sources.coingecko import errors

WHOLE_FROM: Final = 10_000  # prices above are written without cents
TINY_BELOW: Final = 1e-4  # prices below have three digits and an exponent
REFRESH_SECONDS: Final = 60  # the public plan's cache
# units per USD; bitcoin's own three follow its price
VS_CURRENCIES: Final = {
    "btc": 0.0, "eth": 0.0, "usd": 1.0, "eur": 0.92, "gbp": 0.79, "jpy": 151.0,
    "krw": 1391.0, "idr": 16_240.0, "vnd": 25_400.0, "sats": 0.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quote:
    """A coin's state in one currency, at ``at`` seconds: its last refresh, not now."""

    coin: Coin
    at: float
    rate: float
    price: float
    day_ago: float
    volume: float

    @property
    def cap(self) -> float:
        """Market capitalisation in the currency."""
        return self.price * self.coin.supply

    @property
    def cap_day_ago(self) -> float:
        """The capitalisation a day before; supplies stand still here, so only the price tells them apart."""
        return self.day_ago * self.coin.supply

    @property
    def alive(self) -> bool:
        """Whether the coin has numbers at all."""
        return self.coin.state != "dead"


def quote(market: Market, coin: Coin, currency: str, now: float) -> Quote:
    """The coin as its last refresh saw it."""
    at = refreshed(market, coin, now)
    rate = units_per_usd(market, currency, at)
    day_ago = market.price(coin, at - DAY)
    return Quote(coin, at, rate, market.price(coin, at) * rate, day_ago * rate, turnover(coin, at) * rate)


def refreshed(market: Market, coin: Coin, now: float) -> float:
    """When the coin's quote was last renewed (whole ms): each minute, at its own second, and by a shock."""
    if coin.state != "active":
        return STALE_SINCE
    offset = round(draws(coin.id, "refresh", count=1)[0] * REFRESH_SECONDS, 3)
    regular = (now - offset) // REFRESH_SECONDS * REFRESH_SECONDS + offset
    return round(max([regular, *(shock.at for shock in market.shocks.get(coin.id, ()))]), 3)


def units_per_usd(market: Market, currency: str, at: float) -> float:
    """The rate of a currency of ``VS_CURRENCIES``."""
    if currency in {"btc", "sats"}:
        return (1e8 if currency == "sats" else 1) / market.price(market.by_id["bitcoin"], at)
    if currency == "eth":
        return 1 / market.price(market.by_id["ethereum"], at)
    return VS_CURRENCIES[currency]


def currency_of(request: ApiRequest) -> str:
    """``vs_currency``, refused as CoinGecko does if absent or unknown."""
    currency = request.query.get("vs_currency", "").lower()
    if not currency:
        raise errors.invalid("Missing parameter vs_currency")
    if currency not in VS_CURRENCIES:
        raise errors.invalid("invalid vs_currency", 400)
    return currency


def shown(price: float) -> int | float:
    """A price as CoinGecko writes it: 77361, 2348.37, 0.262714, 8.47e-06."""
    if price >= WHOLE_FROM:
        return round(price)
    if price >= 1:
        return round(price, 2)
    return float(f"{price:.6g}" if price >= TINY_BELOW else f"{price:.3g}")


def simple_price(request: ApiRequest) -> dict[str, dict[str, object]]:
    """Price by id and currency; an unknown id or currency is left out."""
    for name in ("ids", "vs_currencies"):
        if not request.items(name):
            raise errors.invalid(f"Missing parameter {name}")
    coins = [request.market.by_id[name] for name in request.items("ids") if name in request.market.by_id]
    return {coin.id: _simple(request, coin) for coin in coins}


def _simple(request: ApiRequest, coin: Coin) -> dict[str, object]:
    body: dict[str, object] = {}
    if coin.state == "dead":
        return body
    for currency in (item.lower() for item in request.items("vs_currencies")):
        if currency not in VS_CURRENCIES:
            continue
        quoted = quote(request.market, coin, currency, request.now)
        body[currency] = _precise(quoted.price, request.query.get("precision", ""))
        if request.flag("include_market_cap"):
            body[f"{currency}_market_cap"] = quoted.cap
        if request.flag("include_24hr_vol"):
            body[f"{currency}_24h_vol"] = quoted.volume
        if request.flag("include_24hr_change"):
            # null is how CoinGecko marks a price that no longer moves
            body[f"{currency}_24h_change"] = (
                percent(quoted.price, quoted.day_ago) if coin.state == "active" else None
            )
    if request.flag("include_last_updated_at"):
        body["last_updated_at"] = int(refreshed(request.market, coin, request.now))
    return body


def _precise(price: float, precision: str) -> int | float:
    if precision == "full":
        return price
    return round(price, min(18, int(precision))) if precision.isdecimal() else shown(price)


def percent(price: float, before: float) -> float:
    """The change since ``before`` in percent."""
    return (price / before - 1) * 100


def listing(request: ApiRequest) -> list[dict[str, object]]:
    """Every coin, in no pages; ``include_platform`` adds addresses."""
    rows: list[dict[str, object]] = []
    for coin in request.market.coins:
        rows.append({"id": coin.id, "symbol": coin.symbol, "name": coin.name})
        if request.flag("include_platform"):
            rows[-1]["platforms"] = dict.fromkeys(coin.platforms, "")
    return rows
