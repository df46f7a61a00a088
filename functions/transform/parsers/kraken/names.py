"""What Kraken calls assets and pairs: REST joins two assets, XBTUSD, websocket v2 says BTC/USD.

The asset map has REST's short names, XBT. Assets from before Kraken called new ones by their symbol alone
also have a long one, with X or Z before it, and a pair of two such assets is named by these, XXBTZUSD; but
dogecoin's pairs, listed anew, are XDGUSD. The websocket has other names of XBT and XDG only (``asset_names``
in sources.json). Sources: docs.kraken.com, "Get Tradable Asset Pairs"; support.kraken.com, article
360000920306; for the websocket's names, nautechsystems/nautilus_trader#3509 and #3960.
"""

import re
from typing import Final, cast

from coinlake.sources import Websocket, catalog

_OLD_ASSETS: Final = frozenset(
    {
        *("XETC", "XETH", "XICN", "XLTC", "XMLN", "XREP", "XXBT", "XXDG", "XXLM", "XXMR", "XXRP", "XZEC"),
        *("ZAUD", "ZCAD", "ZEUR", "ZGBP", "ZJPY", "ZUSD"),
    }
)
_OLD_LENGTH: Final = 4
_SIDES: Final = re.compile(r"([A-Za-z0-9.]{1,20})/([A-Za-z0-9.]{2,10})")


def base_of(pair: str, currency: str) -> str | None:
    """The asset of a pair's name, XXBTZUSD or SOLUSD; None unless the pair is against the currency."""
    first, second = pair[:_OLD_LENGTH], pair[_OLD_LENGTH:]
    if first in _OLD_ASSETS and second in _OLD_ASSETS:
        return first[1:] if second[1:] == currency else None
    base = pair.removesuffix(currency)
    return base if base and base != pair else None


def sides_of(name: str) -> tuple[str, str] | None:
    """Base and quote of a name with a slash; None for any other."""
    sides = _SIDES.fullmatch(name)
    return (sides[1], sides[2]) if sides else None


def live_sides(symbol: str) -> tuple[str, str] | None:
    """Base and quote, as REST calls them, of a symbol of the websocket."""
    sides, websocket = sides_of(symbol), live_feed()
    return sides and (websocket.asset_id(sides[0]), websocket.asset_id(sides[1]))


def live_market(base: str, quote: str) -> str:
    """The market's name in streams, BTCUSD, of its sides as REST calls them."""
    websocket = live_feed()
    return websocket.asset_name(base) + websocket.asset_name(quote)


def live_feed() -> Websocket:
    """What sources.json declares of the websocket."""
    return cast(Websocket, catalog()["kraken"].websocket)
