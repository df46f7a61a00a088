"""The page over time: it reads again each minute, keeps what it had, and says what is old or gone."""

from tests.dashboard.conftest import Dashboard


def test_each_minute_brings_what_is_new_and_keeps_the_readers_place(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.focus("#asset-SOL")
    dashboard.bucket.files["watchlist.json"]["assets"][0]["price"] = "80000.5"
    dashboard.minute()
    dashboard.page.locator("tr:has(#asset-BTC) data[value='80000.5']").wait_for()
    assert dashboard.text("#chart-head .big data") == "80,000.5"
    assert dashboard.page.locator(":focus").get_attribute("id") == "asset-SOL"


def test_a_paused_page_stays_as_it_is_until_it_is_asked(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.click("#pause")
    dashboard.bucket.files["watchlist.json"]["assets"][0]["price"] = "80000.5"
    dashboard.page.clock.fast_forward(180_000)
    assert dashboard.text("#updated") == "Published 3 min ago, paused"
    assert "77,361.43" in dashboard.text("#chart-head")
    dashboard.page.click("#refresh")
    dashboard.page.locator("tr:has(#asset-BTC) data[value='80000.5']").wait_for()
    dashboard.page.locator("#announce", has_text="Refreshed at 12:03 UTC").wait_for()


def test_a_refresh_that_brings_nothing_says_so_to_who_cannot_see_it(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.click("#refresh")
    dashboard.page.locator("#announce", has_text="Nothing new at 12:00 UTC.").wait_for()


def test_warnings_stand_at_the_top_and_are_announced_to_screen_readers(dashboard: Dashboard):
    dashboard.open()
    expected = [
        "A feed is not fresh: coinbase_candles.",
        "Failed work waits: 2 in transform's dead-letter queue.",
    ]
    assert dashboard.page.locator("#warnings li").all_inner_texts() == expected
    assert dashboard.text("#announce") == " ".join(expected)


def test_when_all_is_well_there_is_no_warning(dashboard: Dashboard):
    dashboard.open()
    health = dashboard.bucket.files["health.json"]
    health["feeds"] = [feed for feed in health["feeds"] if feed["name"] != "coinbase_candles"]
    health["dead_letters"] = []
    dashboard.minute()
    dashboard.page.locator("#warnings").wait_for(state="hidden")
    assert dashboard.text("#announce") == "All is well again."


def test_a_first_run_that_is_not_due_is_no_warning_and_one_that_never_came_is(dashboard: Dashboard):
    dashboard.open()
    health = dashboard.bucket.files["health.json"]
    waiting = next(feed for feed in health["feeds"] if feed["name"] == "kraken_assets")
    health["feeds"], health["dead_letters"] = [waiting], []
    dashboard.minute()
    dashboard.page.locator("#warnings").wait_for(state="hidden")
    waiting["first_run"] -= 60 * (725 + 3001)  # longer ago than the feed's limit
    dashboard.minute()
    dashboard.page.locator("#warnings", has_text="A feed is not fresh: kraken_assets.").wait_for()


def test_an_old_price_is_called_stale(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.click("#more-assets")
    assert "stale, 3 h 12 min old" in dashboard.row("XMR").inner_text()
    assert "stale" not in dashboard.row("BTC").inner_text()


def test_a_lake_that_published_nothing_for_an_hour_is_named_and_so_are_its_candles(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.clock.fast_forward("05:00:00")
    dashboard.page.locator("#warnings", has_text="The lake has published nothing since 12:00 UTC").wait_for()
    assert "3 feeds are not fresh" in dashboard.text("#warnings")
    dashboard.page.locator("#chart-gaps", has_text="Stale: the newest candle closed 5 h ago.").wait_for()


def test_a_file_that_a_young_lake_has_not_published_is_named_at_its_place_and_is_no_warning(
    dashboard: Dashboard,
):
    files = dashboard.bucket.files
    del files["market.json"]
    files["health.json"]["feeds"], files["health.json"]["dead_letters"] = [], []
    dashboard.open()
    dashboard.page.locator("#market-cards", has_text="data/market.json is not there").wait_for()
    assert dashboard.page.locator("#warnings").is_hidden()


def test_a_file_that_goes_missing_is_named_and_what_was_read_before_stays(dashboard: Dashboard):
    dashboard.open()
    del dashboard.bucket.files["market.json"]
    dashboard.bucket.files["health.json"] = b"{"
    dashboard.minute()
    dashboard.page.locator("#warnings", has_text="data/market.json is not there").wait_for()
    assert "data/health.json is damaged: it is not JSON." in dashboard.text("#warnings")
    assert "$2.71 T" in dashboard.text("#market-cards")
    assert "binance_quotes" in dashboard.text("#health-body")


def test_a_server_that_cannot_be_reached_is_named_in_a_warning(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.route("**/data/watchlist.json", lambda route: route.abort())
    dashboard.minute()
    dashboard.page.locator(
        "#warnings", has_text="data/watchlist.json could not be read: the server cannot be reached."
    ).wait_for()
    assert dashboard.row("BTC").is_visible()
    dashboard.complaints.clear()  # the browser tells of the broken request
