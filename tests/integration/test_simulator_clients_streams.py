"""python-binance and ccxt pro receive the simulated venues' websockets, over a real connection."""

import asyncio
from itertools import pairwise

import ccxt.pro
import pytest
from binance import AsyncClient, BinanceSocketManager

from simulator.app import create_app
from tests.patience import PATIENCE_SECONDS
from tests.unit.simulator.server import served
from tests.unit.simulator.sockets import order


@pytest.fixture(scope="module")
def url():
    with served(create_app()) as base:
        order(base, rates={"trade": 20, "bookTicker": 20, "miniTicker": 5, "kline": 5})
        yield base


def sockets(url, venue):
    return f"{url.replace('http', 'ws')}/{venue}"


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario, PATIENCE_SECONDS))


async def received(url, open_socket, count):
    manager = BinanceSocketManager(AsyncClient())
    manager.STREAM_URL = f"{sockets(url, 'binance-ws')}/"
    try:
        async with open_socket(manager) as socket:
            return [await socket.recv() for _ in range(count)]
    finally:
        await manager._client.close_connection()


def test_python_binance_receives_trades_without_a_hole(url):
    messages = run(received(url, lambda manager: manager.trade_socket("BTCUSDT"), 10))
    assert all(after["t"] == before["t"] + 1 for before, after in pairwise(messages))


def test_python_binance_receives_several_streams_on_one_socket(url):
    names = ["btcusdt@kline_1m", "ethusdt@bookTicker", "shibusdt@miniTicker"]
    messages = run(received(url, lambda manager: manager.multiplex_socket(names), 30))
    assert {message["stream"] for message in messages} == set(names)


def test_python_binance_comes_back_after_its_connection_was_cut(url):
    async def scenario():
        manager = BinanceSocketManager(AsyncClient())
        manager.STREAM_URL = f"{sockets(url, 'binance-ws')}/"
        async with manager.trade_socket("BTCUSDT") as socket:
            before = await socket.recv()
            await asyncio.to_thread(order, url, now=[{"do": "disconnect", "venue": "binance"}])
            after = before
            while after["t"] <= before["t"] + 5:
                message = await socket.recv()
                after = message if message.get("e") == "trade" else after
        await manager._client.close_connection()
        return before, after

    before, after = run(scenario())
    assert after["t"] > before["t"] and after["s"] == "BTCUSDT"


async def watched(exchange, watch):
    try:
        return await watch(exchange)
    finally:
        await exchange.close()


def test_ccxt_watches_binances_trades_tickers_and_candles(url):
    async def watch(exchange):
        trades = await exchange.watch_trades("BTC/USDT")
        best = await exchange.watch_bids_asks(["ETH/USDT"])
        candles = await exchange.watch_ohlcv("BTC/USDT", "1m")
        return trades, best["ETH/USDT"], candles

    exchange = ccxt.pro.binance(
        {"options": {"fetchMarkets": {"types": ["spot"]}, "watchTrades": {"name": "trade"}}}
    )
    exchange.urls["api"]["public"] = f"{url}/binance/api/v3"
    exchange.urls["api"]["ws"]["spot"] = f"{sockets(url, 'binance-ws')}/ws"
    trades, best, candles = run(watched(exchange, watch))
    assert trades[-1]["symbol"] == "BTC/USDT" and trades[-1]["price"] > 0
    assert best["bid"] < best["ask"]
    assert candles[-1][3] <= candles[-1][4] <= candles[-1][2]


def test_ccxt_watches_coinbases_trades_and_tickers(url):
    async def watch(exchange):
        return await exchange.watch_trades("BTC/USD"), await exchange.watch_ticker("ETH/USD")

    exchange = ccxt.pro.coinbaseexchange()
    exchange.urls["api"]["public"] = f"{url}/coinbase"
    exchange.urls["api"]["ws"] = sockets(url, "coinbase-ws")
    trades, ticker = run(watched(exchange, watch))
    assert trades[-1]["symbol"] == "BTC/USD" and trades[-1]["amount"] > 0
    assert ticker["low"] <= ticker["last"] <= ticker["high"] and ticker["bid"] < ticker["ask"]


def test_ccxt_watches_krakens_trades_tickers_and_candles(url):
    async def watch(exchange):
        trades = await exchange.watch_trades("BTC/USD")
        ticker = await exchange.watch_ticker("DOGE/USD")
        candles = await exchange.watch_ohlcv("BTC/USD", "1m")
        return trades, ticker, candles

    exchange = ccxt.pro.kraken()
    exchange.urls["api"]["public"] = f"{url}/kraken"
    exchange.urls["api"]["ws"]["publicV2"] = f"{sockets(url, 'kraken-ws')}/v2"
    trades, ticker, candles = run(watched(exchange, watch))
    assert trades[-1]["symbol"] == "BTC/USD" and trades[-1]["amount"] > 0
    assert ticker["low"] <= ticker["last"] <= ticker["high"] and ticker["bid"] < ticker["ask"]
    assert float(candles[-1][3]) <= float(candles[-1][4]) <= float(candles[-1][2])
