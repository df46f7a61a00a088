"""Coinbase's trades: one sequence for each product, served by REST, newest first, and by the socket."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from simulator.endpoints import ApiError, ApiRequest, CompactJson
from simulator.market.market import Market
from simulator.market.times import iso
from simulator.market.trades import MICROSECONDS, Trade, TradeSequence, mix
from simulator.market.venues import COINBASE, Venue
from simulator.sources.coinbase.products import NOT_FOUND, Product, amount, listed
from simulator.websockets.settings import StreamSettings

MAX_ROWS: Final = 1_000
MESSAGES_A_TRADE: Final = 3  # so the product's sequence has holes for clients that subscribe to trades only


@dataclass(frozen=True, slots=True)
class TradedProduct:
    """A product and its trades."""

    product: Product
    trades: TradeSequence

    def price(self, ticks: int) -> str:
        """With the places of the quote increment."""
        places = self.product.coin.price_decimals
        return f"{ticks / 10**places:.{places}f}"

    def size(self, made: Trade) -> str:
        """Decimal text of what was traded."""
        return amount(made.steps, self.product.coin)

    def described(self, index: int) -> dict[str, object]:
        """A row of ``/products/{id}/trades``; ``side`` is the maker's."""
        made = self.trades.trade(index)
        return {
            "trade_id": index,
            "side": side(made),
            "size": self.size(made),
            "price": self.price(made.ticks),
            "time": iso(made.at_us / MICROSECONDS, "microseconds"),
        }

    def match(self, index: int, kind: str = "match") -> dict[str, object]:
        """A message of the ``matches`` channel."""
        made = self.trades.trade(index)
        orders = [str(UUID(int=mix(self.trades.key + shift, index) << 64 | index)) for shift in (1, 2)]
        return {
            "type": kind,
            "trade_id": index,
            "maker_order_id": orders[0],
            "taker_order_id": orders[1],
            "side": side(made),
            "size": self.size(made),
            "price": self.price(made.ticks),
            "product_id": self.product.id,
            "sequence": index * MESSAGES_A_TRADE,
            "time": iso(made.at_us / MICROSECONDS, "microseconds"),
        }


class TradedProducts:
    """Every product with its trades; REST and sockets share them."""

    def __init__(self, market: Market, settings: StreamSettings) -> None:
        self.settings = settings
        self.venue = Venue(market, COINBASE)
        self.products: Mapping[str, Product] = listed(self.venue)
        self.find = lru_cache(maxsize=None)(self._find)

    def _find(self, name: str) -> TradedProduct | None:
        product = self.products.get(name)
        if product is None:
            return None
        return TradedProduct(
            product, TradeSequence(name, product.coin, product.venue, self.settings.cadences["trade"])
        )

    def trades(self, request: ApiRequest) -> CompactJson:
        """A page of trades: older than ``after``, or the newest that are newer than ``before``."""
        traded = self.find(request.path["id"])
        if traded is None:
            raise ApiError(404, NOT_FOUND)
        limit = min(MAX_ROWS, request.whole("limit", MAX_ROWS, _invalid)) or MAX_ROWS
        newest = traded.trades.newest(int(request.now * MICROSECONDS))
        last = min(newest, request.whole("after", newest + 1, _invalid) - 1)
        first = max(1, last - limit + 1, request.whole("before", 0, _invalid) + 1)
        rows = [traded.described(index) for index in range(last, first - 1, -1)]
        return CompactJson(rows, headers={"cb-before": str(last), "cb-after": str(first)} if rows else None)


def side(made: Trade) -> str:
    """The maker's side of a trade."""
    return "buy" if made.buyer_is_maker else "sell"


def _invalid(name: str) -> ApiError:
    return ApiError(400, {"message": f"Invalid {name}"})
