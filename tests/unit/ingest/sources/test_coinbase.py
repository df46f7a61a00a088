"""Coinbase: which windows a feed asks for, and what each of its errors means."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import intervals
from coinlake.errors import BadConfiguration, SourceRefused, SourceUnavailable
from coinlake.http import HttpResponse
from ingest.errors import Unlisted
from ingest.sources.coinbase import Coinbase

SAMPLES = Path(__file__).parent / "samples"
INTERVALS = sorted(Coinbase.facts().datasets["candles"].max_buckets)
DUE = datetime(2024, 11, 21, 7, 0, tzinfo=UTC)
ASSETS = {"BTC": {"coinbase": "BTC"}, "ETH": {"coinbase": "ETH"}, "TRX": {"coingecko": "tron"}}


def response(status, body=b""):
    return HttpResponse("https://x/", status, body, DUE)


def test_each_market_is_asked_for_the_closed_buckets_before_the_slot(candles_feed):
    btc, eth = Coinbase.plan(candles_feed(), ASSETS, DUE)
    assert (btc.name, btc.path) == ("BTC-USD", "/products/BTC-USD/candles")
    assert btc.params == {
        "granularity": "3600",
        "start": "2024-11-20T07:00:00Z",
        "end": "2024-11-21T06:00:00Z",  # inclusive: the bucket that opens at six closed at seven
    }
    assert str(btc.key) == (
        "raw/source=coinbase/dataset=candles/dt=2024-11-21/20241121T070000Z.BTC-USD.1h.24.json.gz"
    )
    assert (eth.path, eth.params) == ("/products/ETH-USD/candles", btc.params)


@given(
    interval=st.sampled_from(INTERVALS),
    lookback=st.integers(1, 300),
    scheduled=st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_every_window_is_aligned_closed_and_within_the_limit(candles_feed, interval, lookback, scheduled):
    feed = candles_feed(interval=interval, lookback=lookback)
    due, step = feed.due(scheduled), intervals.duration(interval)
    params = Coinbase.plan(feed, ASSETS, due)[0].params
    start, end = (datetime.fromisoformat(params[name]) for name in ("start", "end"))
    assert int(params["granularity"]) in {60, 300, 900, 3600, 21600, 86400}
    assert (end - start) / step + 1 == lookback <= 300
    assert end + step == due <= scheduled
    assert intervals.floor(start, interval) == start


def test_successive_windows_overlap_so_that_a_missed_run_heals(candles_feed):
    first = Coinbase.plan(candles_feed(), ASSETS, DUE)[0].params
    after_a_gap = Coinbase.plan(candles_feed(), ASSETS, DUE + timedelta(hours=20))[0].params
    assert after_a_gap["start"] < first["end"]


def test_a_retry_asks_for_the_same(candles_feed):
    assert Coinbase.plan(candles_feed(), ASSETS, DUE) == Coinbase.plan(candles_feed(), ASSETS, DUE)


def test_an_asset_without_an_id_here_is_left_out(candles_feed):
    assert [one.name for one in Coinbase.plan(candles_feed(assets=("TRX", "BTC")), ASSETS, DUE)] == [
        "BTC-USD"
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"dataset": "rates"},
            "asks coinbase for 'rates'; set its dataset to one of assets, candles, quotes",
        ),
        ({"interval": "4h"}, "asks for 4h; set its interval to one of 1m, 5m, 15m, 1h, 6h, 1d"),
        ({"lookback": 0}, "set lookback to 1 to 300"),
        ({"lookback": 301}, "set lookback to 1 to 300"),
        ({"assets": ("TRX",)}, "none of its assets has an id at coinbase"),
        ({"assets": ("BAD",)}, "bad_symbol: 'A/../B-USD'"),
    ],
)
def test_a_feed_that_cannot_be_asked_for_says_what_to_change(candles_feed, changes, message):
    with pytest.raises(BadConfiguration, match=message):
        Coinbase.plan(candles_feed(**changes), {**ASSETS, "BAD": {"coinbase": "A/../B"}}, DUE)


@pytest.mark.parametrize(
    ("status", "sample", "kind", "message"),
    [
        (400, "coinbase_400_too_many.json", SourceRefused, "granularity too small"),
        (400, "coinbase_400_granularity.json", SourceRefused, "Unsupported granularity"),
        (400, "coinbase_400_user_agent.json", SourceRefused, "User-Agent header is required"),
        (404, "coinbase_404.json", Unlisted, "there is no market BTC-USD"),
        (429, "coinbase_429.json", SourceUnavailable, "Public rate limit exceeded"),
    ],
)
def test_each_recorded_error_is_classified_and_names_its_remedy(candles_feed, status, sample, kind, message):
    btc = Coinbase.plan(candles_feed(), ASSETS, DUE)[0]
    error = Coinbase.to_error(response(status, (SAMPLES / sample).read_bytes()), btc)
    assert type(error) is kind
    assert message in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, SourceUnavailable), (503, SourceUnavailable), (401, SourceRefused), (403, SourceRefused)],
)
@given(body=st.binary())
def test_any_other_error_is_classified_by_its_status(candles_feed, status, kind, body):
    error = Coinbase.to_error(response(status, body), Coinbase.plan(candles_feed(), ASSETS, DUE)[0])
    assert type(error) is kind
    assert str(error).isprintable()


def test_an_answer_is_returned_and_an_error_is_raised(candles_feed):
    market = Coinbase.plan(candles_feed(), ASSETS, DUE)[0]
    fine, gone = response(200, b"[]"), response(404, b"")
    assert Coinbase(SimpleNamespace(get=lambda *_, **__: fine)).fetch(market, 0.0).response is fine
    with pytest.raises(SourceRefused):
        Coinbase(SimpleNamespace(get=lambda *_, **__: gone)).fetch(market, 0.0)


@pytest.mark.parametrize(
    ("dataset", "path"), [("quotes", "/products/BTC-USD/ticker"), ("stats", "/products/BTC-USD/stats")]
)
def test_each_market_is_asked_for_its_ticker_or_statistics(candles_feed, dataset, path):
    btc, eth = Coinbase.plan(candles_feed(dataset=dataset, lookback=0), ASSETS, DUE)
    assert (btc.name, btc.path, btc.params) == ("BTC-USD", path, {})
    assert str(btc.key).endswith(f"dataset={dataset}/dt=2024-11-21/20241121T070000Z.BTC-USD.json.gz")
    assert eth.name == "ETH-USD"


def test_all_products_come_in_one_answer_and_are_never_unlisted(candles_feed):
    (products,) = Coinbase.plan(candles_feed(dataset="assets", assets=()), ASSETS, DUE)
    assert products.path == "/products"
    assert str(products.key).endswith("dataset=assets/dt=2024-11-21/20241121T070000Z.products.json.gz")
    gone = response(404, (SAMPLES / "coinbase_404.json").read_bytes())
    assert type(Coinbase.to_error(gone, products)) is SourceRefused
