"""The collector listens to each of the simulator's venues, and refills what a cut cost it there too."""

import json
import threading
from collections import Counter

import pytest
import requests
import trustme
import uvicorn

from coinlake.keys import RawKey
from simulator.app import create_app
from simulator.quotas import Quotas
from simulator.sources import path
from tests.integration.stream.faulty_aws import FaultyAws
from tests.integration.stream.process import CollectorProcess, free_port
from tests.integration.stream.rig import SHORT_TIMEOUTS, Rig, configuration, surroundings
from tests.patience import PATIENCE_SECONDS, wait_until

MAX_CUTS = 6
STREAMS = {
    "streams": ["btcusdt@trade", "btcusdt@miniTicker", "ethusdt@bookTicker", "btcusdt@kline_1m"],
    "coinbase": {"products": ["BTC-USD"], "channels": ["ticker", "matches"]},
    "kraken": {"markets": ["BTCUSD", "DOGEUSD"], "channels": ["ticker", "trade", "ohlc"]},
}


@pytest.fixture
def simulator(tmp_path):
    authority, port = trustme.CA(), free_port()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    chain = tmp_path / "chain.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(chain)
    config = uvicorn.Config(
        create_app(quotas=Quotas(limits={"kraken": 0})),
        port=port,
        ssl_certfile=chain,
        ws="websockets-sansio",
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until("the simulator", lambda: server.started)
    yield f"https://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)


def order(url, folder, **document):
    answer = requests.put(
        f"{url}/_streams", json=document, verify=str(folder / "ca.pem"), timeout=PATIENCE_SECONDS
    )
    answer.raise_for_status()


def holes(trades):
    ids = Counter(trades)
    return set(range(min(ids), max(ids) + 1)) - set(ids), [one for one, count in ids.items() if count > 1]


def coinbase_trades(rig):
    live = [line["frame"]["trade_id"] for line in rig.lines("trades") if "trade_id" in line["frame"]]
    past = [
        entry["trade_id"]
        for key, body in rig.objects("trade_history")
        if key.source == "coinbase"
        for entry in json.loads(body)
    ]
    return live + past, past


def kraken_trades(rig, market="BTCUSD"):
    """Ids of a market's trades, live and by REST; a message may bring several."""
    symbol, pair = f"{market[:-3]}/{market[-3:]}", market.replace("BTC", "XBT").replace("DOGE", "XDG")
    rows = [row for line in rig.lines("trades") for row in line["frame"].get("data", ()) if "ord_type" in row]
    past = [
        trade[6]
        for key, body in rig.objects("trade_history")
        if key.source == "kraken" and key.slot.parts[0] == f"{pair[:-3]}-USD"
        for name, trades in json.loads(body)["result"].items()
        if name != "last"
        for trade in trades
    ]
    return [row["trade_id"] for row in rows if row["symbol"] == symbol] + past, past


def test_frames_of_every_simulated_venue_land_without_a_hole(simulator, tmp_path):
    socket = simulator.replace("https", "wss")
    with FaultyAws(1) as aws:
        rest = {name: f"{simulator}{path(name)}" for name in ("binance", "coinbase", "kraken")}
        aws.s3.put_object(Bucket="artifacts", Key="config.json", Body=configuration(**rest))
        urls = {"binance": f"{socket}/binance-ws", "coinbase": f"{socket}/coinbase-ws"}
        urls["kraken"] = f"{socket}/kraken-ws/v2"
        environment = surroundings(tmp_path, aws, STREAMS, urls)
        collector = CollectorProcess(environment, SHORT_TIMEOUTS, tmp_path / "log")
        rig = Rig(None, aws, collector, tmp_path / "spool")
        order(simulator, tmp_path, rates={"trade": 20, "bookTicker": 20, "miniTicker": 10, "kline": 10})
        try:
            collector.start()
            collector.until(lambda health: health["committed"] > 150)
            for _ in range(MAX_CUTS):  # a reconnect may be so quick that no trade is missed
                order(simulator, tmp_path, now=[{"do": "disconnect"}])
                target = collector.ask()["frames"] + 150
                collector.until(
                    lambda health, frames=target: health["frames"] > frames and not health["trades_missing"]
                )
                if coinbase_trades(rig)[1] and kraken_trades(rig)[1]:
                    break
            assert collector.stop() == 0
        finally:
            collector.end()
        trades, refilled = coinbase_trades(rig)
        assert holes(trades) == (set(), []) and refilled
        assert kraken_trades(rig)[1]
        for market in ("BTCUSD", "DOGEUSD"):
            assert holes(kraken_trades(rig, market)[0]) == (set(), [])
        datasets = {(key.source, key.dataset) for key in map(RawKey.parse, aws.listed())}
        assert datasets >= {("binance", name) for name in ("trades", "tickers", "book_tickers", "klines")}
        assert ("coinbase", "tickers") in datasets
        assert datasets >= {("kraken", name) for name in ("trades", "tickers", "klines")}
        trusted, rejected = rig.trusted()
        assert rejected == 0 and set(trusted.values()) == {1}
