"""Which market a document is about: slots and product names split into their parts."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from transform.columns.validation import ColumnValidator
from transform.model import Unreadable

_PRODUCT: Final = r"(?P<base>[A-Z0-9]{1,20})-(?P<quote>[A-Z0-9]{2,10})"
_PRODUCT_PATTERN: Final = re.compile(_PRODUCT)


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """Whose candles a document holds: ``base`` is the source's id, ``raw_symbol`` its market's name."""

    raw_symbol: str
    base: str
    quote: str
    interval: str

    @classmethod
    def from_slot(cls, parts: tuple[str, ...]) -> Self:
        """The series of a slot that names product, interval, and a count or period."""
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


def split_product(product: str) -> tuple[str, str] | None:
    """The base and the quote of ``BTC-USD``; None for what is no such product."""
    match = _PRODUCT_PATTERN.fullmatch(product)
    return (match[1], match[2]) if match else None


def base_and_quote(product: str) -> tuple[str, str]:
    """As ``split_product``; ``unknown_symbol`` for what is no such product."""
    split = split_product(product)
    if not split:
        raise Unreadable("unknown_symbol", product, "product")
    return split


def split_products(validator: ColumnValidator, name: str, products: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The bases and the quotes of a column of products such as ``BTC-USD``."""
    split = pc.extract_regex(products, f"^{_PRODUCT}$")
    validator.reject("unknown_symbol", split.is_null(), name, products)
    return pc.struct_field(split, "base"), pc.struct_field(split, "quote")


def asset_and_quote(market: str) -> tuple[str, str]:
    """The source's id and the currency of ``avalanche-2-usd``."""
    asset, _, quote = market.rpartition("-")
    if not asset or not quote:
        raise Unreadable("unknown_symbol", market, "market")
    return asset, quote.upper()


def only_part(parts: tuple[str, ...]) -> str:
    """What a slot of one part names."""
    if len(parts) != 1:
        raise Unreadable("bad_slot", ".".join(parts))
    return parts[0]


def page_quote(parts: tuple[str, ...]) -> str:
    """The currency of a slot that names feed, currency and page."""
    try:
        _feed, currency, _page = parts
    except ValueError:
        raise Unreadable("bad_slot", ".".join(parts)) from None
    return currency.upper()
