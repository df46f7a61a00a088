"""Windows of history: their events, their keys, the periods of an archive."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import windows
from coinlake.errors import BadConfiguration, BadEvent
from coinlake.intervals import INTERVALS
from coinlake.keys import LedgerKey, Slot
from coinlake.windows import Window, period_bounds, slot_bounds

HOUR = {"source": "coinbase", "dataset": "candles", "asset": "BTC", "quote": "USD", "interval": "1h"}
HOUR |= {"end": "2024-11-21T07:00:00Z", "count": 300}
MONTH = {
    **HOUR,
    "source": "binance_archive",
    "quote": "USDT",
    "end": None,
    "count": None,
    "period": "2024-02",
}
days = st.dates(date(2017, 8, 1), date(2024, 10, 1))


def test_a_window_ends_before_its_exclusive_end():
    window = Window.from_event(HOUR)
    assert (window.end, window.step) == (datetime(2024, 11, 21, 7, tzinfo=UTC), timedelta(hours=1))
    assert window.start == window.end - timedelta(hours=300)


def test_a_window_is_named_by_its_end_market_interval_and_count():
    assert str(Window.from_event(HOUR).key("BTC-USD")) == (
        "raw/source=coinbase/dataset=candles/dt=2024-11-21/20241121T070000Z.BTC-USD.1h.300.json.gz"
    )


def test_a_file_of_an_archive_is_named_by_its_period():
    assert str(Window.from_event(MONTH).key("BTC-USDT", "zip")) == (
        "raw/source=binance_archive/dataset=candles/dt=2024-03-01/20240301T000000Z.BTC-USDT.1h.2024-02.zip.gz"
    )


@pytest.mark.parametrize(
    ("period", "end", "hours"),
    [("2024-02", "20240301", 29 * 24), ("2023-12", "20240101", 31 * 24), ("2024-02-29", "20240301", 24)],
)
def test_a_period_is_a_month_or_a_day_of_the_calendar(period, end, hours):
    window = Window.from_event({**MONTH, "period": period})
    assert (window.end.strftime("%Y%m%d"), window.count) == (end, hours)


@given(days)
def test_the_days_of_a_month_fill_it_exactly(day):
    month = Window.from_event({**MONTH, "period": windows.month_of(day)})
    first = Window.from_event({**MONTH, "period": windows.day_of(day.replace(day=1))})
    assert month.start == first.start == first.end - timedelta(days=1)
    assert month.end.day == 1


@pytest.mark.parametrize("event", [None, [], {}, "x", {**HOUR, "asset": 1}, {**HOUR, "count": "24"}])
def test_an_event_of_another_kind_is_refused(event):
    with pytest.raises(BadEvent, match="bad_window: it needs"):
        Window.from_event(event)


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"end": "2024-11-21T07:30:00Z"}, BadEvent, "is not the end of a 1h bucket"),
        ({"end": "2024-11-21T07:00:00"}, BadConfiguration, "tz_required"),
        ({"end": None}, BadEvent, "an end and a whole count, or a period"),
        ({"count": True}, BadEvent, "an end and a whole count, or a period"),
        ({"interval": "2h"}, BadConfiguration, "bad_interval"),
        ({"period": "2024-13"}, BadEvent, "2024-13 is not in the calendar"),
        ({"period": "2024-02-30"}, BadEvent, "not in the calendar"),
        ({"period": "9999-12"}, BadEvent, "not in the calendar"),
        ({"period": "May 2024"}, BadEvent, "neither a month"),
        ({"period": 2024}, BadEvent, "neither a month"),
    ],
)
def test_an_event_that_names_no_window_says_why(changes, kind, message):
    with pytest.raises(kind, match=message):
        Window.from_event({**HOUR, **changes})


@given(
    st.sampled_from(sorted(INTERVALS)),
    st.integers(1, 3000),
    st.integers(0, 5000),
    st.booleans(),
)
def test_a_window_survives_its_event(interval, count, buckets, refresh):
    end = datetime(2024, 1, 1, tzinfo=UTC)
    end = end - (end - datetime(1970, 1, 1, tzinfo=UTC)) % INTERVALS[interval] + buckets * INTERVALS[interval]
    window = Window("binance", "candles", "BTC", "USDT", interval, end, count)
    event = window.to_event(refresh=refresh)["window"]
    assert Window.from_event(event) == window
    assert event["refresh"] is refresh


@given(days, st.booleans())
def test_a_period_survives_its_event(day, monthly):
    period = windows.month_of(day) if monthly else windows.day_of(day)
    window = Window.of_period("binance_archive", "candles", "BTC", "USDT", interval="1h", period=period)
    event = window.to_event()["window"]
    assert list(event) == ["source", "dataset", "asset", "quote", "interval", "period", "refresh"]
    assert Window.from_event(event) == window


def test_the_fields_of_an_event_keep_their_order_because_a_backfill_is_named_by_its_bytes():
    event = Window.from_event(HOUR).to_event()["window"]
    assert list(event) == ["source", "dataset", "asset", "quote", "interval", "end", "count", "refresh"]
    assert event["end"] == "2024-11-21T07:00:00Z"


@given(st.sampled_from(["1m", "1h", "1d"]), st.integers(1, 3000))
def test_a_keys_name_gives_the_bounds_of_its_window(interval, count):
    window = Window("binance", "candles", "BTC", "USDT", interval, datetime(2024, 1, 1, tzinfo=UTC), count)
    key = LedgerKey.parse(str(window.key("BTC-USDT").ledger()))
    assert slot_bounds(key.slot) == (window.start, window.end)


@pytest.mark.parametrize(("period", "start"), [("2024-02", (2024, 2, 1)), ("2024-02-29", (2024, 2, 29))])
def test_a_files_name_gives_the_bounds_of_its_period(period, start):
    slot = Slot(period_bounds(period)[1], ("BTC-USDT", "1h", period))
    assert slot_bounds(slot) == (datetime(*start, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("BTC-USD",),
        ("top", "usd", "p1"),
        ("BTC-USD", "2h", "24"),
        ("BTC-USD", "2h", "2024-02"),
        ("BTC-USD", "1h", "2024-13"),
        ("BTC-USD", "1h", "9" * 40),
    ],
)
def test_a_slot_of_another_kind_has_no_bounds(parts):
    assert slot_bounds(Slot(datetime(2024, 3, 1, tzinfo=UTC), parts)) is None
