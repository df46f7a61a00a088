"""What the page makes of an address that nobody can read."""

from tests.dashboard.conftest import Dashboard


def test_a_link_cut_within_an_escaped_character_shows_the_page_as_without_it(dashboard: Dashboard) -> None:
    expected = dashboard.open().text("#chart-head")
    dashboard.page.goto("about:blank")
    assert dashboard.open("#BTC%E2%8").text("#chart-head") == expected
