"""CoinCap's assets, rates and prices: every decimal a string with sixteen places, some of them null."""

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Final

from simulator.answers import Ask, Refusal
from simulator.coingecko_quotes import VS_CURRENCIES
from simulator.coins import Coin
from simulator.market import DAY, turnover
from simulator.venues import Venue
from simulator.walk import SLOT_SECONDS

MAX_LIMIT: Final = 2_000
DEFAULT_LIMIT: Final = 100
MAX_SYMBOLS: Final = 100
SLUGS: Final = {  # where CoinCap's name differs from CoinGecko's
    "ripple": "xrp",
    "binancecoin": "binance-coin",
    "avalanche-2": "avalanche",
    "near": "near-protocol",
}
FIAT: Final = {
    "usd": ("united-states-dollar", "$"), "eur": ("euro", "€"), "gbp": ("british-pound-sterling", "£"),
    "jpy": ("japanese-yen", "¥"), "krw": ("south-korean-won", "₩"), "idr": ("indonesian-rupiah", "Rp"),
    "vnd": ("vietnamese-dong", "₫"),
}  # fmt: skip
NO_SIGN: Final = ("sudanese-pound", "SDG", 600.96)  # a currency without a sign of its own
CRYPTO_SIGNS: Final = {"btc": "₿", "eth": "Ξ", "ltc": "Ł", "doge": "Ð"}
EXPLORED: Final = 5  # each fifth asset has no explorer
WIDE: Final = Context(prec=60)  # a capitalisation has more digits than the usual 28

Assets = Mapping[str, Coin]


def listed(venue: Venue) -> Assets:
    """By slug, the largest capitalisation first; dead coins are not in it."""
    alive = [coin for coin in venue.market.coins if coin.state != "dead"]
    alive.sort(key=lambda coin: -coin.walk.temper.price * coin.supply)
    return {SLUGS.get(coin.id, coin.id): coin for coin in alive}


def several(venue: Venue, assets: Assets, ask: Ask) -> list[dict[str, object]]:
    """A page of assets: those of ``ids``, or those whose name ``search`` is part of, or all."""
    limit, offset = whole(ask, "limit", DEFAULT_LIMIT), whole(ask, "offset", 0)
    if limit > MAX_LIMIT:
        raise bad("limit exceeds 2000")
    wanted, search = ask.words("ids"), ask.query.get("search", "").lower()
    found = [slug for slug in assets if (not wanted or slug in wanted) and _matches(assets, slug, search)]
    ranks = {slug: rank for rank, slug in enumerate(assets, 1)}
    return [
        described(venue, slug, assets[slug], ranks[slug], ask.now) for slug in found[offset : offset + limit]
    ]


def single(venue: Venue, assets: Assets, ask: Ask) -> dict[str, object]:
    """One asset by its slug."""
    slug = ask.path["slug"]
    return described(venue, slug, one(assets, ask), list(assets).index(slug) + 1, ask.now)


def one(assets: Assets, ask: Ask) -> Coin:
    """The asset of the path; 404 if there is none."""
    found = assets.get(ask.path["slug"])
    if found is None:
        raise Refusal(404, {"error": f"{ask.path['slug']} not found", "timestamp": int(ask.now * 1_000)})
    return found


def described(venue: Venue, slug: str, coin: Coin, rank: int, now: float) -> dict[str, object]:
    """An asset as every list has it."""
    price = price_of(venue, coin, now)
    supply = _exact(coin.supply)
    still = coin.state == "stale"
    bar = None if still else venue.market.bar(coin, int((now - DAY) // SLOT_SECONDS) * SLOT_SECONDS, now)
    return {
        "id": slug,
        "rank": str(rank),
        "symbol": coin.symbol.upper(),
        "name": coin.name,
        "supply": str(supply),
        "maxSupply": None if coin.supply_cap is None else str(_exact(coin.supply_cap)),
        "marketCapUsd": f"{WIDE.multiply(price, supply):.16f}",
        "volumeUsd24Hr": None if still else str(_exact(turnover(coin, now))),
        "priceUsd": str(price),
        "changePercent24Hr": None if bar is None else str(_exact((bar.close / bar.open - 1) * 100)),
        "vwap24Hr": None
        if bar is None or rank % EXPLORED == 0
        else str(_exact(sum(bar[:4]) / 4 * venue.factor(coin))),
        "explorer": None if rank % EXPLORED == 0 else f"https://explorer.example/{slug}",
    }


def rates(venue: Venue, ask: Ask) -> list[dict[str, object]]:
    """What a unit of each currency is worth in USD, the fiat ones first."""
    rows = [
        _rate(name, code.upper(), sign, "fiat", str(_exact(1 / VS_CURRENCIES[code])))
        for code, (name, sign) in FIAT.items()
    ]
    name, symbol, units = NO_SIGN
    rows.append(_rate(name, symbol, None, "fiat", str(_exact(1 / units))))
    for symbol, sign in CRYPTO_SIGNS.items():
        coin = next(coin for coin in venue.market.coins if coin.symbol == symbol)
        price = str(price_of(venue, coin, ask.now))
        rows.append(_rate(SLUGS.get(coin.id, coin.id), symbol.upper(), sign, "crypto", price))
    return rows


def by_symbol(venue: Venue, assets: Assets, ask: Ask) -> list[str | None]:
    """Prices in the order of the path's symbols; null for a symbol that nobody has."""
    symbols = [symbol.strip().lower() for symbol in ask.path["symbols"].split(",")]
    if len(symbols) > MAX_SYMBOLS:
        raise bad("symbols exceed 100")
    first: dict[str, Coin] = {}
    for coin in assets.values():
        first.setdefault(coin.symbol, coin)
    found = [first.get(symbol) for symbol in symbols]
    return [f"{price_of(venue, coin, ask.now):.18f}" if coin else None for coin in found]


def price_of(venue: Venue, coin: Coin, at: float) -> Decimal:
    """The composite price, to sixteen places."""
    return _exact(venue.market.price(coin, at) * venue.factor(coin))


def whole(ask: Ask, name: str, default: int) -> int:
    """A whole parameter; 400 if it is none."""
    text = ask.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise bad(f"invalid {name}")
    return int(text[:15])


def bad(message: str) -> Refusal:
    """A parameter that cannot be."""
    return Refusal(400, {"error": message})


def _matches(assets: Assets, slug: str, search: str) -> bool:
    return search in slug or search in assets[slug].name.lower() or search == assets[slug].symbol


def _rate(name: str, symbol: str, sign: str | None, kind: str, usd: str) -> dict[str, object]:
    return {"id": name, "symbol": symbol, "currencySymbol": sign, "type": kind, "rateUsd": usd}


def _exact(number: float) -> Decimal:
    """All sixteen places, as CoinCap prints them (a double has no more to tell than some)."""
    return Decimal(f"{number:.16f}")
