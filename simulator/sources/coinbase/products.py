"""Coinbase's products and currencies, and what each trades at: ticker and stats, decimals as strings."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from simulator.endpoints import ApiError, ApiRequest
from simulator.market.bars import Bar
from simulator.market.coins import Coin
from simulator.market.prices import SLOT_SECONDS, draws
from simulator.market.times import DAY, iso
from simulator.market.venues import Venue, delisted_coin

NOT_FOUND: Final = {"message": "NotFound"}
DELISTED: Final = {"message": "Not allowed for delisted products"}


@dataclass(frozen=True, slots=True)
class Product:
    """A market of a coin against USD; the delisted one trades no more but keeps its candles."""

    id: str
    coin: Coin
    venue: Venue
    delisted: bool = False
    auction: bool = False


Products = Mapping[str, Product]


def listed(venue: Venue) -> Products:
    """By id: the traded coins, an auction whose id hides its base, and a delisted product."""
    market = venue.market
    products = [Product(f"{coin.symbol.upper()}-USD", coin, venue) for coin in market.coins if coin.product]
    products.append(Product("BTCAUCTION-USD", market.by_id["bitcoin"], venue, auction=True))
    products.append(Product("OLD-USD", delisted_coin(market), venue, delisted=True))
    return {product.id: product for product in products}


def find(products: Products, request: ApiRequest) -> Product:
    """The product of the path; 404 if there is none (ids are case-sensitive)."""
    product = products.get(request.path["id"])
    if product is None:
        raise ApiError(404, NOT_FOUND)
    return product


def single(products: Products, request: ApiRequest) -> dict[str, object]:
    """One product's description."""
    return described(find(products, request))


def described(product: Product) -> dict[str, object]:
    """A product as ``/products`` lists it."""
    size = product.coin.size_decimals
    return {
        "id": product.id,
        "base_currency": product.coin.symbol.upper(),
        "quote_currency": "USD",
        "quote_increment": increment(product.coin.price_decimals),
        # cheap coins list a whole unit though their candles show tenths
        "base_increment": increment(0 if size == 1 else size),
        "display_name": product.id,
        "min_market_funds": "1",
        "margin_enabled": False,
        "post_only": False,
        "limit_only": False,
        "cancel_only": product.auction,
        "status": "delisted" if product.delisted else "online",
        "status_message": "",
        "trading_disabled": product.delisted,
        "fx_stablecoin": False,
        "max_slippage_percentage": "0.02000000" if product.coin.id == "bitcoin" else "0.03000000",
        "auction_mode": False,
    }


def currencies(products: Products, _: ApiRequest) -> list[dict[str, object]]:
    """The base currencies, and USD."""
    coins = {product.coin.id: product.coin for product in products.values()}
    crypto = [
        _currency(coin.symbol.upper(), coin.name, coin.size_decimals, "crypto") for coin in coins.values()
    ]
    return [*crypto, _currency("USD", "United States Dollar", 2, "fiat")]


def ticker(products: Products, request: ApiRequest) -> dict[str, object]:
    """The last trade, and the best bid and ask around it."""
    coin = _trading(products, request).coin
    slot = coin.prices.last_slot(request.now)
    late, side, part = draws(coin.prices.key, "trade", slot, count=3)
    bar = request.market.bar(coin, slot * SLOT_SECONDS, (slot + 1) * SLOT_SECONDS)
    if bar is None:
        raise ApiError(404, NOT_FOUND)
    tick = 10**-coin.price_decimals
    below = tick if side > 1 / 2 else 0  # a buyer took the ask, else a seller the bid
    seconds, nanoseconds = divmod(int(late * SLOT_SECONDS * 1e9), 10**9)
    return {
        "ask": _price(bar.close + tick - below, coin),
        "bid": _price(bar.close - below, coin),
        "volume": _size(_recent(request, coin, DAY), coin),
        "trade_id": slot,
        "price": _price(bar.close, coin),
        "size": amount(math.ceil(bar.volume / bar.trades * part), coin),
        "time": f"{iso(slot * SLOT_SECONDS + seconds, 'seconds')[:-1]}.{nanoseconds:09d}Z",
    }


def stats(products: Products, request: ApiRequest) -> dict[str, object]:
    """The last 24 hours, and the volume of 30 days."""
    coin = _trading(products, request).coin
    day, month = (_recent(request, coin, seconds) for seconds in (DAY, 30 * DAY))
    if day is None:
        raise ApiError(404, NOT_FOUND)
    prices = dict(
        zip(("open", "high", "low", "last"), (_price(price, coin) for price in day[:4]), strict=True)
    )
    return {**prices, "volume": _size(day, coin), "volume_30day": _size(month, coin)}


def increment(places: int) -> str:
    """``0.01`` for 2 places, ``1`` for none."""
    return f"{10**-places:.{places}f}"


def amount(steps: int, coin: Coin) -> str:
    """Smallest amounts as decimal text."""
    return f"{Decimal(steps).scaleb(-coin.size_decimals):f}"


def _trading(products: Products, request: ApiRequest) -> Product:
    product = find(products, request)
    if product.delisted:
        raise ApiError(400, DELISTED)
    return product


def _recent(request: ApiRequest, coin: Coin, seconds: int) -> Bar | None:
    start = int((request.now - seconds) // SLOT_SECONDS) * SLOT_SECONDS
    return request.market.bar(coin, start, request.now)


def _price(price: float, coin: Coin) -> str:
    return f"{price:.{coin.price_decimals}f}"


def _size(bar: Bar | None, coin: Coin) -> str:
    return amount(bar.volume if bar else 0, coin)


def _currency(symbol: str, name: str, places: int, kind: str) -> dict[str, object]:
    smallest = increment(places)
    return {
        "id": symbol,
        "name": name,
        "min_size": smallest,
        "status": "online",
        "message": "",
        "max_precision": smallest,
        "convertible_to": [],
        "details": {
            "type": kind,
            "symbol": "$" if kind == "fiat" else None,
            "network_confirmations": 2,
            "sort_order": 20,
            "crypto_address_link": "",
            "crypto_transaction_link": "",
            "push_payment_methods": [kind],
            "group_types": [kind],
            "display_name": "",
            "processing_time_seconds": 0,
            "min_withdrawal_amount": float(smallest),
        },
    }
