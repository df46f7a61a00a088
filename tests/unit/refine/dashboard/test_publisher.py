"""What a run puts into the site bucket, and when."""

import json
from typing import Any

import pyarrow as pa

from coinlake import parquet
from coinlake.keys import GapsKey, Partition
from coinlake.tables import tables
from refine.dashboard.health import HealthReader
from refine.partitions import RefinedZone
from tests.unit.refine.dashboard.conftest import NOW, SOON, remember
from tests.unit.refine.world import Lake, quote, quotes


def test_a_run_publishes_gaps_prices_and_attributions(publisher, reader):
    gap = {"source": "coinbase", "base": "BTC", "quote": "USD", "open_time": NOW, "raw_key": None}
    rows = [
        gap | {"buckets": 3, "state": "no_trade", "evidence": "x"},
        gap | {"buckets": 9, "state": "present"},
    ]
    body = parquet.encode(tables()["gaps"], pa.Table.from_pylist(rows, tables()["gaps"].schema))
    reader.lake.put(str(GapsKey("coinbase", Partition.month("2026-03", interval="1h"))), body)
    publisher.publish(frozenset({SOON}), filled(reader))
    assert read(reader, "health.json")["gaps"] == [
        {
            "source": "coinbase",
            "base": "BTC",
            "quote": "USD",
            "interval": "1h",
            "status": "no_trade",
            "buckets": 3,
        }
    ]
    assert [asset["base"] for asset in read(reader, "watchlist.json")["assets"]] == ["BTC"]
    assert read(reader, "candles/index.json") == {"markets": {}}
    assert [entry["source"] for entry in read(reader, "sources.json")["attributions"]] == [
        "coinbase",
        "coingecko",
    ]


def test_only_what_changed_is_put_again(publisher, reader, calls):
    parts = filled(reader)
    assert publisher.publish(frozenset({SOON}), parts) == 4
    calls.clear()
    assert publisher.publish(frozenset({SOON}), parts) == 0
    assert calls["PutObject"] == 0
    remember(reader, "feed#coins", "latest", slot_time="2026-03-05T12:00:00.000000+00:00")
    assert publisher.publish(frozenset(), parts) == 1


def test_the_index_keeps_the_candles_of_earlier_runs(publisher, reader):
    publisher.site.put("data/candles/ETH/1h.json", b"{}")
    publisher.publish(frozenset(), filled(reader))
    assert read(reader, "candles/index.json") == {"markets": {"ETH": {"intervals": ["1h"]}}}


def test_files_are_stored_so_that_a_browser_revalidates_each_time(publisher, reader):
    publisher.publish(frozenset(), filled(reader))
    stored = reader.lake.client.head_object(Bucket="site", Key="data/health.json")
    assert (stored["CacheControl"], stored["ContentType"]) == ("no-cache", "application/json")


def filled(reader: HealthReader) -> RefinedZone:
    """A lake with one price."""
    lake = Lake()
    lake.take([quotes(quote("coingecko", "BTC", "USD", NOW, 7))])
    for part, body in lake.bodies.items():
        reader.lake.put(part.key, body)
    return RefinedZone(reader.lake)


def read(reader: HealthReader, name: str) -> dict[str, Any]:
    return json.loads(reader.lake.client.get_object(Bucket="site", Key=f"data/{name}")["Body"].read())
