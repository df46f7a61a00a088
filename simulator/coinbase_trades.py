"""Coinbase's trades: one tape for each product, told by REST, newest first, and by the socket."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from simulator.answers import Answer, Ask, Refusal, iso
from simulator.coinbase_products import NOT_FOUND, Product, amount, listed
from simulator.market import Market
from simulator.stream_terms import StreamTerms
from simulator.tape import MICROSECONDS, Tape, Trade, mixed

MAX_ROWS: Final = 1_000
MAX_DIGITS: Final = 18
MESSAGES_A_TRADE: Final = 3  # so the product's sequence has holes for who hears trades only


@dataclass(frozen=True, slots=True)
class Traded:
    """A product and its trades."""

    product: Product
    tape: Tape

    def price(self, ticks: int) -> str:
        """With the places of the quote increment."""
        places = self.product.coin.price_decimals
        return f"{ticks / 10**places:.{places}f}"

    def size(self, made: Trade) -> str:
        """Decimal text of what was traded."""
        return amount(made.steps, self.product.coin)

    def described(self, index: int) -> dict[str, object]:
        """A row of ``/products/{id}/trades``; ``side`` is the maker's."""
        made = self.tape.trade(index)
        return {
            "trade_id": index,
            "side": side(made),
            "size": self.size(made),
            "price": self.price(made.ticks),
            "time": iso(made.at_us / MICROSECONDS, "microseconds"),
        }

    def match(self, index: int, kind: str = "match") -> dict[str, object]:
        """A message of the ``matches`` channel."""
        made = self.tape.trade(index)
        orders = [str(UUID(int=mixed(self.tape.key + shift, index) << 64 | index)) for shift in (1, 2)]
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
    """Every product with its tape; REST and sockets share them."""

    def __init__(self, market: Market, terms: StreamTerms) -> None:
        self.terms = terms
        self.products: Mapping[str, Product] = listed(market)
        self.find = lru_cache(maxsize=None)(self._find)

    def _find(self, name: str) -> Traded | None:
        product = self.products.get(name)
        if product is None:
            return None
        return Traded(product, Tape(name, product.coin, product.venue, self.terms.paces["trade"]))

    def trades(self, ask: Ask) -> Answer:
        """A page of trades: older than ``after``, or the newest that are newer than ``before``."""
        traded = self.find(ask.path["id"])
        if traded is None:
            raise Refusal(404, NOT_FOUND)
        limit = min(MAX_ROWS, _whole(ask, "limit", MAX_ROWS)) or MAX_ROWS
        newest = traded.tape.newest(int(ask.now * MICROSECONDS))
        last = min(newest, _whole(ask, "after", newest + 1) - 1)
        first = max(1, last - limit + 1, _whole(ask, "before", 0) + 1)
        rows = [traded.described(index) for index in range(last, first - 1, -1)]
        return Answer(rows, headers={"cb-before": str(last), "cb-after": str(first)} if rows else None)


def side(made: Trade) -> str:
    """The maker's side of a trade."""
    return "buy" if made.buyer_is_maker else "sell"


def _whole(ask: Ask, name: str, default: int) -> int:
    text = ask.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        raise Refusal(400, {"message": f"Invalid {name}"})
    return int(text)
