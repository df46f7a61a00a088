"""Kraken from ingest's plan to transform's rows, against the simulator: REST as a feed and a backfill ask."""

import gzip
import ssl
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import trustme
import uvicorn

from coinlake import intervals, sources
from coinlake.feeds import Feed
from coinlake.http import HttpClient
from coinlake.stores import StoredObject
from coinlake.windows import Window
from ingest.client import SourceClient
from ingest.errors import Unlisted
from ingest.landing import metadata
from ingest.sources.kraken import Kraken
from simulator.app import create_app
from simulator.quotas import Quotas
from tests.integration.stream.process import free_port
from tests.patience import PATIENCE_SECONDS
from tests.unit.ingest.conftest import FakeLimiter
from transform.model import AssetMap
from transform.pipeline import parse

IDS = {"BTC": "XBT", "DOGE": "XDG", "SOL": "SOL"}
ASSETS = {symbol: {"kraken": asset_id} for symbol, asset_id in IDS.items()}
NAMES = {asset_id: symbol for symbol, asset_id in IDS.items()}


@pytest.fixture(scope="module")
def kraken(tmp_path_factory):
    folder, authority, port = tmp_path_factory.mktemp("tls"), trustme.CA(), free_port()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    chain = folder / "chain.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(chain)
    app = create_app(quotas=Quotas(limits={"kraken": 0}))
    config = uvicorn.Config(
        app, port=port, ssl_certfile=chain, log_level="critical", timeout_graceful_shutdown=1
    )  # the client keeps its connection
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    tls = ssl.create_default_context(cafile=folder / "ca.pem")
    http = HttpClient("kraken", f"https://127.0.0.1:{port}/kraken/0", tls, allow_private=True)
    yield Kraken(SourceClient(http, FakeLimiter(), 1000))
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)


def feed(**fields):
    common = {"name": "kraken", "source": "kraken", "quote": "USD", "interval": "1h", "assets": tuple(IDS)}
    common |= {"top": None, "lookback": 0, "stale_after_minutes": 60, "enabled": True}
    return Feed(**{**common, **fields})


def landed(source, request):
    """What becomes of a request's answer, as the lake stores it."""
    document = source.fetch(request, source.client.clock.seconds() + 30)
    response = document.response
    stored = StoredObject(gzip.compress(response.body), "etag", metadata(response), response.fetched_at)
    assets = AssetMap(lambda _, name: NAMES.get(name, f"kraken:{name}"), lambda _: set(NAMES))
    parsed = parse(stored, request.key, assets, 1 << 24)
    assert (parsed.rejections, parsed.notes) == ((), ())
    return [row for part in parsed.slices for row in part.rows.to_pylist()], document.unlisted


@pytest.mark.parametrize("interval", list(sources.source("kraken").datasets["candles"].max_buckets))
def test_a_feed_of_candles_brings_every_closed_bucket(kraken, interval):
    due, step = intervals.floor(datetime.now(UTC), interval), intervals.duration(interval)
    for request in kraken.plan(feed(dataset="candles", interval=interval, lookback=60), ASSETS, due):
        rows, _ = landed(kraken, request)
        closed = [row["open_time"] for row in rows if row["is_closed"] and row["open_time"] < due]
        assert closed == [due - number * step for number in range(60, 0, -1)]
        assert not rows[-1]["is_closed"]
        assert {row["base"] for row in rows} == {
            request.name.split("-")[0].replace("XBT", "BTC").replace("XDG", "DOGE")
        }


def test_a_backfill_gets_the_oldest_window_that_kraken_has_and_no_older_one(kraken):
    now, hour = datetime.now(UTC), timedelta(hours=1)
    oldest = sources.source("kraken").datasets["candles"].oldest_bucket("1h", now)
    window = Window("kraken", "candles", "BTC", "USD", "1h", oldest + 119 * hour, 119)
    kraken.check_window(window, now)
    rows, _ = landed(kraken, kraken.windows["candles"](window, "XBT"))
    assert [row["open_time"] for row in rows[:119]] == [oldest + number * hour for number in range(119)]
    with pytest.raises(Unlisted, match="newest 720 buckets of 1h"):
        kraken.check_window(replace(window, end=window.end - hour), now)


def test_tickers_and_pairs_are_of_canonical_assets(kraken):
    due = datetime.now(UTC).replace(second=0, microsecond=0)
    (page,) = kraken.plan(feed(dataset="quotes"), ASSETS, due)
    quotes, _ = landed(kraken, page)
    assert {(row["base"], row["raw_symbol"]) for row in quotes} == {
        ("BTC", "XBTUSD"), ("DOGE", "XDGUSD"), ("SOL", "SOLUSD"),
    }  # fmt: skip
    (pairs,) = kraken.plan(feed(dataset="assets"), ASSETS, due)
    listed = {row["asset_id"]: row["base"] for row in landed(kraken, pairs)[0]}
    assert listed.items() >= {"XBTUSD": "BTC", "XDGUSD": "DOGE", "SOLUSD": "SOL"}.items()


def test_an_unlisted_pair_does_not_lose_the_others_their_tickers(kraken):
    due = datetime.now(UTC).replace(second=0, microsecond=0)
    assets = {**ASSETS, "NOPE": {"kraken": "NOPE"}}
    (page,) = kraken.plan(feed(dataset="quotes", assets=tuple(assets)), assets, due)
    quotes, unlisted = landed(kraken, page)
    assert (len(quotes), unlisted) == (3, ("NOPEUSD",))
    (candles,) = kraken.plan(
        feed(dataset="candles", assets=("NOPE",), lookback=1), assets, due.replace(minute=0)
    )
    with pytest.raises(Unlisted, match="there is no market NOPE-USD"):
        landed(kraken, candles)
