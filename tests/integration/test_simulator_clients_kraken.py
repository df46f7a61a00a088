"""ccxt is satisfied with the simulated Kraken, over a real connection."""

import ccxt
import pytest

from simulator.app import create_app
from simulator.quotas import Quotas
from tests.unit.simulator.server import served

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def url():
    with served(create_app(quotas=Quotas(limits={"kraken": 0}))) as base:
        yield base


def client(url):
    exchange = ccxt.kraken()
    exchange.urls["api"]["public"] = f"{url}/kraken"
    return exchange


@pytest.fixture
def kraken(url):
    return client(url)


def test_ccxt_loads_krakens_markets_under_their_usual_names(kraken):
    markets = kraken.load_markets()
    assert markets["BTC/USD"]["id"] == "XXBTZUSD" and markets["BTC/USD"]["active"]
    assert markets["DOGE/USD"]["id"] == "XDGUSD"
    assert markets["SOL/USD"]["precision"]["amount"] == 1e-8
    assert kraken.currencies["BTC"]["id"] == "XXBT"


def test_ccxt_reads_krakens_tickers(kraken):
    tickers = kraken.fetch_tickers(["BTC/USD", "DOGE/USD"])
    for ticker in tickers.values():
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        assert ticker["bid"] < ticker["ask"] and ticker["baseVolume"] > 0
    assert abs(kraken.fetch_time() - kraken.milliseconds()) < 60_000
    assert kraken.fetch_status()["status"] == "ok"


def test_ccxt_reads_krakens_candles_and_no_older_ones(kraken):
    hour = kraken.milliseconds() // HOUR_MS * HOUR_MS
    rows = kraken.fetch_ohlcv("ETH/USD", "1h", hour - 100 * HOUR_MS)
    assert [row[0] for row in rows if row[0] < hour] == list(range(hour - 100 * HOUR_MS, hour, HOUR_MS))
    for _, begin, high, low, end, volume in rows[:-1]:
        assert low <= min(begin, end) <= max(begin, end) <= high and volume > 0
    oldest = kraken.fetch_ohlcv("ETH/USD", "1h", hour - 2_000 * HOUR_MS)[0][0]
    assert hour - 720 * HOUR_MS <= oldest <= hour - 719 * HOUR_MS


def test_ccxt_pages_through_krakens_trades_without_a_hole(kraken):
    since, ids = kraken.milliseconds() - 30 * 60_000, []
    while True:
        trades = kraken.fetch_trades("BTC/USD", since, 1_000)
        fresh = [int(trade["id"]) for trade in trades if int(trade["id"]) > (ids[-1] if ids else 0)]
        ids += fresh
        if len(fresh) < 500:
            break
        since = trades[-1]["timestamp"]
    assert len(ids) > 3_000 and ids == list(range(ids[0], ids[-1] + 1))


def test_ccxt_names_krakens_errors_and_its_limit(url, kraken):
    with pytest.raises(ccxt.ExchangeError, match="EQuery:Unknown asset pair"):
        kraken.public_get_ticker({"pair": "NOPEUSD"})
    with pytest.raises(ccxt.BadRequest):
        kraken.public_get_ohlc({"pair": "XBTUSD", "interval": 7})
    with served(create_app()) as limited:
        exchange = client(limited)
        exchange.enableRateLimit = False
        with pytest.raises(ccxt.DDoSProtection, match="EGeneral:Too many requests"):
            for _ in range(60):
                exchange.public_get_time()
