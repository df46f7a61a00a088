"""What a venue's symbol without a separator stands for: the one rule for base and quote.

``BTCUSDT`` has no mark between its sides. An id of the asset map that begins it is its base, if a quote
currency of the venue is left; otherwise the longest quote currency that ends it is its quote. Every stage
asks here, so that one market never has two names.
"""

from collections.abc import Collection
from functools import lru_cache


@lru_cache(maxsize=16)
def _longest_first(quotes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(quotes, key=len, reverse=True))


def split(symbol: str, quotes: tuple[str, ...], bases: Collection[str] = ()) -> tuple[str, str] | None:
    """Base and quote of a venue's symbol; None where it ends in none of ``quotes``.

    ``quotes`` are the venue's quote currencies (``sources.Source.quote_currencies``), ``bases`` its ids of
    the configured assets. Of two ids that fit, the longer is the base.
    """
    endings = [quote for quote in _longest_first(quotes) if symbol.endswith(quote) and symbol != quote]
    if not endings:
        return None
    by_base = {symbol.removesuffix(quote): quote for quote in reversed(endings)}
    known = [base for base in by_base if base in bases]
    base = max(known, key=len) if known else symbol.removesuffix(endings[0])
    return base, by_base[base]
