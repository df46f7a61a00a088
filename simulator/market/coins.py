"""The catalogue: the twenty default assets and seeded invented ones, 300 in all (two full pages)."""

import math
from dataclasses import dataclass
from typing import Final, Literal

from simulator.market.default_assets import DEFAULTS, Listing
from simulator.market.prices import ANCHOR_DAY, PriceTree, TradingProfile, draws

CATALOGUE_SIZE: Final = 300
UNTRADED_ON_COINBASE: Final = {"TRX"}  # Coinbase has no TRX-USD
INVENTED_PRODUCTS: Final = 12  # how many invented coins Coinbase lists too
LISTED: Final = 1_437_350_400  # 2015-07-20, the oldest daily candle Coinbase serves
STALE_SINCE: Final = (ANCHOR_DAY - 9) * 86_400  # coins whose price feed stopped, as CoinGecko keeps them
COINBASE_SHARE: Final = 1 / 50  # of a coin's worldwide turnover
SYLLABLES: Final = (
    "ka",
    "lo",
    "mi",
    "ren",
    "sol",
    "va",
    "tor",
    "nex",
    "qui",
    "bel",
    "dra",
    "fen",
    "gor",
    "zu",
)
KINDS: Final = ("Protocol", "Network", "Finance", "Chain", "Token", "Swap")

State = Literal["active", "stale", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """What is fixed about an asset, in USD. A stale coin's price stands still, a dead one has none."""

    id: str
    symbol: str
    name: str
    image: str
    supply: float
    supply_cap: float | None
    turnover: float
    ath: float
    atl: float
    prices: PriceTree
    product: bool = False
    state: State = "active"
    platforms: tuple[str, ...] = ()

    @property
    def price_decimals(self) -> int:
        """Places of Coinbase's quote increment: 2 for BTC, 8 for SHIB."""
        return min(8, max(2, 4 - magnitude(self.prices.profile.price)))

    @property
    def size_decimals(self) -> int:
        """Places of the smallest traded amount: 8 for BTC, 1 for SHIB."""
        return size_decimals(self.prices.profile.price)


def magnitude(price: float) -> int:
    """The power of ten of a price: 4 for 77361, -6 for 8.47e-06."""
    return math.floor(math.log10(price))


def size_decimals(price: float) -> int:
    """Places of the smallest amount traded at such a price, worth a fraction of a cent."""
    return min(8, max(1, 4 + magnitude(price)))


def catalogue(seed: int) -> tuple[Coin, ...]:
    """All coins of a seed, the defaults first; ids are unique, symbols (as in life) are not."""
    coins = [_default(seed, listing) for listing in DEFAULTS]
    return (*coins, *(_invented(seed, number) for number in range(CATALOGUE_SIZE - len(coins))))


def _default(seed: int, listing: Listing) -> Coin:
    volatility = 0.02 if listing.symbol == "BTC" else 0.03
    return Coin(
        id=listing.id,
        symbol=listing.symbol.lower(),
        name=listing.name,
        image=_image(listing.image, listing.id),
        supply=listing.supply,
        supply_cap=listing.supply_cap,
        turnover=listing.turnover,
        ath=listing.ath,
        atl=listing.atl,
        prices=PriceTree(
            f"{seed}/{listing.id}", _profile(listing.price, listing.turnover, listing.trades, volatility)
        ),
        product=listing.symbol not in UNTRADED_ON_COINBASE,
    )


def _invented(seed: int, number: int) -> Coin:
    """Coin ``number`` of the invented: a long tail of caps from billions down, prices from 1e-9 to 1e3."""
    level, cap_luck, busy, up, down = draws(seed, "coin", number, count=5)
    name, symbol, state = _identity(seed, number)
    coin_id = name.lower().replace(" ", "-").strip("()").replace("(", "")
    product = 1 < number <= INVENTED_PRODUCTS
    price = 10 ** (-2 + 4 * level if product else -9 + 12 * level)
    cap = 1.5e9 * (number + 2) ** -1.5 * (0.5 + cap_luck)
    turnover = cap * (0.01 + busy * 0.2)
    return Coin(
        id=coin_id,
        symbol=symbol,
        name=name,
        image="missing_large.png" if state == "dead" else _image(40_000 + number, coin_id),
        supply=round(cap / price, 2),
        supply_cap=round(2 * cap / price) if up > 1 / 2 else None,
        turnover=turnover,
        ath=price * (3 + 20 * up),
        atl=price / (3 + 200 * down),
        prices=PriceTree(
            f"{seed}/{coin_id}", _profile(price, turnover, 200 + round(3_000 * busy), 0.05 + 0.05 * up)
        ),
        product=product,
        state=state,
        platforms=("example-chain",) if number % 3 == 0 else (),
    )


def _identity(seed: int, number: int) -> tuple[str, str, State]:
    """Name, symbol and state; the first two are the fact sheet's own examples."""
    if number == 0:
        return "Obscure Example", "obsc", "dead"
    if number == 1:
        return "Bridged BTC (example)", "btc", "active"
    picks = draws(seed, "name", number, count=4)
    word = "".join(SYLLABLES[int(pick * len(SYLLABLES))] for pick in picks[:3])
    state: State = "dead" if number % 47 == 0 else "stale" if number % 61 == 0 else "active"
    # the number keeps ids unique where two names fall together
    return f"{word.title()} {KINDS[int(picks[3] * len(KINDS))]} {number}", word[:5], state


def _image(number: int, coin_id: str) -> str:
    return f"https://coin-images.coingecko.com/coins/images/{number}/large/{coin_id}.png?1696501400"


def _profile(price: float, turnover: float, trades: int, volatility: float) -> TradingProfile:
    steps = round(turnover * COINBASE_SHARE / price * 10 ** size_decimals(price))
    return TradingProfile(price, volatility, trades, steps)
