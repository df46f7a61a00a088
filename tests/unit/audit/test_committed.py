from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from audit.committed import CommittedWindow, cover, newest_by_bucket, parse_windows
from coinlake.keys import LedgerKey, Slot

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window(first: int, count: int, revision: int = 0) -> CommittedWindow:
    end = START + (first + count) * HOUR
    slot = Slot(end, ("BTC-USD", "1h", str(count)), revision)
    return CommittedWindow(LedgerKey("coinbase", "candles", slot), end - count * HOUR, end)


windows = st.lists(st.builds(window, st.integers(0, 40), st.integers(1, 24), st.integers(0, 2)), max_size=30)


def hours(windows: list[CommittedWindow]) -> set[datetime]:
    return {one.start + n * HOUR for one in windows for n in range((one.end - one.start) // HOUR)}


@given(windows)
def test_a_cover_holds_all_that_the_windows_hold(windows: list[CommittedWindow]):
    assert hours(cover(windows, START, START + 100 * HOUR)) == hours(windows)


def test_a_month_of_hourly_answers_is_covered_by_few():
    sliding = [window(first, 24) for first in range(720)]
    assert len(cover(sliding, START, START + 720 * HOUR)) == 30


@given(windows)
def test_every_covered_bucket_has_the_newest_answer(windows: list[CommittedWindow]):
    last = newest_by_bucket(windows, "1h")
    assert set(last) == hours(windows)
    for bucket, chosen in last.items():
        assert chosen.recency == max(one.recency for one in windows if one.start <= bucket < one.end)


def test_windows_are_parsed_from_the_names_in_the_ledger():
    names = [
        "ledger/coinbase/candles/dt=2026-11-02/20261102T000000Z.BTC-USD.1h.24.json",
        "ledger/coinbase/candles/dt=2026-11-02/20261102T000000Z.BTC-USD.1h.24.r2.json",
        "ledger/binance_archive/candles/dt=2026-12-01/20261201T000000Z.BTC-USDT.1h.2026-11.json",
        "ledger/binance_archive/candles/dt=2026-11-03/20261103T000000Z.BTC-USDT.1h.2026-11-02.json",
        "ledger/coinbase/candles/dt=2026-11-02/20261102T000000Z.BTC-USD.1d.24.json",
        "ledger/coinbase/candles/dt=2026-11-02/20261102T000000Z.BTC-USD.json",
        "ledger/coinbase/candles/dt=2026-11-02/20261102T000000Z.BTC-USD.1h.many.json",
        "ledger/coinbase/candles/dt=2026-11-02/20261102T000000Z.BTC-USD.1y.24.json",
        "ledger/coinbase/candles/dt=2026-11-02/notes.txt",
    ]
    parsed = [(one.market, one.start.isoformat()[:10], one.end - one.start) for one in parse_windows(names)]
    day = timedelta(days=1)
    assert parsed == [
        ("BTC-USD", "2026-11-01", day),
        ("BTC-USD", "2026-11-01", day),
        ("BTC-USDT", "2026-11-01", 30 * day),
        ("BTC-USDT", "2026-11-02", day),
        ("BTC-USD", "2026-10-09", 24 * day),
    ]
