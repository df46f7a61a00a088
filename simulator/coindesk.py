"""CoinDesk Data: the index's latest ticks and the spot venues' past, for whoever has a key.

Shapes follow public clients of data-api.coindesk.com and its schema; what is an assumption is listed in
this folder's README.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.answers import Answer, Ask, Refusal, endpoint, refused
from simulator.bars import Bar
from simulator.coindesk_bars import historical, refusal
from simulator.coins import Coin
from simulator.market import DAY, Market, turnover
from simulator.terms import Terms, accepted, bearer
from simulator.venues import CADLI, Venue, listed_coins
from simulator.walk import SLOT_SECONDS

KEY_REQUIRED: Final = {
    "Err": {
        "message": "API key required, please refer to the documentation at https://developers.coindesk.com/"
    }
}
UNITS: Final = {"days": "DAY", "hours": "HOUR", "minutes": "MINUTE"}
INVENTED: Final = 12


def application(market: Market, terms: Terms) -> Starlette:
    """The API as an ASGI application, to be mounted where ``/index`` begins."""

    def admit(request: Request) -> bool:
        key = request.headers.get("x-api-key", "") or bearer(request, "apikey")
        if not accepted(key or request.query_params.get("api_key", ""), terms.coindesk_key):
            raise Refusal(401, KEY_REQUIRED)
        return True

    answers: dict[str, Callable[[Ask], object]] = {
        "/index/cc/v1/latest/tick": partial(ticks, Venue(market, CADLI)),
    }
    for name, unit in UNITS.items():
        answers[f"/spot/v1/historical/{name}"] = partial(historical, unit)
    routes = [Route(path, endpoint(market, admit, answer)) for path, answer in answers.items()]
    return Starlette(routes=routes, exception_handlers={Refusal: refused, 404: _not_found})


def ticks(venue: Venue, ask: Ask) -> dict[str, object]:
    """The index of each instrument; an unknown one is absent, and an error if all are."""
    if ask.query.get("market", "").lower() != venue.rules.name:
        raise refusal(400, "market", "The market parameter must be one of: cadli.")
    coins = {f"{coin.symbol.upper()}-USD": coin for coin in listed_coins(venue.market, INVENTED)}
    wanted = ask.words("instruments")
    found = {name: _tick(venue, coins[name], name, ask.now) for name in wanted if name in coins}
    if not found:
        raise refusal(404, "instruments", "None of the instruments was found.")
    return {"Data": found, "Err": {}}


def _tick(venue: Venue, coin: Coin, name: str, now: float) -> dict[str, object]:
    slot = coin.walk.last_slot(now)
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


async def _not_found(_: Request, __: Exception) -> Response:
    return Answer(refusal(404, "path", "The requested path was not found.").body, 404)
