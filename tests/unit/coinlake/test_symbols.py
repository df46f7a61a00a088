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
    assert split(symbol, "binance") == ((base, quote) if base and quote else None)


def test_an_id_of_the_asset_map_is_the_base_where_two_readings_fit() -> None:
    assert split("AAVETUSD", "binance") == ("AAVE", "TUSD")
    assert split("AAVETUSD", "binance", {"AAVET"}) == ("AAVET", "USD")
    assert split("AAVETUSD", "binance", {"AAVET", "AAVE"}) == ("AAVET", "USD")


@given(st.sampled_from(QUOTES), st.text("ABCDEFGHIJ0123456789", min_size=1, max_size=10))
def test_the_sides_spell_the_symbol_and_a_known_base_is_kept(quote: str, base: str) -> None:
    assert split(base + quote, "binance", {base}) == (base, quote)


@pytest.mark.parametrize(
    ("symbol", "sides"),
    [
        ("ADAEUR", ("ADA", "EUR")),
        ("KAVAEUR", ("KAVA", "EUR")),
        ("GALAEUR", ("GALA", "EUR")),
        ("BTCAEUR", ("BTC", "AEUR")),
        ("EURAEUR", ("EUR", "AEUR")),
        ("AEUREUR", ("AEUR", "EUR")),
        ("AEURUSDT", ("AEUR", "USDT")),
    ],
)
def test_a_rare_quote_currency_stands_only_behind_the_bases_that_it_is_known_to_have(
    symbol: str, sides: tuple[str, str]
) -> None:
    assert split(symbol, "binance") == sides


def test_what_the_configuration_knows_goes_before_what_is_rare() -> None:
    assert split("XYZAEUR", "binance", {"XYZ"}) == ("XYZ", "AEUR")
    assert split("ADAEUR", "binance", {"ADA"}) == ("ADA", "EUR")


@pytest.mark.parametrize(
    ("symbol", "sides"),
    [
        ("BNBUSD", ("BNB", "USD")),
        ("BATUSD", ("BAT", "USD")),
        ("DOTUSD", ("DOT", "USD")),
        ("GRTUSD", ("GRT", "USD")),
        ("USDTUSD", ("USDT", "USD")),
        ("BTCUSD4", ("BTC", "USD4")),
        ("ARBUSD", ("ARB", "USD")),
        ("BTCUSDT", ("BTC", "USDT")),
        ("ETHBTC", ("ETH", "BTC")),
    ],
)
def test_a_market_of_binance_us_ends_in_a_currency_of_binance_us(symbol: str, sides: tuple[str, str]) -> None:
    assert split(symbol, "binance_us") == sides
