from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from audit.classification import State
from ops.dates import DateRange
from ops.gaps import coverage, heat_map
from ops.gaps.coverage import CandleSeries, Gap

DAYS = DateRange(date(2026, 10, 31), date(2026, 11, 2))
BTC, ETH = CandleSeries("coinbase", "1h", "BTC", "USD"), CandleSeries("coinbase", "1h", "ETH", "USD")
GAPS = [
    Gap(BTC, datetime(2026, 10, 31, 20, tzinfo=UTC), 8, "present"),
    Gap(BTC, datetime(2026, 11, 1, 4, tzinfo=UTC), 2, "our_outage"),
    Gap(ETH, datetime(2026, 10, 30, 23, tzinfo=UTC), 3, "no_trade"),
]


def test_buckets_are_counted_by_day_within_the_days_alone():
    by_market = coverage.coverage(GAPS, DAYS)
    assert by_market[BTC] == {
        date(2026, 10, 31): Counter(present=4),
        date(2026, 11, 1): Counter(present=4, our_outage=2),
    }
    assert by_market[ETH] == {date(2026, 10, 31): Counter(no_trade=2)}


@pytest.mark.parametrize(
    ("states", "percent"),
    [
        (Counter(present=3, our_outage=1), 75.0),
        (Counter(present=1, no_trade=1, venue_outage=2, pending=9), 100.0),
        (Counter(not_listed=5), None),
    ],
)
def test_buckets_that_are_not_expected_do_not_change_the_share(states: Counter[str], percent: float | None):
    assert coverage.explained_percent(states) == percent


def test_the_states_are_those_of_audit():
    assert set(coverage.STATES) == set(heat_map.COLOURS) == {state.value for state in State}


def test_the_table_has_a_line_for_each_market():
    console = Console(width=160, record=True, file=StringIO())
    console.print(coverage.table(coverage.coverage(GAPS, DAYS)))
    shown = console.export_text()
    assert "BTC-USD" in shown
    assert "80.00 %" in shown
    assert "100.00 %" in shown


def test_the_heat_map_is_an_svg_with_a_square_for_each_day_in_its_worst_colour():
    root = ET.fromstring(heat_map.svg(coverage.coverage(GAPS, DAYS), DAYS))  # noqa: S314 - our own document
    squares = {
        title.text: square.get("fill")
        for square in root.iter("{http://www.w3.org/2000/svg}rect")
        if (title := square.find("{http://www.w3.org/2000/svg}title")) is not None
    }
    assert squares == {
        "coinbase 1h BTC-USD 2026-10-31: 4 present": heat_map.COLOURS["present"],
        "coinbase 1h BTC-USD 2026-11-01: 4 present, 2 our_outage": heat_map.COLOURS["our_outage"],
        "coinbase 1h ETH-USD 2026-10-31: 2 no_trade": heat_map.COLOURS["no_trade"],
    }


def test_a_year_fits_a_screen_with_equal_neighbours_in_one_bar_that_names_their_days():
    year = DateRange(date(2025, 11, 22), date(2026, 11, 21))
    start = datetime(2025, 11, 22, tzinfo=UTC)
    market = CandleSeries("binance", "1d", "BTC", "USDT")
    by_market = coverage.coverage(
        [Gap(market, start, 120, "not_listed"), Gap(market, start + timedelta(days=121), 243, "present")],
        year,
    )
    root = ET.fromstring(heat_map.svg(by_market, year))  # noqa: S314 - our own document
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[1:] == [
        "binance 1d BTC-USDT 2025-11-22 to 2026-03-21: 120 not_listed",
        "binance 1d BTC-USDT 2026-03-23 to 2026-11-20: 243 present",
    ]
    assert int(root.get("width", "")) < 1400
    assert "100.00 %" in [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
