"""Which windows a backfill is made of."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.windows import Window
from ingest import windows
from ops.backfill import cost
from ops.backfill import plan as planner
from ops.backfill.plan import DAY, Plan
from ops.backfill.request import BackfillRequest, TimeSpan
from ops.dates import DateRange

NOW = datetime(2026, 11, 21, 7, 36, tzinfo=UTC)
RATES = {"coinbase": 480, "binance": 4800, "binance_archive": 300, "coincap": 480, "coingecko": 5}
IDS = {"coingecko": "bitcoin", "coinbase": "BTC", "binance": "BTC", "coincap": "bitcoin"}


def config(**sources: str) -> LakeConfig:
    """``sources`` maps a source to the parameter of its key."""
    document = {
        "assets": {
            "BTC": IDS,
            "ETH": {**IDS, "coinbase": "ETH", "binance": "ETH"},
            "TRX": {"binance": "TRX"},
        },
        "sources": {
            name: {
                "base_url": "https://x.test",
                "requests_per_minute": rate,
                "api_key_parameter": sources.get(name),
            }
            for name, rate in RATES.items()
        },
        "feeds": {},
        "alert_rules": {},
        "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
        "private_sources": False,
        "environment": "local",
    }
    return LakeConfig.from_json(json.dumps(document).encode())


def plan(source: str, start: str, end: str = "2026-11-21", **more: str) -> Plan:
    days = DateRange(date.fromisoformat(start), date.fromisoformat(end))
    wanted = {"assets": "BTC", "interval": "1d", **more}
    keyed = config(coincap="/key")
    return planner.plan(BackfillRequest.of(keyed, source=source, days=days, **wanted), keyed, NOW)


MOMENTS = st.datetimes(datetime(2016, 1, 1), datetime(2026, 11, 1)).map(lambda t: t.replace(tzinfo=UTC))


@given(
    start=MOMENTS.map(lambda t: planner.floor(t, DAY)),
    days=st.integers(1, 900),
    interval=st.sampled_from(["1h", "6h", "1d"]),
    most=st.integers(1, 1000),
    late=st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_windows_tile_the_range_aligned_closed_and_without_overlap(start, days, interval, most, late):
    span, step = TimeSpan(start, start + days * DAY), intervals.duration(interval)
    closed = start + days * DAY + late - DAY
    windows = [(end - count * step, end) for end, count in planner.aligned_windows(span, step, most, closed)]
    assert all(one[1] == next_one[0] for one, next_one in pairwise(windows))
    assert all(end <= closed and begin < span.end for begin, end in windows)
    assert all(planner.floor(begin, step * most) == begin for begin, _ in windows)
    assert all(planner.floor(end, step * most) == end for _, end in windows[:-1])
    if windows:
        assert windows[0][0] <= span.start < windows[0][1]
    due = min(span.end, planner.floor(closed, DAY))
    assert due <= span.start or windows[-1][1] >= due


def test_a_year_of_daily_candles_is_two_windows_an_asset():
    windows = plan("coinbase", "2025-11-21", assets="BTC,ETH").windows
    assert [(window.asset, f"{window.end:%Y-%m-%d}", window.count) for window in windows] == [
        ("ETH", "2026-11-21", 78),
        ("BTC", "2026-11-21", 78),
        ("ETH", "2026-09-04", 300),
        ("BTC", "2026-09-04", 300),
    ]


def test_two_backfills_name_their_common_windows_alike():
    long, short = plan("coinbase", "2020-01-01"), plan("coinbase", "2023-05-05")
    assert set(short.windows) < set(long.windows)
    assert plan("coinbase", "2020-01-01").id == long.id != short.id


@pytest.mark.parametrize("source", sorted(RATES))
@pytest.mark.parametrize("interval", ["1h", "1d"])
def test_ingest_takes_every_window(source: str, interval: str):
    for event in json.loads(plan(source, "2026-01-02", interval=interval).body):
        assert windows.plan(Window.from_event(event["window"]), config(), NOW).key.source == source


def test_fine_candles_of_whole_months_come_from_the_archive():
    planned = plan("binance", "2026-09-03", "2026-10-31", interval="5m")
    months = [window.period for window in planned.windows if window.source == "binance_archive"]
    assert months == ["2026-10", "2026-09"]
    assert len(months) == len(planned.windows)
    assert "a file and its checksum" in planned.notes[0]


def test_coarse_candles_are_cheaper_asked_for():
    assert {window.source for window in plan("binance", "2025-01-01", interval="1h").windows} == {"binance"}


def test_a_month_of_the_archive_that_is_not_published_comes_by_days():
    periods = [window.period for window in plan("binance_archive", "2026-10-30", interval="1h").windows]
    assert (periods[0], periods[-1]) == ("2026-11-18", "2026-10")


def test_coingeckos_public_plans_are_asked_for_their_last_year():
    planned = plan("coingecko", "2020-01-01")
    assert min(window.start for window in planned.windows) > NOW - timedelta(days=365)
    assert "coingecko's plan has nothing before 20" in planned.notes[0]


def test_an_asset_without_an_id_is_left_out_and_named():
    planned = plan("coinbase", "2026-01-01", assets="all")
    assert planned.skipped == ("TRX",)
    assert "left out: TRX" in planned.notes[0]


@pytest.mark.parametrize(
    ("source", "wanted", "message"),
    [
        ("coinbsae", {}, r"^bad_source: .* \(did you mean 'coinbase'\?\)"),
        ("coinbase", {"interval": "2d"}, "^bad_interval: '2d' is not an interval"),
        ("coinbase", {"interval": "30m"}, "^bad_interval: coinbase has no history by 30m; use one of 1m, 5m"),
        ("coinbase", {"assets": " ,"}, "^config_empty: "),
        ("coinbase", {"assets": "btc,BTC"}, "^config_duplicate: BTC is named twice"),
        ("coinbase", {"assets": "BCT"}, r"^unknown_asset: there is no asset 'BCT' \(did you mean 'BTC'\?\)"),
        ("coinbase", {"assets": "TRX"}, "^nothing_to_do: none of TRX has an id at coinbase"),
        ("alternative_me", {}, "^bad_source: 'alternative_me' has no history to fetch"),
    ],
)
def test_a_request_that_cannot_work_is_refused_with_its_code(source, wanted, message):
    with pytest.raises(BadConfiguration, match=message):
        plan(source, "2026-01-01", **wanted)


def test_a_source_without_its_key_is_refused():
    days = DateRange(date(2026, 1, 1), date(2026, 1, 2))
    with pytest.raises(BadConfiguration, match="^no_key: coincap requires an API key"):
        BackfillRequest.of(config(), source="coincap", assets="BTC", interval="1d", days=days)


def test_a_range_that_is_not_closed_is_left_to_the_schedule():
    with pytest.raises(BadConfiguration, match="^nothing_to_do: no window from 2026-11-21 on"):
        plan("coinbase", "2026-11-21")


def test_ten_years_of_assets_cost_their_calls_and_weight():
    [total] = cost.costs(plan("binance", "2016-11-21", assets="BTC,ETH,TRX"), (), config(), {})
    assert (total.assets, total.windows, total.calls, total.weight) == (3, 12, 12, 24)
    assert not cost.needs_confirmation([total], 2)
    assert total.seconds(2) == 3


def test_feeds_leave_a_backfill_less_of_the_limit():
    windows = plan("coingecko", "2026-01-01")
    [alone] = cost.costs(windows, (), config(), {})
    [beside] = cost.costs(windows, (), config(), {"coingecko": {"weight_per_month": 44640 * 3}})
    assert beside.seconds(2) == pytest.approx(alone.seconds(2) * 5 / 2)


def test_at_a_slow_source_no_window_waits_behind_another():
    quota = {"coingecko": {"weight_per_month": 44640}}
    slow = cost.costs(plan("coingecko", "2026-01-01"), (), config(), quota)
    quick = cost.costs(plan("binance", "2026-01-01"), (), config(), quota)
    assert [cost.concurrency(costs, 10) for costs in (slow, quick, [*quick, *slow], [])] == [1, 10, 1, 10]


def test_a_plan_that_needs_more_credits_than_are_left_is_refused():
    quota = {"coincap": {"credits_per_month": 4000, "credits_used": 3990}}
    costs = cost.costs(plan("coincap", "2016-01-01"), (), config(), quota)
    with pytest.raises(BadConfiguration, match=r"^over_quota: .* of coincap's 4,000 credits"):
        cost.check_credits(costs)
