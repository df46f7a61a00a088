"""CoinCap: v3 with its keys, limit and credits; and what is left of v2, a notice.

Every decimal is a string with sixteen places, some are null; candlesticks are numbers without a volume.
Shapes follow mcp-crypto-price and public captures of v3; bodies of errors are guesses, as the simulator's
README says.
"""

import math
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coinlake.sources import catalog
from simulator.endpoints import ApiError, ApiRequest, CompactJson, api_error_response
from simulator.faults.error_formats import ErrorFormat
from simulator.market.coins import LISTED, Coin
from simulator.market.market import Market, turnover
from simulator.market.prices import SLOT_SECONDS
from simulator.market.times import DAY, HOUR, MINUTE, iso
from simulator.market.venues import COINBASE, Venue, VenueRules
from simulator.quotas import CreditBalance, MinuteWindow, Quotas, authorization_key
from simulator.sources import SimulatedSource
from simulator.sources.coingecko.quotes import VS_CURRENCIES
from simulator.websockets.sessions import Sessions

COINCAP: Final = VenueRules(name="coincap", opened=COINBASE.opened)  # composites, priced by several venues
PER_MINUTE: Final = 600
SWITCHED_OFF: Final = {
    "data": {
        "message": "We are deprecating this version of the CoinCap API on March 31, 2025. "
        "Sign up for our new V3 API at https://pro.coincap.io/dashboard"
    }
}
ERROR_FORMAT: Final = ErrorFormat(lambda _, text: {"error": text}, texts={429: "Too Many Requests"})
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
INTERVALS: Final = {
    "m1": MINUTE, "m5": 5 * MINUTE, "m15": 15 * MINUTE, "m30": 30 * MINUTE,
    "h1": HOUR, "h2": 2 * HOUR, "h6": 6 * HOUR, "h12": 12 * HOUR, "d1": DAY,
}  # fmt: skip
# the widest window of a query, in days (as of v2)
MAX_DAYS: Final = {
    "m1": 1, "m5": 5, "m15": 7, "m30": 14, "h1": 30, "h2": 61, "h6": 183, "h12": 365, "d1": 7_305,
}  # fmt: skip

Assets = Mapping[str, Coin]


def build(market: Market, quotas: Quotas, _: Sessions) -> SimulatedSource:
    """Version 3 from ``/assets`` on, and version 2 beside it."""
    gate, answers = Gate(market, quotas), _answers(Venue(market, COINCAP))
    routes = [Route(path, _charged(market, gate, answer)) for path, answer in answers.items()]
    handlers = {ApiError: api_error_response, 404: _not_found}
    return SimulatedSource(
        api=Starlette(routes=routes, exception_handlers=handlers),
        error_format=ERROR_FORMAT,
        other_apis={"/coincap/v2": _retired(market)},
    )


class Gate:
    """Admission by key, and what each answer costs."""

    def __init__(self, market: Market, quotas: Quotas) -> None:
        self.quotas = quotas
        self.limit = quotas.per_minute("coincap", PER_MINUTE)
        self.minute = MinuteWindow(market.now)
        self.credits = CreditBalance(market.now, quotas.credits_per_month("coincap"))

    def admit(self, request: Request) -> str:
        """The caller's key; ``ApiError`` if it has none, is too fast, or has no credit left."""
        key = authorization_key(request, "bearer") or request.query_params.get("apiKey", "")
        if not self.quotas.accepts("coincap", key):
            raise ApiError(401, {"error": "Unauthorized"})
        if self.limit and self.minute.acquire(key, self.limit):
            raise ApiError(429, {"error": "Too Many Requests"})
        if self.credits.left(key) <= 0:
            raise ApiError(429, {"error": "Credit limit exceeded"})
        return key

    def charge(self, key: str, answer: Response) -> None:
        """What sources.json says that an answer of its size costs."""
        self.credits.spend(key, catalog()["coincap"].credits(len(bytes(answer.body))))


def _answers(venue: Venue) -> dict[str, Callable[[ApiRequest], dict[str, object]]]:
    assets = listed(venue)
    return {
        "/assets": partial(_stamped_first, partial(several, venue, assets)),
        "/assets/{slug}": partial(_stamped_first, partial(single, venue, assets)),
        "/price/bysymbol/{symbols}": partial(_stamped_first, partial(by_symbol, venue, assets)),
        "/rates": partial(_stamped_last, "data", partial(rates, venue)),
        "/assets/{slug}/history": partial(_stamped_last, "data", partial(history, venue, assets)),
        "/ta/{slug}/candlesticks": partial(_stamped_last, "candles", partial(candlesticks, venue, assets)),
    }


def _retired(market: Market) -> Starlette:
    """Version 2: every path answers that it is retired, with 200 and an object where the list was."""

    async def notice(_: Request) -> Response:
        return CompactJson({**SWITCHED_OFF, "timestamp": int(market.now() * 1_000)})

    return Starlette(routes=[Route("/{path:path}", notice)])


def _charged(
    market: Market, gate: Gate, answer: Callable[[ApiRequest], dict[str, object]]
) -> Callable[[Request], Response]:
    async def respond(request: Request) -> Response:
        key = gate.admit(request)
        body = answer(ApiRequest(market, market.now(), request.query_params, request.path_params))
        response = CompactJson(body)
        gate.charge(key, response)
        return response

    return respond  # type: ignore[return-value]  # Starlette takes coroutines; its Route is typed loosely


def _stamped_first(answer: Callable[[ApiRequest], object], request: ApiRequest) -> dict[str, object]:
    return {"timestamp": int(request.now * 1_000), "data": answer(request)}


def _stamped_last(
    name: str, answer: Callable[[ApiRequest], object], request: ApiRequest
) -> dict[str, object]:
    return {name: answer(request), "timestamp": int(request.now * 1_000)}


async def _not_found(_: Request, __: Exception) -> Response:
    return CompactJson({"error": "Not Found"}, 404)


def listed(venue: Venue) -> Assets:
    """By slug, the largest capitalisation first; dead coins are not in it."""
    alive = [coin for coin in venue.market.coins if coin.state != "dead"]
    alive.sort(key=lambda coin: -coin.prices.profile.price * coin.supply)
    return {SLUGS.get(coin.id, coin.id): coin for coin in alive}


def several(venue: Venue, assets: Assets, request: ApiRequest) -> list[dict[str, object]]:
    """A page of assets: those of ``ids``, or those whose name ``search`` is part of, or all."""
    limit, offset = whole(request, "limit", DEFAULT_LIMIT), whole(request, "offset", 0)
    if limit > MAX_LIMIT:
        raise bad("limit exceeds 2000")
    ids, search = request.items("ids"), request.query.get("search", "").lower()
    slugs = [slug for slug in assets if (not ids or slug in ids) and _matches(assets, slug, search)]
    ranks = {slug: rank for rank, slug in enumerate(assets, 1)}
    return [
        described(venue, slug, assets[slug], ranks[slug], request.now)
        for slug in slugs[offset : offset + limit]
    ]


def single(venue: Venue, assets: Assets, request: ApiRequest) -> dict[str, object]:
    """One asset by its slug."""
    slug = request.path["slug"]
    return described(venue, slug, asset_of(assets, request), list(assets).index(slug) + 1, request.now)


def asset_of(assets: Assets, request: ApiRequest) -> Coin:
    """The asset of the path; 404 if there is none."""
    coin = assets.get(request.path["slug"])
    if coin is None:
        error = f"{request.path['slug']} not found"
        raise ApiError(404, {"error": error, "timestamp": int(request.now * 1_000)})
    return coin


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


def rates(venue: Venue, request: ApiRequest) -> list[dict[str, object]]:
    """What a unit of each currency is worth in USD, the fiat ones first."""
    rows = [
        _rate(name, code.upper(), sign, "fiat", str(_exact(1 / VS_CURRENCIES[code])))
        for code, (name, sign) in FIAT.items()
    ]
    name, symbol, units = NO_SIGN
    rows.append(_rate(name, symbol, None, "fiat", str(_exact(1 / units))))
    for symbol, sign in CRYPTO_SIGNS.items():
        coin = next(coin for coin in venue.market.coins if coin.symbol == symbol)
        price = str(price_of(venue, coin, request.now))
        rows.append(_rate(SLUGS.get(coin.id, coin.id), symbol.upper(), sign, "crypto", price))
    return rows


def by_symbol(venue: Venue, assets: Assets, request: ApiRequest) -> list[str | None]:
    """Prices in the order of the path's symbols; null for a symbol that nobody has."""
    symbols = [symbol.strip().lower() for symbol in request.path["symbols"].split(",")]
    if len(symbols) > MAX_SYMBOLS:
        raise bad("symbols exceed 100")
    first: dict[str, Coin] = {}
    for coin in assets.values():
        first.setdefault(coin.symbol, coin)
    coins = [first.get(symbol) for symbol in symbols]
    return [f"{price_of(venue, coin, request.now):.18f}" if coin else None for coin in coins]


def history(venue: Venue, assets: Assets, request: ApiRequest) -> list[dict[str, object]]:
    """The price as each bucket of [start, end] begins, oldest first."""
    coin = asset_of(assets, request)
    rows = []
    for time in _buckets(request, coin):
        price = str(price_of(venue, coin, time))
        rows.append({"priceUsd": price, "time": time * 1_000, "date": iso(time)})
    return rows


def candlesticks(venue: Venue, assets: Assets, request: ApiRequest) -> list[dict[str, object]]:
    """Open, high, low, close and the time at which the bucket opened, oldest first."""
    coin = asset_of(assets, request)
    size = INTERVALS.get(request.query.get("interval", ""), 0)
    rows: list[dict[str, object]] = []
    for time in _buckets(request, coin):
        bar = venue.market.bar(coin, time, min(time + size, request.now))
        if bar is not None:
            prices = (price * venue.factor(coin) for price in bar[:4])
            names = ("open", "high", "low", "close")
            rows.append({**dict(zip(names, prices, strict=True)), "time": time * 1_000})
    return rows


def _buckets(request: ApiRequest, coin: Coin) -> range:
    """The buckets that begin in [start, end] and not after now; the widest window ends now by default."""
    interval = request.query.get("interval", "")
    if not interval:
        raise bad("missing interval")
    if interval not in INTERVALS:
        raise bad("invalid interval")
    size, widest = INTERVALS[interval], MAX_DAYS[interval] * DAY
    end = whole(request, "end", int(request.now * 1_000)) / 1_000
    start = whole(request, "start", int((end - widest) * 1_000)) / 1_000
    if start > end:
        raise bad("start is after end")
    if end - start > widest:
        raise bad(f"window exceeds {MAX_DAYS[interval]} days")
    first = math.ceil(max(start, LISTED) / size) * size
    return range(first, int(min(end, request.now)) + 1, size) if coin.state == "active" else range(0)


def price_of(venue: Venue, coin: Coin, at: float) -> Decimal:
    """The composite price, to sixteen places."""
    return _exact(venue.market.price(coin, at) * venue.factor(coin))


def whole(request: ApiRequest, name: str, default: int) -> int:
    """A whole parameter; 400 if it is none."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise bad(f"invalid {name}")
    return int(text[:15])


def bad(message: str) -> ApiError:
    """A parameter that cannot be."""
    return ApiError(400, {"error": message})


def _matches(assets: Assets, slug: str, search: str) -> bool:
    return search in slug or search in assets[slug].name.lower() or search == assets[slug].symbol


def _rate(name: str, symbol: str, sign: str | None, kind: str, usd: str) -> dict[str, object]:
    return {"id": name, "symbol": symbol, "currencySymbol": sign, "type": kind, "rateUsd": usd}


def _exact(number: float) -> Decimal:
    """All sixteen places, as CoinCap prints them (a double has no more to tell than some)."""
    return Decimal(f"{number:.16f}")
