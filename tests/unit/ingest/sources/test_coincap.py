"""CoinCap: what a feed asks for, and what each of its errors means."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from ingest.errors import Unlisted
from ingest.sources.coincap import CoinCap

SAMPLES = Path(__file__).parent / "samples"
DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
DUE_SECONDS = 1_732_172_400
ASSETS = {"BTC": {"coincap": "bitcoin"}, "XRP": {"coincap": "xrp"}, "TRX": {}}


def response(status, body=b""):
    return HttpResponse("https://x/", status, body, DUE)


@pytest.fixture(scope="session")
def requests(candles_feed):
    """Plan a feed; keywords are its fields."""

    def plan(dataset, **changes):
        fields = {"assets": ("BTC", "XRP"), "lookback": 24, **changes}
        return CoinCap.plan(candles_feed(source="coincap", dataset=dataset, **fields), ASSETS, DUE)

    return plan


def ends(request):
    """The last part of its key."""
    return str(request.key).partition("/dt=2024-11-21/20241121T070000Z.")[2]


def test_a_feed_asks_for_assets_by_slug(requests):
    (page,) = requests("quotes")
    assert (page.path, page.params) == ("/assets", {"ids": "bitcoin,xrp"})
    assert ends(page) == "hourly.usd.p1.json.gz"


def test_a_feed_asks_for_all_rates_at_once(requests):
    (rates,) = requests("rates", assets=())
    assert (rates.path, rates.params, ends(rates)) == ("/rates", {}, "rates.json.gz")


@pytest.mark.parametrize(("interval", "named", "minutes"), [("1h", "h1", 60), ("1d", "d1", 1440)])
def test_a_window_ends_with_its_last_millisecond(requests, interval, named, minutes):
    bitcoin, _ = requests("price_points", interval=interval)
    assert bitcoin.path == "/assets/bitcoin/history"
    assert bitcoin.params == {
        "interval": named,
        "start": str((DUE_SECONDS - 24 * minutes * 60) * 1000),
        "end": str(DUE_SECONDS * 1000 - 1),
    }
    assert ends(bitcoin) == f"bitcoin-usd.{interval}.24.json.gz"


@pytest.mark.parametrize(
    ("dataset", "changes", "message"),
    [
        ("quotes", {"quote": "EUR"}, "feed hourly asks for prices in EUR; CoinCap has them in USD only"),
        ("price_points", {"quote": "EUR"}, "USD only"),
        ("price_points", {"interval": "4h"}, "one of 1m, 5m, 15m, 30m, 1h, 6h, 1d"),
        ("price_points", {"interval": "1h", "lookback": 721}, "set lookback to 1 to 720"),
        ("candles", {}, "set its dataset to one of price_points, quotes, rates"),
        ("quotes", {"assets": ("TRX",)}, "none of its assets has an id at coincap"),
    ],
)
def test_a_feed_that_cannot_be_asked_for_says_what_to_change(requests, dataset, changes, message):
    with pytest.raises(BadConfiguration, match=message):
        requests(dataset, **changes)


@pytest.mark.parametrize(
    ("status", "sample", "kind", "message"),
    [
        (400, "coincap_400.json", SourceRefused, "limit exceeds 2000"),
        (401, "coincap_401.json", BadConfiguration, "Unauthorized; set coincap_api_key"),
        (429, "coincap_429.json", SourceUnavailable, "Too Many Requests"),
    ],
)
def test_each_recorded_error_is_classified_and_names_its_remedy(requests, status, sample, kind, message):
    body = (SAMPLES / sample).read_bytes()
    error = CoinCap.to_error(response(status, body), requests("quotes")[0])
    assert type(error) is kind
    assert message in str(error)


def test_an_unknown_slug_is_unlisted_and_a_missing_page_is_not(requests):
    gone = response(404, b'{"error": "not found"}')
    bitcoin, page = requests("price_points", interval="1h")[0], requests("quotes")[0]
    assert type(CoinCap.to_error(gone, bitcoin)) is Unlisted
    assert type(CoinCap.to_error(gone, page)) is SourceRefused


@given(status=st.integers(200, 599), body=st.binary())
def test_any_error_body_gives_one_short_printable_line(requests, status, body):
    message = str(CoinCap.to_error(response(status, body), requests("quotes")[0]))
    assert message.isprintable()
    assert len(message) < 300
