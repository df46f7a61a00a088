"""An id that was asked for, and that a source leaves out without a word, is a market it does not list."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from coinlake.feeds import Feed
from coinlake.http import HttpResponse
from coinlake.sources import catalog
from ingest.sources import registry

NOW = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
ASSETS = {
    "BTC": {"coingecko": "bitcoin", "coincap": "bitcoin", "coindesk": "BTC", "binance": "BTC"},
    "BAT": {"coingecko": "bat-true-share", "coincap": "bat-true-share", "coindesk": "BTS", "binance": "BTS"},
}
CASES = [
    ("coingecko", "prices", "USD", b'{"bitcoin":{"usd":77361}}', "bat-true-share"),
    ("coingecko", "prices", "USD", b"{}", "bitcoin bat-true-share"),
    ("coingecko", "quotes", "USD", b'[{"id":"bitcoin","symbol":"btc"}]', "bat-true-share"),
    ("coincap", "quotes", "USD", b'{"data":[{"id": "bitcoin"}],"timestamp":1}', "bat-true-share"),
    ("coindesk", "quotes", "USD", b'{"Data":{"BTC-USD":{"VALUE":1}},"Err":{}}', "BTS-USD"),
    ("binance", "quotes", "USDT", b'[{"symbol":"BTCUSDT"}]', "BTSUSDT"),
]


def requests(source, dataset, quote):
    facts = catalog()[source].datasets[dataset]
    assert facts.batch > 1
    feed = Feed.of(
        "named",
        {
            **{"source": source, "dataset": dataset, "quote": quote, "interval": "5m", "lookback": None},
            **{"assets": ["BTC", "BAT"], "top": None, "stale_after_minutes": 15, "enabled": True},
        },
        ASSETS,
    )
    return registry.load(source).plan(feed, ASSETS, NOW)


def fetched(source, request, body):
    client = SimpleNamespace(get=lambda *_, **__: HttpResponse("https://x/", 200, body, NOW))
    return registry.load(source)(client).fetch(request, 0.0)


@pytest.mark.parametrize(("source", "dataset", "quote", "body", "missing"), CASES, ids=str)
def test_what_was_asked_for_and_did_not_come_is_unlisted(source, dataset, quote, body, missing):
    (request,) = requests(source, dataset, quote)
    assert " ".join(fetched(source, request, body).unlisted) == missing


@pytest.mark.parametrize("body", [b"<html>", b"not json", b""])
def test_an_answer_that_is_no_json_tells_nothing_of_its_ids(body):
    (request,) = requests("coingecko", "prices", "USD")
    assert fetched("coingecko", request, body).unlisted == ()


def test_every_dataset_that_is_asked_by_many_names_compares_them():
    """Kraken, which answers by other names, refuses a page with a pair that it does not list."""
    for source, facts in catalog().items():
        for dataset, declared in facts.datasets.items():
            if declared.batch > 1 and source != "kraken":
                assert requests(source, dataset, "USDT" if source == "binance" else "USD")[0].names
