import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.transform.answers import codes, rows
from tests.unit.transform.recorded import SAMPLES

TICKS = SAMPLES["coindesk_latest_tick.json"]
DAYS = SAMPLES["coindesk_spot_days.json"]
BPI = SAMPLES["coindesk_bpi.json"]


@pytest.mark.parametrize(("nanoseconds", "microsecond"), [(0, 0), (388253999, 388253), (999999999, 999999)])
def test_a_tick_has_the_microseconds_of_its_second(nanoseconds, microsecond):
    body = TICKS.changed("Data", "BTC-USD", "VALUE_LAST_UPDATE_TS_NS", to=nanoseconds)
    (row,) = rows(TICKS.read(body))
    assert row["observed_at"] == datetime(2026, 11, 20, 0, 0, 57, microsecond, tzinfo=UTC)


def test_a_tick_may_lack_its_nanoseconds():
    (row,) = rows(TICKS.read(TICKS.changed("Data", "BTC-USD", "VALUE_LAST_UPDATE_TS_NS", to=...)))
    assert row["observed_at"] == datetime(2026, 11, 20, 0, 0, 57, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("VALUE", None, "missing_price"),
        ("VALUE", "77361", "bad_type"),
        ("VALUE_LAST_UPDATE_TS", ..., "missing_field"),
        ("VALUE_LAST_UPDATE_TS", 1795132857000, "bad_time"),
        ("VALUE_LAST_UPDATE_TS", 1795142857, "future_time"),
    ],
)
def test_a_bad_tick_is_rejected(field, value, code):
    assert codes(TICKS.read(TICKS.changed("Data", "BTC-USD", field, to=value))) == [(code, 0, field)]


def test_a_tick_of_a_malformed_instrument_is_unknown():
    body = TICKS.body.replace(b'"BTC-USD":{', b'"BTCUSD":{')
    assert codes(TICKS.read(body)) == [("unknown_symbol", 0, "INSTRUMENT")]


def test_statistics_of_other_spans_are_not_noted_but_other_fields_are():
    def notes(name):
        return TICKS.read(TICKS.changed("Data", "BTC-USD", name, to=1)).notes

    assert notes("MOVING_7_DAY_OPEN") == notes("LIFETIME_FIRST_UPDATE_TS") == notes("CURRENT_HOUR_OPEN") == ()
    assert notes("SOMETHING") == ("new_field:SOMETHING",)
    assert TICKS.read(TICKS.changed("More", to=1)).notes == ("new_field:More",)


def test_an_error_together_with_ticks_is_noted_and_rejects_none():
    parsed = TICKS.read(TICKS.changed("Err", to={"type": 2, "message": "XYZ-USD is unknown"}))
    assert (parsed.rows_trusted, parsed.notes) == (1, ("api_error:XYZ-USD is unknown",))


@pytest.mark.parametrize(
    "document",
    [
        {"Err": {"type": 1, "message": "no key"}},
        {"Data": {}, "Err": {"message": "no key"}},
        {"Data": None, "Err": {"message": "no key"}},
        {"Response": "Error", "Message": "no key"},
    ],
)
@pytest.mark.parametrize("sample", [TICKS, DAYS], ids=str)
def test_an_error_without_data_is_an_api_error(sample, document):
    parsed = sample.read(json.dumps(document).encode())
    assert codes(parsed) == [("api_error", None, None)]
    assert parsed.rejections[0].value == "no key"


@pytest.mark.parametrize("sample", [TICKS, DAYS, BPI], ids=str)
@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"Data": 7, "bpi": 7}', b'{"Data": null}', b"7"])
def test_a_document_without_data_is_rejected_as_a_whole(sample, body):
    assert codes(sample.read(body)) == [("not_a_list", None, None)]


def test_ticks_without_instruments_have_no_rows():
    assert TICKS.read(b'{"Data": {}, "Err": {}}').notes == ("no_rows",)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("TIMESTAMP", None, "missing_field"),
        ("TIMESTAMP", 1795046400000, "bad_time"),
        ("TIMESTAMP", 1795046401, "bad_time"),
        ("OPEN", ..., "missing_price"),
        ("CLOSE", 1, "inconsistent"),
        ("INSTRUMENT", "ETH-USD", "unknown_symbol"),
        ("UNIT", "HOUR", "inconsistent"),
    ],
)
def test_a_bad_bucket_is_rejected(field, value, code):
    assert codes(DAYS.read(DAYS.changed("Data", 0, field, to=value))) == [(code, 0, field)]


@pytest.mark.parametrize(("interval", "unit"), [("1m", "MINUTE"), ("5m", "MINUTE"), ("1h", "HOUR")])
def test_buckets_of_another_unit_than_requested_are_inconsistent(interval, unit):
    sample = replace(DAYS, slot=f"BTC-USD.{interval}.1")
    assert sample.read(sample.changed("Data", 0, "UNIT", to=unit)).rows_trusted == 1
    assert [code for code, *_ in codes(sample.read())] == ["inconsistent"]


def test_a_bucket_may_lack_its_volumes():
    body = DAYS.changed("Data", 0, "VOLUME", to=None)
    assert rows(DAYS.read(body))[0]["volume"] is None


@pytest.mark.parametrize(
    ("rate", "number", "price"),
    [
        ("63,112.623", 63112.6228, "63112.6228"),
        ("63,112.623", ..., "63112.623"),
        ("63,112.623", None, "63112.623"),
        ("1,063,112", ..., "1063112"),
        ("612.5", ..., "612.5"),
        (..., 63112.6228, "63112.6228"),
    ],
)
def test_the_price_of_an_index_is_its_number_or_else_its_text_without_commas(rate, number, price):
    document = json.loads(BPI.changed("bpi", "USD", "rate", to=rate))
    document["bpi"]["USD"]["rate_float"] = number
    if number is ...:
        del document["bpi"]["USD"]["rate_float"]
    parsed = BPI.read(json.dumps(document).encode())
    assert [row["price"] for row in rows(parsed) if row["quote"] == "USD"] == [Decimal(price)]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("rate", "63,112.7", "inconsistent"),
        ("rate", "6,31,12.623", "bad_type"),
        ("rate", "abc", "bad_type"),
        ("rate_float", 1, "inconsistent"),
        ("rate_float", "abc", "bad_type"),
        ("rate_float", 0, "out_of_range"),
    ],
)
def test_a_bad_rate_of_an_index_is_rejected_and_its_neighbours_stay(field, value, code):
    parsed = BPI.read(BPI.changed("bpi", "USD", field, to=value))
    assert [found for found, *_ in codes(parsed)] == [code]
    assert parsed.rows_trusted == 2


def test_an_index_without_any_rate_misses_its_price():
    document = json.loads(BPI.body)
    document["bpi"]["USD"] = {"code": "USD"}
    assert codes(BPI.read(json.dumps(document).encode())) == [("missing_price", 0, "rate_float")]


@pytest.mark.parametrize(
    ("time", "code"),
    [
        (None, "missing_field"),
        ({}, "missing_field"),
        ("x", "missing_field"),
        ({"updatedISO": "x"}, "bad_time"),
    ],
)
def test_an_index_without_its_time_is_rejected(time, code):
    assert {found for found, *_ in codes(BPI.read(BPI.changed("time", to=time)))} == {code}
