import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.transform.answers import codes, rows
from tests.unit.transform.recorded import SAMPLES

CHART = SAMPLES["coingecko_market_chart_days1_5min.json"]
BARS = SAMPLES["coingecko_ohlc_days1_30min.json"]
FIRST, SECOND, LAST = 1795133041041, 1795133340661, 1795133642233
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MIDNIGHT = 1795132800000


def chart(**lists):
    return json.dumps({**json.loads(CHART.body), **lists}).encode()


def test_the_last_point_stays_although_it_is_of_the_time_of_the_request():
    assert rows(CHART.read())[-1]["observed_at"] == datetime(2026, 11, 20, 0, 14, 2, 233000, tzinfo=UTC)


def test_points_find_their_cap_and_volume_by_time():
    body = chart(market_caps=[[LAST, 3], [FIRST, 1]], total_volumes=[[SECOND, 2]])
    values = [(row["market_cap"], row["volume_24h_quote"]) for row in rows(CHART.read(body))]
    assert values == [(1, None), (None, 2), (3, None)]


@pytest.mark.parametrize("name", ["market_caps", "total_volumes"])
@pytest.mark.parametrize("value", [[], None])
def test_a_chart_may_lack_caps_or_volumes(name, value):
    parsed = CHART.read(chart(**{name: value}))
    assert (parsed.rows_trusted, parsed.rejections, parsed.notes) == (3, (), ())


def test_a_cap_at_a_time_without_price_is_rejected_and_not_lost():
    body = chart(market_caps=[[FIRST, 1], [FIRST + 1, 2]], total_volumes=[[FIRST + 1, 3], [FIRST + 2, 4]])
    parsed = CHART.read(body)
    assert codes(parsed) == [("missing_price", 3, "prices"), ("missing_price", 4, "prices")]
    assert parsed.rows_in == 5


def test_a_second_cap_of_one_time_is_rejected_and_not_lost():
    parsed = CHART.read(chart(market_caps=[[FIRST, 1], [FIRST, 2]]))
    assert codes(parsed) == [("bad_shape", 3, None)]
    assert rows(parsed)[0]["market_cap"] == 1


@pytest.mark.parametrize(
    ("point", "code", "field"),
    [
        ([SECOND, None], "missing_price", "prices"),
        ([SECOND, "77361"], "bad_type", "prices"),
        ([SECOND, 0], "out_of_range", "prices"),
        ([None, 77361], "missing_field", "time"),
        (["x", 77361], "bad_type", "time"),
        ([[], 77361], "bad_type", "time"),
        ([SECOND // 1000, 77361], "bad_time", "time"),
        ([SECOND * 1000, 77361], "bad_time", "time"),
        ([SECOND + HOUR, 77361], "future_time", "time"),
        ([SECOND], "bad_shape", None),
        ([], "bad_shape", None),
        (None, "bad_shape", None),
        ({}, "bad_shape", None),
    ],
)
def test_a_bad_point_is_rejected_and_its_neighbours_stay(point, code, field):
    prices = json.loads(CHART.body)["prices"]
    prices[1] = point
    parsed = CHART.read(chart(prices=prices, market_caps=[], total_volumes=[]))
    assert codes(parsed) == [(code, 1, field)]
    assert parsed.rows_trusted == 2


def test_a_third_value_of_a_point_is_a_new_field():
    assert CHART.read(CHART.changed("prices", 0, to=[FIRST, 1, 2])).notes == ("new_field:column_5",)


def test_a_fourth_list_is_a_new_field():
    assert CHART.read(CHART.changed("extra", to=[])).notes == ("new_field:extra",)


@pytest.mark.parametrize("value", [..., None, {}, "x"])
def test_a_chart_without_prices_is_rejected_as_a_whole(value):
    assert codes(CHART.read(CHART.changed("prices", to=value))) == [("not_a_list", None, None)]


def test_a_chart_without_points_has_no_rows():
    assert CHART.read(chart(prices=[], market_caps=[], total_volumes=[])).notes == ("no_rows",)


@pytest.mark.parametrize(
    ("slot", "code"),
    [
        ("bitcoin-usd.1h", "bad_slot"),
        ("bitcoin-usd.2h.24", "bad_slot"),
        ("bitcoin.1h.24", "unknown_symbol"),
        ("bitcoin-.1h.24", "unknown_symbol"),
    ],
)
def test_a_slot_that_names_no_coin_and_currency_rejects_the_chart(slot, code):
    assert [rejected for rejected, *_ in codes(replace(CHART, slot=slot).read())] == [code]


def test_the_id_of_a_coin_may_have_dashes():
    row = rows(replace(CHART, slot="avalanche-2-eur.1h.24").read())[0]
    assert (row["raw_symbol"], row["quote"]) == ("avalanche-2", "EUR")


def test_points_of_two_months_have_two_slices():
    prices = [[MIDNIGHT - 30 * DAY, 1], [MIDNIGHT, 2]]
    parts = CHART.read(chart(prices=prices, market_caps=[], total_volumes=[])).slices
    assert [part.partition for part in parts] == ["month=2026-10", "month=2026-11"]


def bars(*ends, price=1):
    return json.dumps([[end, price, price, price, price] for end in ends]).encode()


@pytest.mark.parametrize(
    ("days", "ends", "interval"),
    [
        (1, [0, 30 * MINUTE], "30m"),
        (30, [-30 * MINUTE, 0], "30m"),
        (1, [-4 * HOUR, 0], "4h"),
        (7, [-12 * HOUR, -4 * HOUR, 0], "4h"),
        (365, [-8 * DAY, -4 * DAY, 0], "4d"),
        (1, [0], "30m"),
        (2, [0], "30m"),
        (3, [0], "4h"),
        (30, [0], "4h"),
        (31, [0], "4d"),
        (365, [0], "4d"),
        (14, [-8 * HOUR, 0], "4h"),
        (1, [0, 0], "30m"),
    ],
)
def test_the_length_of_bars_is_their_distance_or_follows_from_the_days(days, ends, interval):
    parsed = replace(BARS, slot=f"bitcoin-usd.{days}d").read(bars(*(MIDNIGHT + end for end in ends)))
    assert {part.partition for part in parsed.slices} == {f"interval={interval}/month=2026-11"}


def test_a_bar_opens_its_length_before_its_time():
    row = rows(BARS.read())[0]
    assert row["open_time"] == datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert [row[name] for name in ("open", "high", "low", "close")] == [77353, 77480, 77301, 77402]
    assert (row["volume"], row["trades"]) == (None, None)


@pytest.mark.parametrize(
    ("fetched_at", "closed"),
    [("2026-11-20T00:29:59.999999+00:00", False), ("2026-11-20T00:30:00+00:00", True)],
)
def test_a_bar_is_closed_at_its_time(fetched_at, closed):
    (row,) = rows(BARS.read(bars(MIDNIGHT + 30 * MINUTE), fetched_at=fetched_at))
    assert row["is_closed"] == closed


@pytest.mark.parametrize(
    ("place", "value", "code", "field"),
    [
        (0, None, "missing_field", "time"),
        (0, "1795134600000", "bad_type", "time"),
        (0, 1795134600, "bad_time", "time"),
        (0, 1795134600001, "bad_time", "time"),
        (0, 2**63, "out_of_range", "time"),
        (0, 1e300, "out_of_range", "time"),
        (0, MIDNIGHT + 2 * HOUR, "future_time", "time"),
        (1, None, "missing_price", "open"),
        (2, 77000, "inconsistent", "high"),
        (4, "1", "bad_type", "close"),
    ],
)
def test_a_bad_bar_is_rejected_and_its_neighbour_stays(place, value, code, field):
    parsed = BARS.read(BARS.changed(0, place, to=value))
    assert codes(parsed) == [(code, 0, field)]
    assert parsed.rows_trusted == 1


@pytest.mark.parametrize("row", [None, {}, [], [MIDNIGHT, 1, 1, 1]])
def test_a_bar_without_five_values_has_a_bad_shape(row):
    assert codes(BARS.read(BARS.changed(0, to=row))) == [("bad_shape", 0, None)]


@pytest.mark.parametrize("slot", ["bitcoin-usd", "bitcoin-usd.30", "bitcoin-usd.0d", "bitcoin-usd.30d.1"])
def test_a_slot_that_names_no_days_rejects_the_bars(slot):
    assert [code for code, *_ in codes(replace(BARS, slot=slot).read())] == ["bad_slot"]


def test_exponents_are_read_exactly():
    body = b"[[1795134600000, 8.47e-06, 8.61E-6, 8.22e-06, 0.00000847]]"
    (row,) = rows(BARS.read(body))
    assert [row[name] for name in ("open", "high", "low", "close")] == [
        Decimal(text) for text in ("0.00000847", "0.00000861", "0.00000822", "0.00000847")
    ]
