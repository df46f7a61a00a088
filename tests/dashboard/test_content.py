"""What the page says of what the lake published."""

import re

from tests.dashboard.conftest import Dashboard
from tests.dashboard.published import ASSETS


def test_the_watchlist_shows_every_asset_with_price_change_volume_cap_and_spread(dashboard: Dashboard):
    dashboard.open()
    cells = dashboard.row("BTC").locator("th, td").all_inner_texts()
    assert cells[0] == "1 BTC Bitcoin"
    assert cells[2] == "77,361.43 USD"
    assert re.fullmatch(r"[▲▼] [+-]\d+\.\d\d %", cells[3])
    assert [re.sub(r"[\d.]+", "n", cell) for cell in cells[4:]] == ["n B", "n T", "n bp"]
    dashboard.page.click("#more-assets")
    assert dashboard.page.locator(".watchlist tbody tr").count() == len(ASSETS)


def test_a_price_is_shortened_in_the_table_and_exact_where_it_is_looked_at(dashboard: Dashboard):
    dashboard.open("#PEPE")
    shown = dashboard.row("PEPE").locator("data")
    assert shown.inner_text() == "0.00000432 USD"
    assert shown.get_attribute("value") == "0.00000431998271"
    assert shown.get_attribute("title").startswith("0.00000431998271 USD at coingecko, 2026-11-21 11:58 UTC")
    assert "0.00000431998271" in dashboard.text("#chart-head")


def test_what_is_not_known_is_a_dash_and_never_a_zero(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.click("#more-assets")
    assert dashboard.row("HYPE").locator("th, td").all_inner_texts()[1:] == [
        "–",
        "31.09 USD",
        "–",
        "–",
        "–",
        "no venue",
    ]


def test_the_market_is_summed_up_by_breadth_dominance_and_sentiment(dashboard: Dashboard):
    dashboard.open()
    today = dashboard.bucket.files["market.json"]["days"][-1]
    cards = {card.split("\n")[0]: card for card in dashboard.page.locator(".card").all_inner_texts()}
    assert list(cards) == ["Market cap", "Breadth", "BTC dominance", "ETH dominance", "Sentiment"]
    assert "$2.71 T" in cards["Market cap"]
    assert f"{today['breadth']:.1%}".replace("%", " %") in cards["Breadth"]
    assert f"{today['assets_up']} of 250 rose" in cards["Breadth"]
    assert f"{today['btc_dominance']:.1%}".replace("%", " %") in cards["BTC dominance"]
    assert today["classification"] in cards["Sentiment"]


def test_the_market_days_are_a_table_as_well(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.click("#market-days summary")
    assert dashboard.page.locator("#market-table tbody tr").count() == 60
    newest, silent = (dashboard.page.locator("#market-table tbody tr").nth(at) for at in (0, 17))
    assert newest.locator("th").inner_text() == "2026-11-21"
    assert silent.locator("td").last.inner_text() == "–"


def test_the_pipeline_says_how_each_feed_does(dashboard: Dashboard):
    dashboard.open()
    rows = dashboard.page.locator("[aria-labelledby=health-feeds] tbody tr").all_inner_texts()
    states = {row.split("\t")[0]: row.split("\t")[-1] for row in rows}
    assert states == {
        "binance_candles": "fresh",
        "binance_quotes": "fresh",
        "coinbase_candles": "stale since 10:08 UTC",
        "coincap_quotes": "off: no API key",
        "coingecko_assets": "paused",
        "coingecko_quotes": "fresh",
        "kraken_assets": "first run due at 2026-11-22 00:05 UTC",
        "sentiment": "fresh",
    }


def test_the_pipeline_shows_quarantine_gaps_dead_letters_and_mails(dashboard: Dashboard):
    dashboard.open()
    quarantine = dashboard.text("[aria-labelledby=health-quarantine]")
    assert "17 rows in 24 hours" in quarantine
    assert "coingecko quotes\tprice_not_positive\t14" in quarantine
    assert "BTC/USD\tcoinbase 1h\tOur outage\t3" in dashboard.text("[aria-labelledby=health-gaps]")
    assert "transform\n2" in dashboard.text("[aria-labelledby=health-dead-letters]")
    assert "BTC is above 75,000: 77,361.43 USD" in dashboard.text("[aria-labelledby=health-mails]")


def test_sources_and_the_chart_library_are_named_as_their_terms_want(dashboard: Dashboard):
    dashboard.open()
    coingecko = dashboard.page.get_by_role("link", name="Data provided by CoinGecko")
    assert coingecko.get_attribute("href") == "https://www.coingecko.com/"
    assert "Market data of Coinbase Exchange" in dashboard.text("#sources")
    library = dashboard.page.get_by_role("link", name="TradingView Lightweight Charts™")
    assert library.get_attribute("href") == "https://www.tradingview.com/"
    assert "Copyright © 2026 TradingView, Inc." in dashboard.text(".credit")


def test_markup_in_the_data_is_text_and_a_link_leads_only_to_the_web(dashboard: Dashboard):
    files = dashboard.bucket.files
    files["watchlist.json"]["assets"][0]["name"] = "<img src=x onerror=alert(1)>"
    files["sources.json"] = {"attributions": [{"source": "x", "text": "click", "url": "javascript:alert(1)"}]}
    dashboard.open()
    assert "<img src=x onerror=alert(1)>" in dashboard.text("#asset-BTC")
    assert dashboard.page.locator("#sources a").count() == 0
