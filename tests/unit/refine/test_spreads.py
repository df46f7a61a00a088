"""spreads beside plain Python over the same rows: slots, medians and distances one by one."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinlake.intervals import INTERVALS
from refine.tables import spreads
from tests.examples import examples
from tests.unit.refine.world import Lake, buckets, candle, noon, quote, quotes, world

DAY = date(2026, 3, 5)
SLOT, HOUR = timedelta(minutes=5), timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS = ("base", "quote", "slot_time", "source", "observed_at", "price", "venues", "median", "made_from")


def by_hand(lake: Lake) -> dict[tuple, tuple]:
    """What a person would do with a list of prices and a pencil."""
    seen: dict[tuple, list] = defaultdict(list)
    for row in lake.table("quotes").to_pylist():
        if f"{row['observed_at']:%Y-%m-%d}" == row["dt"] and ":" not in row["base"]:
            seen[row["base"], row["quote"], row["source"]].append(
                (row["observed_at"], 99, "quotes", row["price"])
            )
    for row in lake.table("candles").to_pylist():
        if row["is_closed"] and row["derived_from"] is None:
            end = row["open_time"] + INTERVALS[row["interval"]]
            shortness = -list(INTERVALS).index(row["interval"])
            seen[row["base"], row["quote"], row["source"]].append(
                (end, shortness, row["interval"], row["close"])
            )
    groups: dict[tuple, dict] = defaultdict(dict)
    for (base, currency, source), found in seen.items():
        for moment, _, made_from, price in sorted(found):
            slot = EPOCH - (EPOCH - moment) // SLOT * SLOT
            groups[base, currency, slot][source] = (moment, price, made_from)
    newest: dict[str, datetime] = defaultdict(lambda: EPOCH)
    for *_, slot in groups:
        month = f"{slot - timedelta(microseconds=1):%Y-%m}"
        newest[month] = max(newest[month], slot)
    rows = {}
    for (base, currency, slot), venues in groups.items():
        is_new = slot > newest[f"{slot - timedelta(microseconds=1):%Y-%m}"] - HOUR
        if not is_new and slot.minute:
            continue
        middle = exact_median([price for _, price, _ in venues.values()])
        for source, (moment, price, made_from) in venues.items():
            rows[base, currency, slot, source] = (moment, price, len(venues), middle, made_from)
    return rows


def exact_median(values: list[Decimal]) -> Decimal:
    with localcontext(prec=60):
        return Decimal(median(values)).quantize(Decimal("1e-18"), ROUND_HALF_EVEN)


def found_in(lake: Lake) -> dict[tuple, tuple]:
    rows = lake.table("spreads").to_pylist()
    return {
        tuple(row[name] for name in COLUMNS[:4]): tuple(row[name] for name in COLUMNS[4:]) for row in rows
    }


@pytest.fixture(scope="module")
def lake() -> Lake:
    lake = Lake((spreads,))
    lake.take(world(4)[:90])
    return lake


def test_every_price_meets_the_median_of_its_five_minutes(lake):
    expected = by_hand(lake)
    assert found_in(lake) == expected
    assert sum(row[2] > 1 for row in expected.values()) > 10


def test_spreads_are_basis_points_of_the_median_and_other_currencies_meet_the_dollars(lake):
    rows = lake.table("spreads").to_pylist()
    dollars = {(row["base"], row["slot_time"]): row["median"] for row in rows if row["quote"] == "USD"}
    for row in rows:
        bps = float((row["price"] / row["median"] - 1) * 10_000)
        assert row["spread_bps"] == (pytest.approx(bps, abs=1e-5) if row["venues"] > 1 else None)
        middle = dollars.get((row["base"], row["slot_time"])) if row["quote"] != "USD" else None
        expected = middle and pytest.approx(float((row["price"] / middle - 1) * 10_000), abs=1e-5)
        assert row["usd_spread_bps"] == expected
    assert sum(row["usd_spread_bps"] is not None for row in rows) > 3


def test_the_hours_close_meets_the_last_quotes_before_the_hour_never_tether_and_dollar():
    lake = Lake((spreads,))
    lake.take(
        [
            buckets("1h", candle("coinbase", "BTC", "USD", noon(DAY, 11), 102)),
            quotes(
                quote("coingecko", "BTC", "USD", noon(DAY, 11, 56), 90),
                quote("coingecko", "BTC", "USD", noon(DAY, 11, 59), 100),
                quote("binance", "BTC", "USDT", noon(DAY, 11, 58), 111),
            ),
        ]
    )
    rows = {(row["source"], row["slot_time"].hour): row for row in lake.table("spreads").to_pylist()}
    assert [rows[source, 12]["median"] for source in ("coinbase", "coingecko", "binance")] == [101, 101, 111]
    assert rows["coinbase", 12]["spread_bps"] == pytest.approx(99.0099, abs=1e-4)
    assert rows["binance", 12]["spread_bps"] is None
    assert rows["binance", 12]["usd_spread_bps"] == pytest.approx(990.099, abs=1e-3)


def test_of_older_hours_the_last_five_minutes_stay():
    lake = Lake((spreads,))
    for minute in range(3, 183, 5):
        lake.take([quotes(quote("coingecko", "BTC", "USD", noon(DAY, minute // 60, minute % 60), minute))])
    slots = sorted(row["slot_time"] for row in lake.table("spreads").to_pylist())
    assert slots == [noon(DAY, 1), *(noon(DAY, 2) + SLOT * number for number in range(13))]


def test_an_unmapped_asset_and_an_open_candle_are_not_compared():
    lake = Lake((spreads,))
    lake.take(
        [
            quotes(quote("coingecko", "coingecko:x", "USD", noon(DAY), 1)),
            buckets("1h", candle("coinbase", "BTC", "USD", noon(DAY), 1, is_closed=False)),
        ]
    )
    assert lake.table("spreads").num_rows == 0


@settings(max_examples=examples(25))
@given(st.lists(st.decimals("0.000000000000000001", 10**12, places=18), min_size=1, max_size=5))
def test_medians_are_exact_whatever_the_prices(prices: list[Decimal]):
    lake = Lake((spreads,))
    rows = [quote(f"v{number}", "BTC", "USD", noon(DAY), price) for number, price in enumerate(prices)]
    lake.take([quotes(*rows)])
    found = lake.table("spreads")
    assert set(found["median"].to_pylist()) == {exact_median(prices)}
    assert set(found["venues"].to_pylist()) == {len(prices)}
