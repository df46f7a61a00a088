"""One rule says what a venue's symbol stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.sources import catalog
from coinlake.symbols import split

QUOTES = catalog()["binance"].quote_currencies


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [
        ("BTCUSDT", "BTC", "USDT"),
        ("ETHBTC", "ETH", "BTC"),
        ("BTCFDUSD", "BTC", "FDUSD"),
        ("USDTTRY", "USDT", "TRY"),
        ("BNBU", None, None),
        ("USDT", None, None),
        ("", None, None),
    ],
)
def test_the_longest_quote_currency_that_ends_a_symbol_is_its_quote(
    symbol: str, base: str | None, quote: str | None
) -> None:
    assert split(symbol, QUOTES) == ((base, quote) if base and quote else None)


def test_an_id_of_the_asset_map_is_the_base_where_two_readings_fit() -> None:
    assert split("AAVETUSD", QUOTES) == ("AAVE", "TUSD")
    assert split("AAVETUSD", QUOTES, {"AAVET"}) == ("AAVET", "USD")
    assert split("AAVETUSD", QUOTES, {"AAVET", "AAVE"}) == ("AAVET", "USD")


@given(st.sampled_from(QUOTES), st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=10))
def test_the_sides_spell_the_symbol_and_a_known_base_is_kept(quote: str, base: str) -> None:
    assert split(base + quote, QUOTES, {base}) == (base, quote)
