"""What a venue's symbol without a separator stands for: the one rule for base and quote.

``BTCUSDT`` has no mark between its sides. An id of the asset map that begins it is its base, if a quote
currency of the venue is left; otherwise the longest quote currency that ends it is its quote, rare ones
only behind a base that they are known to have. Every stage asks here, so that one market never has two names.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache

from coinlake import sources


@lru_cache(maxsize=16)
def _longest_first(quotes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(quotes, key=len, reverse=True))


def split(symbol: str, source: str, bases: Collection[str] = ()) -> tuple[str, str] | None:
    """Base and quote of a symbol of ``source``; None where it ends in none of its quote currencies.

    ``bases`` are the venue's ids of the configured assets. Of two ids that fit, the longer is the base.
    """
    quotes, rare = _quotes(source)
    by_base = {
        symbol.removesuffix(quote): quote
        for quote in reversed(_longest_first(quotes))
        if symbol.endswith(quote) and symbol != quote
    }
    known = [base for base in by_base if base in bases]
    usual = [base for base, quote in by_base.items() if quote not in rare or base in rare[quote]]
    if not usual and not known:
        return None
    base = max(known, key=len) if known else min(usual, key=len)
    return base, by_base[base]


def _quotes(source: str) -> tuple[tuple[str, ...], Mapping[str, Collection[str]]]:
    """The quote currencies of a source, and which bases the rare ones have."""
    if source in sources.siblings():
        return sources.siblings()[source][1].quote_currencies, {}
    declared = sources.source(source)
    return declared.quote_currencies, declared.rare_quotes
