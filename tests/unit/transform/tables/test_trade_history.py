"""Refills by REST: each bad value is named, its neighbours stay."""

import pytest

from tests.unit.transform.answers import Sample, codes, rows
from tests.unit.transform.recorded import SAMPLES

BINANCE, COINBASE = SAMPLES["binance_historical_trades.json"], SAMPLES["coinbase_trades.json"]
KRAKEN = SAMPLES["kraken/trades.json"]
PRICES = [
    ("missing_price", None),
    ("missing_price", ...),
    ("bad_type", "x"),
    ("inexact", "1.000000001"),
    ("nonfinite", "NaN"),
    ("out_of_range", "0"),
]
IDS = [("missing_field", None), ("bad_type", "7"), ("bad_type", 1.5), ("out_of_range", -1)]
FLAGS = [("missing_field", None), ("bad_type", "both"), ("bad_type", 1)]
CASES = [
    *((BINANCE, "price", code, value) for code, value in PRICES),
    *((BINANCE, "id", code, value) for code, value in IDS),
    *((BINANCE, "isBuyerMaker", code, value) for code, value in FLAGS),
    (BINANCE, "qty", "missing_field", None),
    (BINANCE, "qty", "out_of_range", "-1"),
    (BINANCE, "time", "bad_time", 7),
    (BINANCE, "time", "future_time", 1795152857136),
    *((COINBASE, "price", code, value) for code, value in PRICES),
    *((COINBASE, "trade_id", code, value) for code, value in IDS),
    *((COINBASE, "side", code, value) for code, value in FLAGS),
    (COINBASE, "size", "nonfinite", "1e999"),
    (COINBASE, "time", "bad_time", "soon"),
    (COINBASE, "time", "missing_field", ...),
]


@pytest.mark.parametrize(("sample", "name", "code", "value"), CASES, ids=str)
def test_a_bad_value_costs_its_own_row_only(sample, name, code, value):
    parsed = sample.read(sample.changed(0, name, to=value))
    assert codes(parsed) == [(code, 0, name)]
    assert len(rows(parsed)) == 1


@pytest.mark.parametrize(
    ("place", "name", "code", "value"),
    [
        *((0, "price", code, value) for code, value in PRICES if value is not ...),
        *((6, "trade_id", code, value) for code, value in IDS),
        *((3, "side", code, value) for code, value in FLAGS),
        (1, "volume", "inexact", "0.123456789"),
        (1, "volume", "missing_field", None),
        (2, "time", "bad_time", 7),
        (2, "time", "bad_type", "soon"),
        (2, "time", "missing_field", None),
        (2, "time", "future_time", 1795142857.1),
    ],
)
def test_a_bad_value_of_a_kraken_trade_costs_its_own_row_only(place, name, code, value):
    parsed = KRAKEN.read(KRAKEN.changed("result", "XXBTZUSD", 0, place, to=value))
    assert codes(parsed) == [(code, 0, name)]
    assert len(rows(parsed)) == 2


@pytest.mark.parametrize("sample", [BINANCE, COINBASE], ids=str)
def test_a_trade_that_comes_twice_is_kept_once_and_other_bad_rows_are_rejected(sample):
    one = sample.body.decode().strip()[1:-1]
    parsed = sample.read(f"[{one},{one},7,[]]".encode())
    assert [code for code, _, _ in codes(parsed)] == ["duplicate_row"] * 2 + ["not_an_object"] * 2
    assert rows(parsed) == rows(sample.read())


@pytest.mark.parametrize("slot", ["BTC-USDT", "BTC-USDT.1", "BTC-USDT.x.1", "BTC-USDT.1.2.3"])
@pytest.mark.parametrize("sample", [BINANCE, COINBASE, KRAKEN], ids=str)
def test_a_slot_that_names_no_market_and_ids_is_bad(sample, slot):
    parsed = Sample(sample.source, "trade_history", slot, sample.file).read()
    assert [code for code, _, _ in codes(parsed)] == ["bad_slot"]
