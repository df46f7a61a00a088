"""CoinCap, CoinDesk and alternative.me: what a feed asks for, and what each complaint means."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from ingest.errors import Unlisted
from ingest.sources.alternative_me import AlternativeMe
from ingest.sources.coincap import CoinCap
from ingest.sources.coindesk import CoinDesk

SAMPLES = Path(__file__).parent / "samples"
DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
DUE_SECONDS = 1_732_172_400
ASSETS = {
    "BTC": {"coincap": "bitcoin", "coindesk": "BTC"},
    "XRP": {"coincap": "xrp", "coindesk": "XRP"},
    "TRX": {},
}


def response(status, body=b""):
    return HttpResponse("https://x/", status, body, DUE)


@pytest.fixture(scope="session")
def requests(candles_feed):
    """Plan a feed of a source; keywords are its fields."""

    def plan(source, dataset, **changes):
        fields = {"assets": ("BTC", "XRP"), "lookback": 24, **changes}
        return source.plan(candles_feed(source=source.name, dataset=dataset, **fields), ASSETS, DUE)

    return plan


def ends(request):
    """The last part of its key."""
    return str(request.key).partition("/dt=2024-11-21/20241121T070000Z.")[2]


def test_coincap_is_asked_for_assets_by_slug(requests):
    (page,) = requests(CoinCap, "quotes")
    assert (page.path, page.params) == ("/assets", {"ids": "bitcoin,xrp"})
    assert ends(page) == "hourly.usd.p1.json.gz"


def test_coincap_is_asked_for_all_rates_at_once(requests):
    (rates,) = requests(CoinCap, "rates", assets=())
    assert (rates.path, rates.params, ends(rates)) == ("/rates", {}, "rates.json.gz")


@pytest.mark.parametrize(("interval", "named", "minutes"), [("1h", "h1", 60), ("1d", "d1", 1440)])
def test_coincap_is_asked_for_the_past_to_the_last_millisecond_of_the_window(
    requests, interval, named, minutes
):
    bitcoin, _ = requests(CoinCap, "price_points", interval=interval)
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
        ("quotes", {"quote": "EUR"}, "feed hourly wants prices in EUR; CoinCap has them in USD only"),
        ("price_points", {"quote": "EUR"}, "USD only"),
        ("price_points", {"interval": "4h"}, "one of 1m, 5m, 15m, 30m, 1h, 6h, 1d"),
        ("price_points", {"interval": "1h", "lookback": 721}, "set lookback to 1 to 720"),
        ("candles", {}, "set its dataset to one of price_points, quotes, rates"),
        ("quotes", {"assets": ("TRX",)}, "none of its assets has an id at coincap"),
    ],
)
def test_a_feed_that_coincap_cannot_answer_says_what_to_change(requests, dataset, changes, message):
    with pytest.raises(BadConfiguration, match=message):
        requests(CoinCap, dataset, **changes)


@pytest.mark.parametrize(
    ("status", "sample", "kind", "message"),
    [
        (400, "coincap_400.json", SourceRefused, "limit exceeds 2000"),
        (401, "coincap_401.json", BadConfiguration, "Unauthorized; set coincap_api_key"),
        (429, "coincap_429.json", SourceUnavailable, "Too Many Requests"),
    ],
)
def test_each_recorded_complaint_of_coincap_is_told_with_its_remedy(requests, status, sample, kind, message):
    body = (SAMPLES / sample).read_bytes()
    error = CoinCap.to_error(response(status, body), requests(CoinCap, "quotes")[0])
    assert type(error) is kind
    assert message in str(error)


def test_a_slug_that_coincap_does_not_know_is_unlisted_and_a_lost_page_is_not(requests):
    gone = response(404, b'{"error": "not found"}')
    bitcoin, page = requests(CoinCap, "price_points", interval="1h")[0], requests(CoinCap, "quotes")[0]
    assert type(CoinCap.to_error(gone, bitcoin)) is Unlisted
    assert type(CoinCap.to_error(gone, page)) is SourceRefused


def test_coindesk_is_asked_for_ticks_of_all_pairs_at_once(requests):
    (page,) = requests(CoinDesk, "quotes")
    assert page.path == "/index/cc/v1/latest/tick"
    assert page.params == {"market": "cadli", "instruments": "BTC-USD,XRP-USD"}
    assert ends(page) == "hourly.usd.p1.json.gz"


@pytest.mark.parametrize(("interval", "unit"), [("1m", "minutes"), ("1h", "hours"), ("1d", "days")])
def test_coindesk_is_asked_up_to_a_second_within_the_last_bucket(requests, interval, unit):
    btc, _ = requests(CoinDesk, "candles", interval=interval)
    assert btc.path == f"/spot/v1/historical/{unit}"
    assert btc.params == {
        "market": "coinbase",
        "instrument": "BTC-USD",
        "limit": "24",
        "to_ts": str(DUE_SECONDS - 1),
        "fill": "false",
        "apply_mapping": "true",
    }
    assert ends(btc) == f"BTC-USD.{interval}.24.json.gz"


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (401, (SAMPLES / "coindesk_401.json").read_bytes(), BadConfiguration, "set coindesk_api_key"),
        (404, b'{"Err": {"message": "market not found"}}', Unlisted, "market not found; there is no BTC-USD"),
        (429, b'{"Err": {}}', SourceUnavailable, "no reason given"),
        (400, b"<html>", SourceRefused, "no JSON"),
        (400, b'{"Err": "text"}', SourceRefused, "no reason given"),
    ],
)
def test_coindesk_complains_in_an_envelope(requests, status, body, kind, message):
    error = CoinDesk.to_error(response(status, body), requests(CoinDesk, "candles")[0])
    assert type(error) is kind
    assert message in str(error)


def test_alternative_me_is_asked_for_the_last_days_of_its_index(requests):
    (fng,) = requests(AlternativeMe, "sentiment", assets=(), lookback=3)
    assert (fng.path, fng.params) == ("/fng/", {"limit": "3", "format": "json"})
    assert ends(fng) == "fng.json.gz"


@pytest.mark.parametrize(("status", "kind"), [(500, SourceUnavailable), (404, SourceRefused)])
def test_alternative_me_is_told_by_its_status(requests, status, kind):
    fng = requests(AlternativeMe, "sentiment")[0]
    assert type(AlternativeMe.to_error(response(status), fng)) is kind


@pytest.mark.parametrize(("source", "dataset"), [(CoinCap, "quotes"), (CoinDesk, "candles")])
@given(status=st.integers(200, 599), body=st.binary())
def test_no_error_body_breaks_its_reading_or_the_log_line(requests, source, dataset, status, body):
    message = str(source.to_error(response(status, body), requests(source, dataset)[0]))
    assert message.isprintable()
    assert len(message) < 300
