"""CoinDesk's spot history: bars of Coinbase and Binance by day, hour and minute, oldest first."""

from dataclasses import dataclass
from typing import Final

from simulator.answers import Ask, Refusal
from simulator.bars import Bar
from simulator.coins import Coin
from simulator.spans import DAY, HOUR, MINUTE
from simulator.venues import BINANCE, COINBASE, Rules, Venue, listed_coins, retired
from simulator.walk import draws

SECONDS: Final = {"DAY": DAY, "HOUR": HOUR, "MINUTE": MINUTE}
DEFAULT_LIMIT: Final = 30
MAX_LIMIT: Final = 2_000
INVENTED: Final = 12
MARKETS: Final[dict[str, tuple[Rules, str]]] = {"coinbase": (COINBASE, "USD"), "binance": (BINANCE, "USDT")}


@dataclass(frozen=True, slots=True)
class Instrument:
    """A coin's market at a venue, under the name it was asked for."""

    name: str
    coin: Coin
    venue: Venue


def historical(unit: str, ask: Ask) -> dict[str, object]:
    """The last ``limit`` buckets up to that of ``to_ts``; idle ones flat with ``fill``, else absent."""
    found = _instrument(ask)
    size = SECONDS[unit]
    limit = _whole(ask, "limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise refusal(400, "limit", "The limit parameter must be between 1 and 2000.")
    end = min(_whole(ask, "to_ts", int(ask.now)), ask.now, found.venue.gone(found.coin) - 1)
    newest = int(end // size) * size
    oldest = max(newest - (limit - 1) * size, found.venue.listed(found.coin) // size * size)
    rows = []
    for start in range(oldest, newest + 1, size):
        end = min(start + size, ask.now)
        bar = found.venue.bar(found.coin, start, end)
        if bar is None and ask.query.get("fill", "true") == "true":
            close = found.venue.last(found.coin, start)
            bar = None if close is None else Bar(close, close, close, close, 0, 0)
        if bar is not None:
            rows.append({"UNIT": unit, "TIMESTAMP": start} | _row(found, start, end, bar))
    return {"Data": rows, "Err": {}}


def refusal(status: int, parameter: str, message: str) -> Refusal:
    """An error in the envelope of every answer."""
    return Refusal(
        status, {"Data": {}, "Err": {"type": 1, "message": message, "other_info": {"param": parameter}}}
    )


def _instrument(ask: Ask) -> Instrument:
    market, name = ask.query.get("market", "").lower(), ask.query.get("instrument", "")
    if market not in MARKETS:
        raise refusal(400, "market", f"The market parameter must be one of: {', '.join(MARKETS)}.")
    rules, quote = MARKETS[market]
    coins = [*listed_coins(ask.market, INVENTED), retired(ask.market)]
    found = {f"{coin.symbol.upper()}-{quote}": coin for coin in coins if rules is BINANCE or coin.product}
    if name not in found:
        raise refusal(404, "instrument", f"The instrument {name!r} was not found on {market}.")
    return Instrument(name, found[name], Venue(ask.market, rules))


def _whole(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise refusal(400, name, f"The {name} parameter must be a whole number.")
    return int(text[:12])


def _row(found: Instrument, start: int, end: float, bar: Bar) -> dict[str, object]:
    volume = bar.volume / 10**found.coin.size_decimals
    share = 0.4 + 0.2 * draws(found.venue.rules.name, found.name, start, end, count=1)[0]
    bought, buys = volume * share, int(bar.trades * share)
    prices = (round(price, found.coin.price_decimals) for price in bar[:4])
    base, _, quote = found.name.partition("-")
    return {
        "TYPE": "954",
        "MARKET": found.venue.rules.name,
        "INSTRUMENT": found.name,
        "MAPPED_INSTRUMENT": found.name,
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
