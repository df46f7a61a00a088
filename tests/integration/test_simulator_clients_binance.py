"""ccxt and python-binance are satisfied with the simulated Binance, over a real connection."""

import ccxt
import pytest
import requests
from binance.client import Client as BinanceClient
from binance.exceptions import BinanceAPIException

from simulator.app import create_app
from tests.patience import PATIENCE_SECONDS
from tests.unit.simulator.server import served

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def url():
    with served(create_app()) as base:
        yield base


@pytest.fixture
def binance(url):
    client = ccxt.binance({"options": {"fetchMarkets": {"types": ["spot"]}}})
    client.urls["api"]["public"] = f"{url}/binance/api/v3"
    return client


@pytest.fixture
def python_binance(url):
    client = BinanceClient(ping=False)
    client.API_URL = f"{url}/binance/api"
    return client


def test_ccxt_loads_binances_markets(binance):
    markets = binance.load_markets()
    assert markets["BTC/USDT"]["active"] and markets["BTC/USDT"]["precision"]["price"] == 0.01
    assert markets["BTC/USDT"]["spot"] and markets["TRX/USDT"]["active"]
    assert markets["OLD/USDT"]["active"] is False


def test_ccxt_reads_binances_tickers(binance):
    tickers = binance.fetch_tickers(["BTC/USDT", "SHIB/USDT"])
    for ticker in tickers.values():
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        assert ticker["bid"] < ticker["ask"] and ticker["baseVolume"] > 0
    last = binance.fetch_last_prices(["BTC/USDT"])["BTC/USDT"]["price"]
    assert last == pytest.approx(tickers["BTC/USDT"]["last"], rel=0.01)
    assert abs(binance.fetch_time() - binance.milliseconds()) < 60_000


def test_ccxt_pages_through_binances_candles(binance):
    now = binance.milliseconds()
    hour, since = now // HOUR_MS * HOUR_MS, now // HOUR_MS * HOUR_MS - 500 * HOUR_MS
    rows = []
    while not rows or rows[-1][0] < hour - HOUR_MS:
        rows += binance.fetch_ohlcv("ETH/USDT", "1h", rows[-1][0] + HOUR_MS if rows else since, limit=200)
    assert [row[0] for row in rows if row[0] < hour] == list(range(since, hour, HOUR_MS))
    for _, begin, high, low, end, volume in rows:
        assert low <= min(begin, end) <= max(begin, end) <= high and volume > 0


def test_ccxt_names_binances_errors_and_bans(binance, url):
    with pytest.raises(ccxt.BadSymbol):
        binance.public_get_klines({"symbol": "NOPEUSDT", "interval": "1h"})
    with pytest.raises(ccxt.BadRequest):
        binance.public_get_klines({"symbol": "BTCUSDT", "interval": "1H"})
    for fault, error in (
        ("418", ccxt.DDoSProtection),
        ("429", ccxt.DDoSProtection),
        ("451", ccxt.ExchangeNotAvailable),
    ):
        plan = [{"path": "/binance/*", "fault": fault, "times": 1}]
        requests.put(f"{url}/_faults", json=plan, timeout=PATIENCE_SECONDS).raise_for_status()
        with pytest.raises(error):
            binance.public_get_time()


def test_python_binance_reads_history_from_the_listing_on(python_binance):
    rows = python_binance.get_historical_klines("SOLUSDT", "1d", "2017-01-01", "2026-01-01")
    times = [row[0] for row in rows]
    assert len(times) > 900 and times == sorted(set(times))
    assert times[-1] == 1_767_225_600_000
    assert times[0] == python_binance._get_earliest_valid_timestamp("SOLUSDT", "1d")


def test_python_binance_reads_tickers_and_symbols(python_binance):
    assert python_binance.ping() == {}
    assert python_binance.get_symbol_info("SHIBUSDT")["filters"][1]["stepSize"] == "1.00000000"
    ticker = python_binance.get_ticker(symbol="BTCUSDT")
    book = python_binance.get_orderbook_ticker(symbol="BTCUSDT")
    assert float(book["bidPrice"]) == pytest.approx(float(ticker["lastPrice"]), rel=0.01)
    assert len(python_binance.get_all_tickers()) > 30
    assert int(python_binance.response.headers["x-mbx-used-weight-1m"]) > 0


def test_python_binance_reports_the_errors(python_binance):
    with pytest.raises(BinanceAPIException, match="Invalid symbol") as refused:
        python_binance.get_klines(symbol="NOPEUSDT", interval="1h")
    assert (refused.value.code, refused.value.status_code) == (-1121, 400)
