from decimal import Decimal

import pytest

from tests.unit.transform.answers import codes, rows
from tests.unit.transform.recorded import SAMPLES

PRICES = SAMPLES["coingecko_simple_price.json"]
COINS = SAMPLES["coingecko_coins_list.json"]
ASKED = "https://api.coingecko.com/api/v3/simple/price?vs_currencies=usd&ids="


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("usd", None, "missing_price"),
        ("usd", ..., "missing_price"),
        ("usd", "77361", "bad_type"),
        ("usd", 0, "out_of_range"),
        ("last_updated_at", None, "missing_field"),
        ("last_updated_at", ..., "missing_field"),
        ("last_updated_at", 1795132858000, "bad_time"),
        ("last_updated_at", 1795138858, "future_time"),
    ],
)
def test_a_bad_price_is_rejected_and_its_neighbours_stay(field, value, code):
    parsed = PRICES.read(PRICES.changed("ethereum", field, to=value))
    assert codes(parsed) == [(code, 1, field)]
    assert parsed.rows_trusted == 3


def test_a_price_without_change_is_stale_but_kept():
    pepe = next(row for row in rows(PRICES.read()) if row["raw_symbol"] == "pepe")
    assert pepe["change_24h_percent"] is None
    assert pepe["price"] == Decimal("0.00000352")


def test_a_coin_without_its_object_is_rejected():
    assert codes(PRICES.read(PRICES.changed("ethereum", to=77361))) == [("not_an_object", 1, None)]


def test_an_answer_that_names_a_coin_twice_is_rejected_as_a_whole():
    body = PRICES.body.replace(b'"ethereum"', b'"bitcoin"')
    assert codes(PRICES.read(body)) == [("duplicate_key", None, None)]


def test_a_coin_that_names_a_key_twice_is_rejected_alone():
    body = PRICES.body.replace(b'"usd": 77361,', b'"usd": 77361, "usd": 1,')
    assert codes(PRICES.read(body)) == [("duplicate_key", 0, None)]


def test_a_coin_that_was_not_requested_is_an_unknown_symbol():
    parsed = PRICES.read(url=f"{ASKED}bitcoin%2Cethereum%2Cpepe")
    assert codes(parsed) == [("unknown_symbol", 2, "id")]
    assert PRICES.read(url=f"{ASKED}bitcoin%2Cethereum%2Cpepe%2Cshiba-inu").rejections == ()


def test_another_currency_is_a_new_field():
    assert PRICES.read(PRICES.changed("pepe", "eur", to=1)).notes == ("new_field:eur",)


def test_a_coin_may_be_called_error_or_status():
    body = PRICES.body.replace(b'"pepe"', b'"error"').replace(b'"ethereum"', b'"status"')
    assert {row["raw_symbol"] for row in rows(PRICES.read(body))} == {
        "bitcoin",
        "status",
        "shiba-inu",
        "error",
    }


@pytest.mark.parametrize("body", [b"[]", b"[1]", b'"x"', b"null", b"7"])
def test_a_document_that_is_no_object_is_rejected_as_a_whole(body):
    assert codes(PRICES.read(body)) == [("not_a_list", None, None)]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("id", None, "missing_field"),
        ("id", "", "bad_text"),
    ],
)
def test_a_coin_of_the_list_with_a_bad_name_is_rejected(field, value, code):
    assert codes(COINS.read(COINS.changed(1, field, to=value))) == [(code, 1, field)]


@pytest.mark.parametrize("value", [None, "", ...])
def test_a_coin_of_the_list_may_have_no_name_or_ticker(value):
    parsed = COINS.read(COINS.changed(1, "name", to=value))
    assert parsed.rejections == ()
    assert [row["name"] for row in rows(parsed) if row["asset_id"] == "shiba-inu"] == [None]


def test_a_coin_that_is_listed_twice_is_kept_once():
    assert codes(COINS.read(COINS.changed(2, "id", to="bitcoin"))) == [("duplicate_row", 2, "asset_id")]


def test_two_coins_of_one_ticker_are_two_assets():
    assert [row["base"] for row in rows(COINS.read()) if row["symbol"] == "btc"] == [
        "BTC",
        "coingecko:bridged-btc-example",
    ]
