import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

KEY = "raw/source=coinbase/dataset=candles/dt=2026-11-20/20261120T010000Z.BTC-USD.1h.24.json.gz"
CANDLE = [1795132800, 77290.11, 77480.5, 77353.82, 77361.43, 301.88412077]
EARLIER = [1795129200, 77102.4, 77411.0, 77240.91, 77353.5, 254.10233145]
TIME, LOW, HIGH, OPEN, CLOSE, VOLUME = range(6)


def changed(place, value):
    return [value if number == place else kept for number, kept in enumerate(CANDLE)]


def test_the_six_numbers_land_in_their_columns(read_candles):
    (part,) = read_candles([EARLIER]).slices
    assert part.partition == "interval=1h/month=2026-11"
    assert part.rows.to_pylist() == [
        {
            "source": "coinbase",
            "base": "BTC",
            "quote": "USD",
            "raw_symbol": "BTC-USD",
            "open_time": datetime(2026, 11, 19, 23, tzinfo=UTC),
            "open": Decimal("77240.91"),
            "high": Decimal("77411.0"),
            "low": Decimal("77102.4"),
            "close": Decimal("77353.5"),
            "volume": Decimal("254.10233145"),
            "quote_volume": None,
            "trades": None,
            "is_closed": True,
            "received_at": datetime(2026, 11, 20, 1, 0, 2, 500000, tzinfo=UTC),
            "raw_key": KEY,
        }
    ]


def test_rows_are_sorted_by_time_whatever_the_order_of_the_answer(read_candles):
    (part,) = read_candles([CANDLE, EARLIER]).slices
    times = part.rows["open_time"].to_pylist()
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("fetched_at", "closed"),
    [("2026-11-20T00:59:59.999999+00:00", False), ("2026-11-20T01:00:00+00:00", True)],
)
def test_a_candle_is_closed_once_its_bucket_has_passed(read_candles, fetched_at, closed):
    (part,) = read_candles([CANDLE], fetched_at=fetched_at).slices
    assert part.rows["is_closed"].to_pylist() == [closed]


def test_rows_from_before_the_window_are_kept(read_candles):
    long_ago = [1795132800 - 400 * 3600, *CANDLE[1:]]
    assert read_candles([CANDLE, long_ago]).rows_trusted == 2


def test_small_prices_are_exact(read_candles):
    text = "[[1795132800, 8.45e-06, 8.47e-06, 8.46e-06, 8.47e-06, 91234112]]"
    (part,) = read_candles(text).slices
    (row,) = part.rows.to_pylist()
    assert [row[name] for name in ("low", "high", "open", "close", "volume")] == [
        Decimal(text) for text in ("0.00000845", "0.00000847", "0.00000846", "0.00000847", "91234112")
    ]


@pytest.mark.parametrize(
    ("place", "value", "code", "field"),
    [
        (TIME, None, "missing_field", "time"),
        (TIME, "1795132800", "bad_type", "time"),
        (TIME, True, "bad_type", "time"),
        (TIME, 1795132800.5, "bad_type", "time"),
        (TIME, 1795132800000, "bad_time", "time"),
        (TIME, 1795132800000000, "bad_time", "time"),
        (TIME, 1795132, "bad_time", "time"),
        (TIME, -1795132800, "bad_time", "time"),
        (TIME, 1795132801, "bad_time", "time"),
        (TIME, 2**63, "out_of_range", "time"),
        (TIME, float("nan"), "nonfinite", "time"),
        (TIME, 1795140000, "future_time", "time"),
        (LOW, None, "missing_price", "low"),
        (OPEN, "77353.82", "bad_type", "open"),
        (HIGH, float("inf"), "nonfinite", "high"),
        (CLOSE, 0, "out_of_range", "close"),
        (HIGH, 77000, "inconsistent", "high"),
        (OPEN, 77000, "inconsistent", "open"),
        (CLOSE, 78000, "inconsistent", "close"),
    ],
)
def test_a_bad_candle_is_rejected_and_its_neighbour_stays(read_candles, place, value, code, field):
    parsed = read_candles([EARLIER, changed(place, value)])
    (rejection,) = parsed.rejections
    assert (rejection.code, rejection.row, rejection.field) == (code, 1, field)
    assert parsed.rows_trusted == 1


@pytest.mark.parametrize("row", [None, 1, "candle", {}, {"time": 1795132800}, [], CANDLE[:5], [[]]])
def test_a_row_without_six_values_has_a_bad_shape(read_candles, row):
    parsed = read_candles([row, CANDLE])
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [("bad_shape", 0)]
    assert parsed.rows_trusted == 1


def test_a_seventh_value_is_a_new_field_and_rejects_nothing(read_candles):
    parsed = read_candles([[*CANDLE, 42], EARLIER])
    assert parsed.notes == ("new_field:column_7",)
    assert parsed.rows_trusted == 2


def test_of_two_candles_of_one_bucket_the_first_stays(read_candles):
    parsed = read_candles([changed(VOLUME, 1), changed(VOLUME, 2)])
    assert parsed.slices[0].rows["volume"].to_pylist() == [1]
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [("duplicate_row", 1)]


def test_a_volume_may_be_nothing_or_zero(read_candles):
    assert read_candles([changed(VOLUME, None), [EARLIER[0], *CANDLE[1:5], 0]]).rows_trusted == 2


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ("BTCUSD.1h.24", "unknown_symbol"),
        ("btc-usd.1h.24", "unknown_symbol"),
        ("BTC-USD-X.1h.24", "unknown_symbol"),
        ("BTC-USD.2h.24", "bad_slot"),
        ("BTC-USD.1h", "bad_slot"),
        ("BTC-USD", "bad_slot"),
    ],
)
def test_a_slot_that_names_no_market_rejects_the_object(read_candles, parts, code):
    key = f"raw/source=coinbase/dataset=candles/dt=2026-11-20/20261120T010000Z.{parts}.json.gz"
    parsed = read_candles([CANDLE], key=key)
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [(code, None)]


def test_a_product_outside_of_the_asset_map_keeps_its_own_name(read_candles):
    key = "raw/source=coinbase/dataset=candles/dt=2026-11-20/20261120T010000Z.NEW1-EUR.1h.24.json.gz"
    (row,) = read_candles([CANDLE], key=key).slices[0].rows.to_pylist()
    assert (row["base"], row["quote"], row["raw_symbol"]) == ("coinbase:NEW1", "EUR", "NEW1-EUR")


def test_a_window_over_new_year_has_a_slice_in_each_month(read_candles):
    start = int(datetime(2025, 12, 31, 22, tzinfo=UTC).timestamp())
    rows = [[start + 3600 * hour, *CANDLE[1:]] for hour in range(4)]
    parts = read_candles(json.dumps(rows)).slices
    assert [(part.partition, part.rows.num_rows) for part in parts] == [
        ("interval=1h/month=2025-12", 2),
        ("interval=1h/month=2026-01", 2),
    ]


def test_of_candles_that_come_newest_first_a_rejected_one_explains_its_own_bucket(read_candles):
    hours = [[1795132800 - n * 3600, *CANDLE[1:]] for n in range(24)]  # from 2026-11-20T00:00 back
    hours[5][0], hours[9][CLOSE] = "x", 0
    del hours[15]
    spans = read_candles(hours).rejected
    assert [(span.start[8:16], span.end[8:16], span.code) for span in spans] == [
        ("19T15:00", "19T16:00", "out_of_range"),
        ("19T19:00", "19T20:00", "bad_type"),
    ]
