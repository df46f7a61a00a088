"""CoinDesk Data: the index's latest ticks and the spot venues' history, for callers with a key.

Shapes follow public clients of data-api.coindesk.com and its schema; what is an assumption is listed in
the simulator's README.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.requests import Request

from simulator.endpoints import ApiError, ApiRequest, api
from simulator.faults.error_formats import ErrorFormat
from simulator.market.bars import Bar
from simulator.market.coins import Coin
from simulator.market.market import Market, turnover
from simulator.market.prices import SLOT_SECONDS, draws
from simulator.market.times import DAY, HOUR, MINUTE
from simulator.market.venues import BINANCE, COINBASE, Venue, VenueRules, delisted_coin, listed_coins
from simulator.quotas import Quotas, authorization_key
from simulator.sources import SimulatedSource
from simulator.websockets.sessions import Sessions

KEY_REQUIRED: Final = {
    "Err": {
        "message": "API key required, please refer to the documentation at https://developers.coindesk.com/"
    }
}
UNITS: Final = {"days": "DAY", "hours": "HOUR", "minutes": "MINUTE"}
INVENTED: Final = 12
SECONDS: Final = {"DAY": DAY, "HOUR": HOUR, "MINUTE": MINUTE}
DEFAULT_LIMIT: Final = 30
MAX_LIMIT: Final = 2_000
CADLI: Final = VenueRules(name="cadli", opened=COINBASE.opened)
MARKETS: Final[dict[str, tuple[VenueRules, str]]] = {
    "coinbase": (COINBASE, "USD"),
    "binance": (BINANCE, "USDT"),
}
ERROR_FORMAT: Final = ErrorFormat(lambda _, text: {"Data": {}, "Err": {"message": text}})


def build(market: Market, quotas: Quotas, _: Sessions) -> SimulatedSource:
    """The API from ``/index`` and ``/spot`` on."""

    def admit(request: Request) -> bool:
        key = request.headers.get("x-api-key", "") or authorization_key(request, "apikey")
        if not quotas.accepts("coindesk", key or request.query_params.get("api_key", "")):
            raise ApiError(401, KEY_REQUIRED)
        return True

    history = {f"/spot/v1/historical/{name}": partial(historical, unit) for name, unit in UNITS.items()}
    answers = {"/index/cc/v1/latest/tick": partial(ticks, Venue(market, CADLI)), **history}
    unknown = error(404, "path", "The requested path was not found.").body
    return SimulatedSource(api(market, admit, answers, unknown), ERROR_FORMAT)


def ticks(venue: Venue, request: ApiRequest) -> dict[str, object]:
    """The index of each instrument; an unknown one is absent, and an error if all are."""
    if request.query.get("market", "").lower() != venue.rules.name:
        raise error(400, "market", "The market parameter must be one of: cadli.")
    coins = {f"{coin.symbol.upper()}-USD": coin for coin in listed_coins(venue.market, INVENTED)}
    known = [name for name in request.items("instruments") if name in coins]
    if not known:
        raise error(404, "instruments", "None of the instruments was found.")
    return {"Data": {name: _tick(venue, coins[name], name, request.now) for name in known}, "Err": {}}


def _tick(venue: Venue, coin: Coin, name: str, now: float) -> dict[str, object]:
    slot = coin.prices.last_slot(now)
    price = venue.market.price(coin, now) * venue.factor(coin)
    today = _since(venue, coin, int(now // DAY) * DAY, now)
    volume = turnover(coin, now)
    return {
        "TYPE": "266",
        "MARKET": venue.rules.name,
        "INSTRUMENT": name,
        "CCSEQ": slot,
        "VALUE": price,
        "VALUE_FLAG": "UP" if price >= today.open else "DOWN",
        "VALUE_LAST_UPDATE_TS": (slot + 1) * SLOT_SECONDS,
        "VALUE_LAST_UPDATE_TS_NS": 0,
        **_range("CURRENT_DAY", today),
        "MOVING_24_HOUR_VOLUME": volume / price,
        "MOVING_24_HOUR_QUOTE_VOLUME": volume,
        **_range("MOVING_24_HOUR", _since(venue, coin, int((now - DAY) // SLOT_SECONDS) * SLOT_SECONDS, now)),
    }


def _since(venue: Venue, coin: Coin, start: int, now: float) -> Bar:
    """The index from ``start`` on; flat if nothing has traded since."""
    bar = venue.market.bar(coin, start, now)
    price = venue.market.price(coin, now)
    return (bar or Bar(price, price, price, price, 0, 0)).scaled(venue.factor(coin))


def _range(prefix: str, bar: Bar) -> dict[str, object]:
    return {
        f"{prefix}_OPEN": bar.open,
        f"{prefix}_HIGH": bar.high,
        f"{prefix}_LOW": bar.low,
        f"{prefix}_CHANGE": bar.close - bar.open,
        f"{prefix}_CHANGE_PERCENTAGE": (bar.close / bar.open - 1) * 100,
    }


@dataclass(frozen=True, slots=True)
class Instrument:
    """A coin's market at a venue, under the name that the request uses."""

    name: str
    coin: Coin
    venue: Venue


def historical(unit: str, request: ApiRequest) -> dict[str, object]:
    """The last ``limit`` buckets up to that of ``to_ts``; idle ones flat with ``fill``, else absent."""
    instrument = _instrument(request)
    coin, venue = instrument.coin, instrument.venue
    size = SECONDS[unit]
    limit = request.whole("limit", DEFAULT_LIMIT, _not_whole)
    if not 1 <= limit <= MAX_LIMIT:
        raise error(400, "limit", "The limit parameter must be between 1 and 2000.")
    end = min(request.whole("to_ts", int(request.now), _not_whole), request.now, venue.delisted_at(coin) - 1)
    newest = int(end // size) * size
    oldest = max(newest - (limit - 1) * size, venue.listed_at(coin) // size * size)
    rows = []
    for start in range(oldest, newest + 1, size):
        end = min(start + size, request.now)
        bar = venue.bar(coin, start, end)
        if bar is None and request.query.get("fill", "true") == "true":
            close = venue.last(coin, start)
            bar = None if close is None else Bar(close, close, close, close, 0, 0)
        if bar is not None:
            rows.append({"UNIT": unit, "TIMESTAMP": start} | _row(instrument, start, end, bar))
    return {"Data": rows, "Err": {}}


def error(status: int, parameter: str, message: str) -> ApiError:
    """An error in the envelope of every answer."""
    return ApiError(
        status, {"Data": {}, "Err": {"type": 1, "message": message, "other_info": {"param": parameter}}}
    )


def _instrument(request: ApiRequest) -> Instrument:
    market, name = request.query.get("market", "").lower(), request.query.get("instrument", "")
    if market not in MARKETS:
        raise error(400, "market", f"The market parameter must be one of: {', '.join(MARKETS)}.")
    rules, quote = MARKETS[market]
    coins = [*listed_coins(request.market, INVENTED), delisted_coin(request.market)]
    by_name = {f"{coin.symbol.upper()}-{quote}": coin for coin in coins if rules is BINANCE or coin.product}
    if name not in by_name:
        raise error(404, "instrument", f"The instrument {name!r} was not found on {market}.")
    return Instrument(name, by_name[name], Venue(request.market, rules))


def _not_whole(name: str) -> ApiError:
    return error(400, name, f"The {name} parameter must be a whole number.")


def _row(instrument: Instrument, start: int, end: float, bar: Bar) -> dict[str, object]:
    volume = bar.volume / 10**instrument.coin.size_decimals
    share = 0.4 + 0.2 * draws(instrument.venue.rules.name, instrument.name, start, end, count=1)[0]
    bought, buys = volume * share, int(bar.trades * share)
    prices = (round(price, instrument.coin.price_decimals) for price in bar[:4])
    base, _, quote = instrument.name.partition("-")
    return {
        "TYPE": "954",
        "MARKET": instrument.venue.rules.name,
        "INSTRUMENT": instrument.name,
        "MAPPED_INSTRUMENT": instrument.name,
        "BASE": base,
        "QUOTE": quote,
        **dict(zip(("OPEN", "HIGH", "LOW", "CLOSE"), prices, strict=True)),
        "FIRST_TRADE_TIMESTAMP": start,
        "LAST_TRADE_TIMESTAMP": int(end) - 1,
        "TOTAL_TRADES": bar.trades,
        "TOTAL_TRADES_BUY": buys,
        "TOTAL_TRADES_SELL": bar.trades - buys,
        "TOTAL_TRADES_UNKNOWN": 0,
        "VOLUME": volume,
        "QUOTE_VOLUME": volume * sum(bar[:4]) / 4,
        "VOLUME_BUY": bought,
        "VOLUME_SELL": volume - bought,
        "VOLUME_UNKNOWN": 0,
    }
