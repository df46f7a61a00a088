"""CoinDesk Data: keys, the index's ticks, and the spot history of Coinbase and Binance."""

import pytest

from simulator.quotas import Quotas
from tests.unit.simulator.asgi import NOW, Client

CLIENT = Client()
HOUR = 3_600
NEWEST = int(NOW) // HOUR * HOUR
TICK = "/index/cc/v1/latest/tick?market=cadli&instruments="
SPOT = "/spot/v1/historical"


def get(path, client=CLIENT):
    return client.get(f"/coindesk{path}", x_api_key="key")


def bars(unit="hours", market="coinbase", instrument="BTC-USD", **parameters):
    query = "".join(f"&{name}={value}" for name, value in parameters.items())
    reply = get(f"{SPOT}/{unit}?market={market}&instrument={instrument}{query}")
    assert reply.status == 200, reply.text
    assert reply.json["Err"] == {}
    return reply.json["Data"]


def test_without_a_key_there_is_nothing():
    client = Client(quotas=Quotas(keys={"coindesk": "right"}))
    refused = client.get(f"/coindesk{TICK}BTC-USD")
    assert refused.status == 401
    assert refused.json["Err"]["message"].startswith("API key required")
    for headers in ({"x_api_key": "right"}, {"authorization": "Apikey right"}):
        assert client.get(f"/coindesk{TICK}BTC-USD", **headers).status == 200
    assert client.get(f"/coindesk{TICK}BTC-USD&api_key=right").status == 200
    assert client.get(f"/coindesk{TICK}BTC-USD", x_api_key="wrong").status == 401


def test_ticks_come_by_instrument_and_an_unknown_one_is_absent():
    body = get(f"{TICK}BTC-USD,NOPE-USD,ETH-USD").json
    assert list(body["Data"]) == ["BTC-USD", "ETH-USD"] and body["Err"] == {}
    tick = body["Data"]["BTC-USD"]
    ticker = CLIENT.get("/coinbase/products/BTC-USD/ticker").json
    assert tick["VALUE"] == pytest.approx(float(ticker["price"]), rel=1e-3)
    assert NOW - 60 < tick["VALUE_LAST_UPDATE_TS"] <= NOW
    for period in ("CURRENT_DAY", "MOVING_24_HOUR"):
        assert tick[f"{period}_LOW"] <= tick["VALUE"] <= tick[f"{period}_HIGH"]


def test_history_is_oldest_first_and_agrees_with_its_venue():
    rows = bars(limit=300)
    assert [row["TIMESTAMP"] for row in rows] == list(range(NEWEST - 299 * HOUR, NEWEST + 1, HOUR))
    candles = CLIENT.get("/coinbase/products/BTC-USD/candles?granularity=3600").json[:300]
    for row, (time, low, high, begin, end, volume) in zip(reversed(rows), candles, strict=True):
        assert (row["TIMESTAMP"], row["LOW"], row["HIGH"]) == (time, low, high)
        assert (row["OPEN"], row["CLOSE"], row["VOLUME"]) == (begin, end, pytest.approx(volume))


def test_binance_is_another_market_with_another_quote():
    (row,) = bars("days", "binance", "BTC-USDT", limit=1, to_ts=NEWEST - 1)
    (kline,) = CLIENT.get(
        f"/binance/api/v3/klines?symbol=BTCUSDT&interval=1d&limit=1&endTime={NEWEST * 1000 - 1}"
    ).json
    assert (row["QUOTE"], row["OPEN"], row["TOTAL_TRADES"]) == ("USDT", float(kline[1]), kline[8])


def test_the_bucket_of_to_ts_is_the_last():
    rows = bars(limit=3, to_ts=NEWEST - HOUR)
    assert [row["TIMESTAMP"] for row in rows] == [NEWEST - back * HOUR for back in (3, 2, 1)]


def test_idle_minutes_are_flat_with_fill_and_absent_without():
    filled = bars("minutes", instrument="SHIB-USD", limit=200)
    traded = bars("minutes", instrument="SHIB-USD", limit=200, fill="false")
    assert len(filled) == 200 > len(traded) > 20
    idle = [row for row in filled if not row["TOTAL_TRADES"]]
    assert len(filled) - len(idle) == len(traded)
    assert all(row["OPEN"] == row["HIGH"] == row["LOW"] == row["CLOSE"] and not row["VOLUME"] for row in idle)


def test_a_delisted_instrument_ends_with_its_last_bucket():
    assert bars("days", instrument="OLD-USD", limit=1)[0]["TIMESTAMP"] == 1_719_705_600 - 86_400


@pytest.mark.parametrize(
    ("path", "status", "parameter"),
    [
        (f"{SPOT}/hours?market=kraken&instrument=BTC-USD", 400, "market"),
        (f"{SPOT}/hours?market=coinbase&instrument=TRX-USD", 404, "instrument"),
        (f"{SPOT}/hours?market=coinbase&instrument=BTC-USD&limit=2001", 400, "limit"),
        (f"{SPOT}/hours?market=coinbase&instrument=BTC-USD&limit=0", 400, "limit"),
        (f"{SPOT}/hours?market=coinbase&instrument=BTC-USD&to_ts=now", 400, "to_ts"),
        (f"{TICK}NOPE-USD", 404, "instruments"),
        ("/index/cc/v1/latest/tick?market=x&instruments=BTC-USD", 400, "market"),
        (f"{SPOT}/weeks", 404, "path"),
    ],
)
def test_errors_come_in_the_envelope(path, status, parameter):
    reply = get(path)
    assert (reply.status, reply.json["Data"]) == (status, {})
    assert reply.json["Err"]["other_info"] == {"param": parameter}
