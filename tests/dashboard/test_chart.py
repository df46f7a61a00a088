"""The candles: switches, gaps with their causes, the keyboard, the table."""

from playwright.sync_api import Locator

from tests.dashboard.conftest import Dashboard
from tests.dashboard.published import GAPS

TITLES = {
    "venue_outage": "Venue outage",
    "our_outage": "Our outage",
    "no_trade": "No trades",
    "unfillable": "Cannot be filled",
    None: "Not looked at yet",
}


def label(dashboard: Dashboard) -> str:
    return dashboard.page.locator("#chart-canvas").get_attribute("aria-label") or ""


def pixels(dashboard: Dashboard) -> list[str]:
    """What the canvases of the chart show, in order."""
    return dashboard.page.locator("#chart-canvas canvas").evaluate_all(
        "all => all.map((one) => one.toDataURL())"
    )


def opened_table(dashboard: Dashboard) -> Locator:
    """The rows of the chart's table, which is drawn some time after the click that opens it."""
    dashboard.page.click("#chart-data summary")
    rows = dashboard.page.locator("#chart-table tbody tr")
    rows.first.wait_for()
    return rows


def test_the_chart_starts_with_the_first_asset_hourly_at_its_first_venue(dashboard: Dashboard):
    dashboard.open()
    number = 300 - sum(length for _, length, *_ in GAPS)
    assert label(dashboard).startswith(
        f"BTC/USD, 1h candles from coinbase: {number} candles from 2026-11-09 00:00 UTC"
    )
    assert label(dashboard).endswith("5 gaps.")
    assert dashboard.text("#chart-legend").startswith("2026-11-21 11:00 UTC · O 7")


def test_interval_venue_and_asset_are_switched_and_stand_in_the_address(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.check("#interval-1d")
    dashboard.page.locator("#chart-canvas[aria-label*='1d candles']").wait_for()
    dashboard.page.check("[id='venue-binance/USDT']")
    dashboard.page.locator("#chart-canvas[aria-label^='BTC/USDT, 1d candles from binance']").wait_for()
    assert dashboard.page.url.endswith("#BTC/1d/binance/USDT")
    assert "derived from 1h" in dashboard.text("#chart-legend")
    dashboard.page.click("#asset-ETH")
    dashboard.page.locator("#chart-canvas[aria-label^='ETH/USDT, 1d']").wait_for()
    dashboard.page.go_back()
    dashboard.page.locator("#chart-canvas[aria-label^='BTC/USDT, 1d']").wait_for()
    assert dashboard.page.locator("[aria-current=true]").inner_text() == "BTC Bitcoin"


def test_each_gap_is_shown_with_its_cause_and_evidence(dashboard: Dashboard):
    dashboard.open()
    lines = dashboard.page.locator("#chart-gaps li").all_inner_texts()
    assert [line.split(":")[0] for line in lines] == [TITLES[status] for *_, status, _ in reversed(GAPS)]
    assert lines[-1] == (
        "Venue outage: 2026-11-17 15:00 UTC, 5 h, 5 candles "
        "binance and coinbase both answered 503 from 16:00 to 21:00"
    )


def test_a_gap_takes_its_time_on_the_axis_and_is_shaded(dashboard: Dashboard):
    dashboard.open("#BTC/1h/coinbase/USD")
    gaps = dashboard.bucket.files["candles/BTC/1h.json"]["venues"][0]
    whole = dashboard.page.locator("#chart-canvas").screenshot()
    gaps["gaps"][0]["status"] = "no_trade"
    dashboard.minute()
    dashboard.page.locator("#chart-gaps .cause.no_trade").nth(1).wait_for()
    assert dashboard.eventually(lambda: dashboard.page.locator("#chart-canvas").screenshot() != whole)


def test_a_gap_leads_to_its_place_and_the_legend_says_what_is_missing(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.click("#chart-gaps .cause.venue_outage")
    missing = "2026-11-17 15:00 UTC · missing: venue outage, 5 h. binance and coinbase both answered 503"
    assert dashboard.text("#chart-spoken").startswith(missing)
    assert dashboard.eventually(lambda: dashboard.text("#chart-legend").startswith(missing))


def test_arrows_walk_over_the_candles_and_say_each_one(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.focus("#chart-canvas")
    dashboard.page.keyboard.press("ArrowLeft")
    assert dashboard.text("#chart-spoken").startswith("2026-11-21 11:00 UTC · O ")
    dashboard.page.keyboard.press("ArrowLeft")
    assert dashboard.text("#chart-spoken").startswith("2026-11-21 10:00 UTC · O ")
    dashboard.page.keyboard.press("Home")
    assert dashboard.text("#chart-spoken").startswith("2026-11-09 00:00 UTC · O ")
    before = pixels(dashboard)
    dashboard.page.keyboard.press("+")
    assert dashboard.eventually(lambda: pixels(dashboard) != before)


def test_the_mouse_reads_a_candle(dashboard: Dashboard):
    dashboard.open()
    newest = dashboard.text("#chart-legend")
    box = dashboard.page.locator("#chart-canvas").bounding_box()
    dashboard.page.mouse.move(box["x"] + 60, box["y"] + 100)
    dashboard.page.locator("#chart-legend", has_not_text=newest[:20]).wait_for()


def test_the_candles_are_a_table_as_well_with_gaps_as_rows_of_their_own(dashboard: Dashboard):
    dashboard.open()
    rows = opened_table(dashboard)
    assert rows.count() == 300 - sum(length for _, length, *_ in GAPS) + len(GAPS)
    assert (
        dashboard.page.locator("#chart-table tr.missing").first.inner_text().startswith("Not looked at yet")
    )
    assert rows.first.locator("th").inner_text() == "2026-11-21 11:00 UTC"


def test_venues_stand_beside_their_median_each_in_its_own_currency(dashboard: Dashboard):
    dashboard.open()
    rows = dashboard.page.locator("#chart-venues tbody tr").all_inner_texts()
    assert [row.split("\t")[:2] for row in rows] == [
        ["coingecko", "USD"],
        ["coinbase", "USD"],
        ["binance", "USDT"],
    ]
    assert all(row.split("\t")[3].endswith(" bp") for row in rows)


def test_a_long_gap_is_drawn_shortened_and_says_so(dashboard: Dashboard):
    venue = dashboard.bucket.files["candles/BTC/1h.json"]["venues"][0]
    venue["gaps"] = []
    venue["candles"] = venue["candles"][:40] + venue["candles"][240:]
    dashboard.open()
    line = dashboard.page.locator("#chart-gaps li").last.inner_text()
    assert line.endswith(", drawn shortened")
    dashboard.page.click("#chart-data summary")
    dashboard.page.locator("#chart-table tr.missing", has_text="drawn shortened").wait_for()


def test_an_asset_without_candles_says_so(dashboard: Dashboard):
    dashboard.open("#XRP")
    assert dashboard.text("#chart-words") == "The lake has no candles of XRP: no feed collects them."
    assert not dashboard.page.locator("#chart-canvas").is_visible()
    assert "1.0834" in dashboard.text("#chart-head")


def test_a_young_lake_shows_its_shortest_candles_until_there_are_enough_hours(dashboard: Dashboard):
    for venue in dashboard.bucket.files["candles/BTC/1h.json"]["venues"]:
        venue["candles"] = venue["candles"][-2:]
    dashboard.open()
    assert label(dashboard).startswith("BTC/USD, 1m candles from coinbase")


def test_the_first_venue_shown_is_one_of_the_watchlists_currency(dashboard: Dashboard):
    dashboard.bucket.files["candles/BTC/1h.json"]["venues"].reverse()
    dashboard.open()
    assert label(dashboard).startswith("BTC/USD, 1h candles from coinbase")


def test_an_incomplete_candle_is_hollow_and_says_how_much_of_it_is_known(dashboard: Dashboard):
    dashboard.open("#BTC/1d/binance/USDT")
    dashboard.page.locator("#chart-canvas[aria-label*='no gaps, 3 incomplete']").wait_for()
    assert "· incomplete, 50 % known ·" in dashboard.text("#chart-legend")
    note = "Hollow and blue: 3 incomplete: something of them is missing"
    assert dashboard.text("#chart-gaps .hollow").startswith(note)
    whole = pixels(dashboard)
    dashboard.bucket.files["candles/BTC/1d.json"]["venues"][1]["incomplete"] = []
    dashboard.minute()
    dashboard.page.locator("#chart-canvas[aria-label$='no gaps.']").wait_for()
    assert dashboard.page.locator("#chart-gaps .hollow").count() == 0
    assert dashboard.eventually(lambda: pixels(dashboard) != whole)


def test_the_candle_that_still_runs_is_not_called_one_with_a_hole(dashboard: Dashboard):
    venue = dashboard.bucket.files["candles/BTC/1h.json"]["venues"][1]
    time = venue["candles"][-1][0] + 3600
    venue["candles"].append([time, *venue["candles"][-1][1:]])
    venue["incomplete"] = [[time, 0.25, False]]
    dashboard.open("#BTC/1h/binance/USDT")
    dashboard.page.locator("#chart-canvas[aria-label*='1 incomplete']").wait_for()
    assert "still running, 25 % so far" in dashboard.text("#chart-legend")
    assert dashboard.text("#chart-gaps .hollow") == "Hollow and blue: the newest one still running."


def test_the_table_of_candles_says_which_are_complete(dashboard: Dashboard):
    dashboard.open("#BTC/1d/binance/USDT")
    dashboard.page.locator("#chart-canvas[aria-label*='3 incomplete']").wait_for()
    rows = opened_table(dashboard).all_inner_texts()
    assert "incomplete, 50 % known" in rows[0]
    assert rows[1].endswith("yes")
    assert sum("incomplete" in row for row in rows) == 3


def test_a_file_from_before_there_was_coverage_is_drawn_as_it_was(dashboard: Dashboard):
    for venue in dashboard.bucket.files["candles/BTC/1d.json"]["venues"]:
        del venue["incomplete"]
    dashboard.open("#BTC/1d/binance/USDT")
    dashboard.page.locator("#chart-canvas[aria-label$='no gaps.']").wait_for()
