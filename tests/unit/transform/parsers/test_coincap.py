from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.transform.answers import codes, rows
from tests.unit.transform.recorded import SAMPLES

ASSETS = SAMPLES["coincap_v3_assets.json"]
RATES = SAMPLES["coincap_v3_rates.json"]
HISTORY = SAMPLES["coincap_v3_asset_history_d1.json"]
HOUR = 3_600_000
ALL = [ASSETS, RATES, HISTORY]


@pytest.mark.parametrize("kind", ["assets", "asset_bitcoin", "rates", "asset_history_d1"])
def test_both_versions_give_the_same_rows(kind):
    old, new = (SAMPLES[f"coincap_{version}_{kind}.json"].read().slices for version in ("v2", "v3"))
    assert old == new


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("id", None, "missing_field"),
        ("priceUsd", None, "missing_price"),
        ("priceUsd", "", "bad_type"),
    ],
)
def test_a_bad_asset_is_rejected_and_its_neighbours_stay(field, value, code):
    parsed = ASSETS.read(ASSETS.changed("data", 1, field, to=value))
    assert codes(parsed) == [(code, 1, field)]
    assert parsed.rows_trusted == 2


def test_what_coincap_lets_be_null_may_be_null():
    body = ASSETS.body
    for field in ("maxSupply", "changePercent24Hr", "volumeUsd24Hr", "marketCapUsd", "supply", "rank"):
        body = body.replace(f'"{field}": "'.encode(), f'"{field}": null, "unused_{field}": "'.encode())
    parsed = ASSETS.read(body)
    assert parsed.rejections == ()
    assert {row["max_supply"] for row in rows(parsed)} == {None}


def test_29_significant_digits_are_exact():
    assert rows(ASSETS.read())[0]["market_cap"] == Decimal("1549586872303.3111808018373136")


@pytest.mark.parametrize("sample", [ASSETS, RATES], ids=str)
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (..., "missing_field"),
        (None, "missing_field"),
        (1795132858, "bad_time"),
        (1795132858211000, "bad_time"),
        (1795132858211 + HOUR, "future_time"),
        ("yesterday", "bad_type"),
    ],
)
def test_an_envelope_of_no_good_time_rejects_every_row(sample, value, code):
    parsed = sample.read(sample.changed("timestamp", to=value))
    assert {found for found, *_ in codes(parsed)} == {code}
    assert parsed.rows_trusted == 0


@pytest.mark.parametrize("sample", ALL, ids=str)
@pytest.mark.parametrize("value", [..., None, 7, "x", {}, {"id": "bitcoin", "message": 7}])
def test_data_that_is_no_list_is_rejected(sample, value):
    parsed = sample.read(sample.changed("data", to=value))
    assert parsed.rows_trusted == 0
    assert len(parsed.rejections) == 1


@pytest.mark.parametrize("sample", ALL, ids=str)
def test_a_notice_in_the_place_of_data_is_an_api_error(sample):
    parsed = sample.read(sample.changed("data", to={"message": "We are deprecating"}))
    assert codes(parsed) == [("api_error", None, None)]


@pytest.mark.parametrize("sample", ALL, ids=str)
def test_what_coincap_adds_is_noted(sample):
    assert sample.read(sample.changed("extra", to=1)).notes == ("new_field:extra",)
    assert sample.read(sample.changed("data", 0, "extra", to=1)).notes == ("new_field:extra",)


@pytest.mark.parametrize("sample", ALL, ids=str)
def test_data_that_is_named_twice_is_rejected_as_a_whole(sample):
    body = sample.body.replace(b'"timestamp"', b'"data": 1, "timestamp"')
    assert codes(sample.read(body)) == [("duplicate_key", None, None)]


def test_an_asset_that_was_not_requested_is_an_unknown_symbol():
    url = "https://rest.coincap.io/v3/assets?ids=bitcoin%2Cethereum"
    assert codes(ASSETS.read(url=url)) == [("unknown_symbol", 2, "id")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("id", "", "bad_text"),
        ("symbol", None, "missing_field"),
        ("type", None, "missing_field"),
        ("rateUsd", None, "missing_price"),
        ("rateUsd", "0", "out_of_range"),
    ],
)
def test_a_bad_rate_is_rejected_and_its_neighbours_stay(field, value, code):
    parsed = RATES.read(RATES.changed("data", 2, field, to=value))
    assert codes(parsed) == [(code, 2, field)]
    assert parsed.rows_trusted == 2


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("time", None, "missing_field"),
        ("time", 1794960000, "bad_time"),
        ("time", 1795132800000 + HOUR, "future_time"),
        ("priceUsd", None, "missing_price"),
    ],
)
def test_a_bad_point_is_rejected_and_its_neighbour_stays(field, value, code):
    parsed = HISTORY.read(HISTORY.changed("data", 0, field, to=value))
    assert codes(parsed) == [(code, 0, field)]
    assert parsed.rows_trusted == 1


def test_history_is_of_the_asset_that_the_slot_names():
    row = rows(replace(HISTORY, slot="near-protocol-usd.1d.2").read())[0]
    assert (row["base"], row["quote"]) == ("coincap:near-protocol", "USD")
    assert row["observed_at"] == datetime(2026, 11, 18, tzinfo=UTC)
