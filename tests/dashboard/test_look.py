"""For whom the page is: keyboards, screen readers, phones, dark rooms, strict browsers, slow lines."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from coinlake.stores import sha256
from ops.dashboard import Page
from tests.dashboard.browser import Bucket, served, window
from tests.dashboard.conftest import Dashboard

PAGE = Page()
SCRIPT_LIMIT = 300_000
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST = {"runOnly": ["color-contrast"]}


@pytest.mark.parametrize(
    ("theme", "width", "rules"),
    [("light", 1440, RULES), ("dark", 390, RULES), ("dark", 1440, CONTRAST)],  # a theme is colours alone
)
def test_axe_finds_nothing_in_either_theme_nor_on_a_phone(
    dashboard: Dashboard, theme: str, width: int, rules: dict[str, list[str]]
):
    dashboard.page.set_viewport_size({"width": width, "height": 900})
    for venue in dashboard.bucket.files["candles/BTC/1h.json"]["venues"]:
        venue["candles"] = venue["candles"][-12:]  # axe takes milliseconds for each cell
    dashboard.bucket.files["market.json"]["days"] = dashboard.bucket.files["market.json"]["days"][-5:]
    dashboard.open().page.select_option("#theme", theme)
    for summary in dashboard.page.locator("summary").all():
        summary.click()
    dashboard.page.locator("#chart-table tbody tr").first.wait_for()
    result = Axe().run(dashboard.page, options=rules)
    assert result.violations_count == 0, result.generate_report()


def test_a_desk_shows_the_watchlist_and_the_feeds_whole(dashboard: Dashboard):
    for asset in dashboard.bucket.files["watchlist.json"]["assets"]:
        asset |= {"price": "0.0000083821", "change_24h": "-14.26", "spread_bps": "21.2"}
    dashboard.open()
    assert dashboard.page.locator(".watchlist tbody .spread").first.inner_text() == "21.2 bp"
    for place in ("#watchlist-table", "[aria-labelledby=health-feeds] .scroll"):
        hidden = "it => [it.scrollWidth - it.clientWidth, it.scrollHeight - it.clientHeight]"
        assert dashboard.page.locator(place).evaluate(hidden) == [0, 0], place


def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, site: tuple[str, Bucket], bucket: Bucket
):
    with window(browser, 390, 844, has_touch=True) as phone:
        shown = Dashboard(phone.new_page(), site[0], bucket).open()
        assert shown.page.evaluate("document.documentElement.scrollWidth") == 390
        table = shown.page.locator("#watchlist-table")
        assert table.evaluate("it => it.scrollWidth - it.clientWidth") == 0
        assert shown.row("ETH").locator(".cap").is_hidden()
        shown.page.tap("#asset-ETH")
        shown.page.locator("#chart-canvas[aria-label^=ETH]").wait_for()
        assert shown.page.locator("#chart-head").bounding_box()["y"] < 844
        assert "Market cap\n347 B" in shown.text("#chart-head")


def test_the_theme_follows_the_system_until_it_is_chosen_and_is_remembered(dashboard: Dashboard):
    ground = "getComputedStyle(document.body).backgroundColor"
    dashboard.page.emulate_media(color_scheme="dark")
    dashboard.open()
    dark = dashboard.page.evaluate(ground)
    dashboard.page.emulate_media(color_scheme="light")
    light = dashboard.page.evaluate(ground)
    assert dark != light
    dashboard.page.select_option("#theme", "dark")
    assert dashboard.page.evaluate(ground) == dark
    dashboard.page.reload()
    assert dashboard.page.evaluate(ground) == dark
    assert dashboard.page.input_value("#theme") == "dark"


def test_the_chart_takes_the_colours_of_the_theme(dashboard: Dashboard):
    dashboard.open().page.select_option("#theme", "light")
    light = dashboard.page.locator("#chart-canvas").screenshot()
    dashboard.page.select_option("#theme", "dark")
    assert dashboard.eventually(lambda: dashboard.page.locator("#chart-canvas").screenshot() != light)


def test_everything_is_reached_by_the_keyboard_and_the_focus_is_seen(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.keyboard.press("Tab")
    assert dashboard.text(":focus") == "Skip to the watchlist"
    dashboard.page.keyboard.press("Enter")
    reached = []
    for _ in range(12):
        dashboard.page.keyboard.press("Tab")
        reached.append(dashboard.page.locator(":focus").get_attribute("id"))
        assert dashboard.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    sorts = [f"sort-{key}" for key in ("asset", "price", "change", "volume", "cap", "spread")]
    assert reached[:10] == ["filter", *sorts, "asset-BTC", "asset-ETH", "asset-XRP"]
    dashboard.page.keyboard.press("Enter")
    dashboard.page.locator(":focus[aria-current=true]").wait_for()


def test_the_watchlist_sorts_and_says_by_what(dashboard: Dashboard):
    dashboard.open()
    names = dashboard.page.locator(".watchlist tbody strong")
    dashboard.page.click("#sort-price")
    assert names.first.inner_text() == "BTC"
    dashboard.page.click("#sort-price")
    assert names.first.inner_text() == "PEPE"
    assert dashboard.page.locator("[aria-sort]").get_attribute("aria-sort") == "ascending"
    dashboard.page.click("#sort-cap")
    dashboard.page.click("#more-assets")
    assert names.last.inner_text() == "HYPE"  # of which no cap is known


def test_the_filter_finds_by_symbol_and_name(dashboard: Dashboard):
    dashboard.open()
    dashboard.page.fill("#filter", "inu")
    assert dashboard.page.locator(".watchlist tbody strong").all_inner_texts() == ["SHIB"]
    dashboard.page.fill("#filter", "nothing")
    assert dashboard.text("#watchlist-table") == "No asset matches “nothing”."


def test_the_policy_is_sent_and_stops_a_script_that_is_not_ours(dashboard: Dashboard):
    sent = dashboard.page.goto(dashboard.address).headers
    for name, value in PAGE.serving["headers"].items():
        assert sent[name.lower()] == value
    blocked = """() => new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
      const image = new Image();
      image.src = "https://example.com/pixel.png";
    })"""
    assert dashboard.page.evaluate(blocked) == "img-src"
    dashboard.complaints.clear()  # the browser tells of the violation that we made


def test_the_page_says_the_same_policy_as_the_header_but_for_what_a_page_may_not_say():
    policy = PAGE.serving["headers"]["Content-Security-Policy"]
    said = policy.replace(" frame-ancestors 'none';", "")
    assert f'content="{said}"' in (PAGE.folder / "index.html").read_text()
    assert "unsafe" not in policy


def test_nothing_is_fetched_from_elsewhere(dashboard: Dashboard):
    asked: list[str] = []
    dashboard.page.on("request", lambda request: asked.append(request.url))
    dashboard.open()
    assert len(asked) > 10
    assert all(url.startswith(dashboard.address) for url in asked)


def test_all_scripts_together_are_small():
    scripts = [path for path in PAGE.files() if path.endswith(("js", "mjs"))]
    assert sum((PAGE.folder / path).stat().st_size for path in scripts) < SCRIPT_LIMIT


def test_the_vendored_library_is_the_one_that_was_recorded():
    record = json.loads((PAGE.folder / "vendor" / "lightweight-charts.json").read_text())
    folder = PAGE.folder / "vendor"
    hashes = {path.name: sha256(path.read_bytes()) for path in folder.iterdir() if path.suffix != ".json"}
    assert hashes == record["sha256"]
    assert (
        f"v{record['version']}" in (folder / "lightweight-charts.standalone.production.mjs").read_text()[:200]
    )


def test_every_module_is_part_of_the_page():
    shipped = {path for path in PAGE.files() if path.startswith("js/")}
    named = {name for path in shipped for name in imported(PAGE.folder / path)}
    assert shipped == named | {"js/main.js", "js/early.js"}


def imported(module: Path) -> set[str]:
    return {
        f"js/{name}" for name in re.findall(r'^import .* from "\./(.*)";$', module.read_text(), re.MULTILINE)
    }


def test_a_new_stack_with_nothing_published_says_so_in_words(browser: Browser):
    with served(Bucket({})) as address, window(browser) as here:
        shown = Dashboard(here.new_page(), address, Bucket({})).open()
        text = shown.text("body")
        for name in ("watchlist", "market", "health", "sources"):
            assert f"data/{name}.json is not there: the lake has not published it yet." in text
        assert "Nothing published yet" in text
        assert shown.page.locator("#warnings").is_hidden()  # a young lake is no fault
        assert shown.complaints == []
