"""Which market an answer is about: slots and products taken apart."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from transform.columns import Sheet
from transform.parsed import Unreadable

_SIDES: Final = r"(?P<base>[A-Z0-9]{1,20})-(?P<quote>[A-Z0-9]{2,10})"
_PRODUCT: Final = re.compile(_SIDES)


@dataclass(frozen=True, slots=True)
class Market:
    """Whose candles an answer holds: ``base`` is the source's id, ``raw_symbol`` its market's name."""

    raw_symbol: str
    base: str
    quote: str
    interval: str

    @classmethod
    def of(cls, parts: tuple[str, ...]) -> Self:
        """The market of a slot that names product, interval, and a count or period."""
        try:
            product, interval, _window = parts
        except ValueError:
            raise Unreadable("bad_slot", ".".join(parts)) from None
        if interval not in INTERVALS:
            raise Unreadable("bad_slot", interval, "interval")
        base, quote = base_and_quote(product)
        return cls(product, base, quote, interval)

    @property
    def length(self) -> timedelta:
        return INTERVALS[self.interval]


def base_and_quote(product: str) -> tuple[str, str]:
    """The two sides of ``BTC-USD``; ``unknown_symbol`` for what is no such product."""
    found = product_sides(product)
    if not found:
        raise Unreadable("unknown_symbol", product, "product")
    return found


def product_sides(product: str) -> tuple[str, str] | None:
    """The two sides of ``BTC-USD``; None for what is no such product."""
    found = _PRODUCT.fullmatch(product)
    return (found[1], found[2]) if found else None


def only_part(parts: tuple[str, ...]) -> str:
    """What a slot of one part names."""
    if len(parts) != 1:
        raise Unreadable("bad_slot", ".".join(parts))
    return parts[0]


def asset_and_quote(market: str) -> tuple[str, str]:
    """The source's id and the currency of ``avalanche-2-usd``."""
    asset, _, quote = market.rpartition("-")
    if not asset or not quote:
        raise Unreadable("unknown_symbol", market, "market")
    return asset, quote.upper()


def sides(sheet: Sheet, name: str, products: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The bases and the quotes of a column of products such as ``BTC-USD``."""
    found = pc.extract_regex(products, f"^{_SIDES}$")
    sheet.reject("unknown_symbol", found.is_null(), name, products)
    return pc.struct_field(found, "base"), pc.struct_field(found, "quote")
