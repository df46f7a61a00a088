"""Well-known client libraries are satisfied with the simulator, over a real connection."""

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import ccxt
import pytest
import requests
from pycoingecko import CoinGeckoAPI

import simulator
from ops.local.certificate import Certificate
from simulator.app import create_app
from simulator.quotas import Quotas
from tests.patience import PATIENCE_SECONDS
from tests.unit.simulator.server import served

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def url():
    with served(create_app(quotas=Quotas(keys={"coingecko": "demo"}, limits={"coingecko": 0}))) as base:
        yield base


@pytest.fixture
def gecko(url):
    api = CoinGeckoAPI(retries=0)
    api.api_base_url = f"{url}/coingecko/api/v3/"
    return api


@pytest.fixture
def exchange(url):
    client = ccxt.coinbaseexchange()
    client.urls["api"] = {"public": f"{url}/coinbase", "private": f"{url}/coinbase"}
    return client


def test_pycoingecko_reads_quotes_and_pages(gecko):
    assert gecko.ping() == {"gecko_says": "(V3) To the Moon!"}
    prices = gecko.get_price(ids=["bitcoin", "shiba-inu"], vs_currencies="usd", include_market_cap=True)
    assert 0 < prices["shiba-inu"]["usd"] < 1 < prices["bitcoin"]["usd"]
    pages = [gecko.get_coins_markets("usd", per_page=250, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [250, 50, 0]
    assert len(gecko.get_coins_list()) == 300
    assert "usd" in gecko.get_supported_vs_currencies()


def test_pycoingecko_reads_charts_and_bodies(gecko):
    chart = gecko.get_coin_market_chart_by_id("bitcoin", "usd", days=7)
    assert 168 <= len(chart["prices"]) == len(chart["total_volumes"]) <= 169
    now = int(time.time())
    ranged = gecko.get_coin_market_chart_range_by_id("bitcoin", "usd", now - 86_400 * 3, now)
    assert 70 <= len(ranged["prices"]) <= 73
    assert all(len(body) == 5 for body in gecko.get_coin_ohlc_by_id("bitcoin", "usd", days=1))


def test_pycoingecko_reports_the_errors(gecko, url):
    with pytest.raises(ValueError, match="coin not found"):
        gecko.get_coin_ohlc_by_id("nope", "usd", days=1)
    with pytest.raises(ValueError, match="10012"):
        gecko.get_coin_market_chart_by_id("bitcoin", "usd", days="max")
    keyed = CoinGeckoAPI(demo_api_key="wrong", retries=0)
    keyed.api_base_url = gecko.api_base_url
    with pytest.raises(ValueError, match="10002"):
        keyed.ping()


def test_ccxt_loads_the_markets(exchange):
    markets = exchange.load_markets()
    assert markets["BTC/USD"]["active"] and markets["BTC/USD"]["precision"]["price"] == 0.01
    assert markets["OLD/USD"]["active"] is False
    assert markets["BTCAUCTION/USD"]["id"] == "BTCAUCTION-USD"
    assert exchange.currencies["BTC"]["precision"] == 1e-8


def test_ccxt_reads_tickers(exchange):
    ticker = exchange.fetch_ticker("BTC/USD")
    assert ticker["bid"] <= ticker["last"] <= ticker["ask"]
    assert abs(ticker["timestamp"] - exchange.fetch_time()) < 60_000
    exchange.options["fetchTickerMethod"] = "publicGetProductsIdStats"
    stats = exchange.fetch_ticker("BTC/USD")
    assert stats["low"] <= ticker["last"] <= stats["high"]


def test_ccxt_reads_candles_oldest_first(exchange):
    hour = exchange.milliseconds() // HOUR_MS * HOUR_MS
    rows = exchange.fetch_ohlcv("BTC/USD", "1h", since=hour - 300 * HOUR_MS)
    assert [row[0] for row in rows] == [hour - back * HOUR_MS for back in range(300, 0, -1)]
    for _, begin, high, low, end, volume in rows:
        assert low <= min(begin, end) <= max(begin, end) <= high and volume > 0


def test_ccxt_pages_through_a_thousand_candles(exchange):
    # by hand: ccxt's own paging steps a millisecond short of 300 hours, and so between the buckets
    hour = exchange.milliseconds() // HOUR_MS * HOUR_MS
    since = hour - 1_000 * HOUR_MS
    rows = []
    while not rows or rows[-1][0] < hour - HOUR_MS:
        rows += exchange.fetch_ohlcv("ETH/USD", "1h", rows[-1][0] + HOUR_MS if rows else since)
    assert [row[0] for row in rows if row[0] < hour] == list(range(since, hour, HOUR_MS))


def test_ccxt_names_the_errors(exchange, url):
    with pytest.raises(ccxt.BadSymbol):
        exchange.fetch_ticker("NOPE/USD")
    with pytest.raises(ccxt.ExchangeError, match="exceeds 300"):
        exchange.public_get_products_id_candles(
            {
                "id": "BTC-USD",
                "granularity": 60,
                "start": "2026-11-19T00:00:00Z",
                "end": "2026-11-20T00:00:00Z",
            }
        )


def test_ccxt_runs_into_the_rate_limit(exchange):
    exchange.load_markets()
    exchange.enableRateLimit = False
    with pytest.raises(ccxt.RateLimitExceeded):
        for _ in range(60):
            exchange.public_get_time()


def test_the_command_serves_https_with_the_laptops_certificate(tmp_path):
    certificate = Certificate.ensure(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "simulator", "--port", str(port), "--seed", "7"]
    command += ["--certfile", str(certificate.chain), "--keyfile", str(certificate.key)]
    environment = {**os.environ, "PYTHONPATH": str(Path(simulator.__file__).parents[1])}
    process = subprocess.Popen(command, env=environment)
    try:
        url = f"https://127.0.0.1:{port}"
        assert b'"seed":7' in answered(f"{url}/_health", certificate)
        with requests.Session() as session:
            session.trust_env = False  # or the machine's own bundle would win
            session.verify = str(certificate.bundle)
            session.put(
                f"{url}/_faults", json=[{"fault": "reset", "times": 1}], timeout=PATIENCE_SECONDS
            ).raise_for_status()
            with pytest.raises(requests.exceptions.ConnectionError):
                session.get(f"{url}/coinbase/time", timeout=PATIENCE_SECONDS)
            assert session.get(f"{url}/coinbase/time", timeout=PATIENCE_SECONDS).status_code == 200
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def answered(url, certificate):
    context = ssl.create_default_context(cafile=str(certificate.bundle))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return urllib.request.urlopen(url, context=context, timeout=PATIENCE_SECONDS).read()  # noqa: S310 - our own https
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def test_the_command_wants_certificate_and_key_together():
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "--certfile", "chain.pem"],
        env={**os.environ, "PYTHONPATH": str(Path(simulator.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--certfile and --keyfile together" in done.stderr
