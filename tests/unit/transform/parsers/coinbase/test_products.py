import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.transform.answers import codes, rows
from tests.unit.transform.recorded import SAMPLES

TICKER = SAMPLES["coinbase_ticker.json"]
STATS = SAMPLES["coinbase_stats.json"]
PRODUCTS = SAMPLES["coinbase_products.json"]


@pytest.mark.parametrize(
    ("time", "microsecond"),
    [
        ("2026-11-20T00:00:57Z", 0),
        ("2026-11-20T00:00:57.3Z", 300_000),
        ("2026-11-20T00:00:57.388253Z", 388_253),
        ("2026-11-20T00:00:57.3882539Z", 388_253),
        ("2026-11-20T00:00:57.38825399Z", 388_253),
        ("2026-11-20T00:00:57.388253999Z", 388_253),
    ],
)
def test_a_time_of_nanoseconds_is_cut_not_rounded(time, microsecond):
    (row,) = rows(TICKER.read(TICKER.changed("time", to=time)))
    assert row["observed_at"] == datetime(2026, 11, 20, 0, 0, 57, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("price", None, "missing_price"),
        ("price", ..., "missing_price"),
        ("price", "0", "out_of_range"),
        ("price", False, "bad_type"),
        ("time", ..., "missing_field"),
        ("time", 1795132857, "bad_time"),
        ("time", "2026-11-20T00:00:57", "bad_time"),
        ("time", "2026-11-20T00:00:57.3882532861Z", "bad_time"),
        ("time", "2026-11-20T00:40:57Z", "future_time"),
    ],
)
def test_a_bad_ticker_is_one_rejected_row(field, value, code):
    assert codes(TICKER.read(TICKER.changed(field, to=value))) == [(code, 0, field)]


@pytest.mark.parametrize("side", ["bid", "ask"])
@pytest.mark.parametrize("value", ["0", "0.00000000", None, ...])
def test_a_side_of_the_book_may_be_empty(side, value):
    (row,) = rows(TICKER.read(TICKER.changed(side, to=value)))
    assert row[side] is None


def test_an_added_field_is_noted():
    assert TICKER.read(TICKER.changed("zeta", to=1)).notes == ("new_field:zeta",)
    assert TICKER.read(TICKER.changed("rfq_volume", to="1.5")).notes == ()


@pytest.mark.parametrize("sample", [TICKER, STATS], ids=str)
@pytest.mark.parametrize(
    ("slot", "code"),
    [("BTC-USD.1h", "bad_slot"), ("BTCUSD", "unknown_symbol"), ("btc-usd", "unknown_symbol")],
)
def test_a_slot_that_names_no_product_rejects_the_answer(sample, slot, code):
    assert [found for found, *_ in codes(replace(sample, slot=slot).read())] == [code]


@pytest.mark.parametrize("sample", [TICKER, STATS], ids=str)
@pytest.mark.parametrize("body", [b"[]", b"[{}]", b"1", b"null"])
def test_an_answer_that_is_no_object_is_rejected_as_a_whole(sample, body):
    assert codes(sample.read(body)) == [("not_a_list", None, None)]


def test_an_answer_that_names_a_key_twice_is_rejected_as_a_whole():
    body = TICKER.body.replace(b'"bid"', b'"price"')
    assert codes(TICKER.read(body)) == [("duplicate_key", None, None)]


def test_statistics_are_of_the_moment_that_they_were_received():
    (row,) = rows(STATS.read(fetched_at="2026-11-20T00:01:02.345678+00:00"))
    assert row["observed_at"] == datetime(2026, 11, 20, 0, 1, 2, 345678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("product", "base", "symbol"),
    [("BTCAUCTION-USD", "coinbase:BTCAUCTION", "BTCAUCTION"), ("00-USD", "coinbase:00", "00")],
)
def test_the_sides_of_a_product_are_those_of_its_id(product, base, symbol):
    row = next(
        row
        for row in rows(PRODUCTS.read(PRODUCTS.changed(0, "id", to=product)))
        if row["asset_id"] == product
    )
    assert (row["base"], row["symbol"], row["quote"]) == (base, symbol, "USD")


@pytest.mark.parametrize(
    ("disabled", "status", "kept"),
    [
        (True, "online", "trading_disabled"),
        (False, "online", "online"),
        (None, "online", "online"),
        (True, "delisted", "delisted"),
        (False, "", None),
        (False, None, None),
    ],
)
def test_the_status_says_where_trading_is_disabled(disabled, status, kept):
    product = {"id": "BTC-USD", "status": status, "trading_disabled": disabled}
    (row,) = rows(PRODUCTS.read(json.dumps([product]).encode()))
    assert row["status"] == kept


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("id", None, "missing_field"),
        ("id", "BTCUSD", "unknown_symbol"),
        ("id", "BTC-USD-X", "unknown_symbol"),
        ("id", "btc-usd", "unknown_symbol"),
    ],
)
def test_a_bad_product_is_rejected_and_the_others_stay(field, value, code):
    parsed = PRODUCTS.read(PRODUCTS.changed(1, field, to=value))
    assert codes(parsed) == [(code, 1, field)]
    assert parsed.rows_trusted == 2


def test_increments_are_exact():
    shiba = next(row for row in rows(PRODUCTS.read()) if row["symbol"] == "SHIB")
    assert (shiba["price_increment"], shiba["quantity_increment"]) == (Decimal("0.00000001"), 1)
