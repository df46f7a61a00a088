"""Refined and the dashboard's files keep their bytes: golden.json holds the SHA-256 of each.

They come from trusted files of every table, in two runs, the second with revisions of what the first
merged. After a change of the bytes that is meant, write golden.json anew and say why in CHANGELOG.md:

    GOLDEN=write .venv/bin/python -m pytest tests/integration/refine/test_golden.py
"""

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import boto3
import pytest

from coinlake.config import LakeConfig
from coinlake.feeds import Feed
from coinlake.keys import GapsKey, Partition, RawKey, Slot
from coinlake.tables import refined, tables
from refine import handler
from tests.unit.refine.world import Row, world

GOLDEN = Path(__file__).parent / "golden.json"
NOW = datetime(2026, 4, 5, 12, 5, tzinfo=UTC)
START = datetime(2026, 4, 1, tzinfo=UTC)
# What the shaped rows of ``world`` do not cover: each trusted table that has no derived tables' rules.
PLAIN = ("tickers", "trades", "book_tickers", "stream_gaps", "price_points", "assets", "rates")
FEEDS = (
    Feed("coins", "coingecko", "quotes", "USD", "5m", (), 3, 1, 30, enabled=True),
    Feed("hours", "coinbase", "candles", "USD", "1h", ("BTC",), None, 24, 30, enabled=True),
    Feed("off", "coincap", "quotes", "USD", "5m", (), 3, 1, 30, enabled=False, off_reason="no key"),
)
CONFIG = LakeConfig(
    {}, {}, {feed.name: feed for feed in FEEDS}, (), None, private_sources=False, environment="local"
)
Trusted = tuple[str, str, RawKey, list[Row]]


def shaped(seed: int, events: int, revision: int = 0) -> Iterator[Trusted]:
    """The last quotes, candles and sentiment of ``world``, a trusted file for each event and source."""
    for number, (part, rows) in enumerate(world(seed)[-events:]):
        for source, some in groupby(sorted(rows, key=lambda row: row["source"]), lambda row: row["source"]):
            found = list(some)
            moment = min(row.get("observed_at") or row["open_time"] for row in found)
            key = RawKey(source, part.table, Slot(moment.replace(microsecond=0), (f"n{number}",), revision))
            partition = part.partition if part.table != "sentiment" else f"dt={moment:%Y-%m-%d}"
            yield (
                part.table,
                partition,
                key,
                [{"index": "fear_and_greed", **row, "raw_key": str(key)} for row in found],
            )


def plain(table: str, revision: int = 0) -> Iterator[Trusted]:
    """Three files of two markets, of which the second and the third overlap."""
    for file in range(3):
        key = RawKey("binance", table, Slot(START + timedelta(hours=file), ("shard",), revision), "jsonl")
        rows = [_row(table, number, key) for number in range(40 * file, 40 * file + 60)]
        partition = "month=2026-04" if table == "price_points" else "dt=2026-04-01"
        yield table, partition, key, rows


def _row(table: str, number: int, key: RawKey) -> Row:
    """A row whose values follow from its number; two rows of a number have one natural key."""
    market, values = ("BTC", "ETH")[number % 2], {}
    for field in tables()[table].schema:
        kind = str(field.type)
        if kind.startswith("timestamp"):
            values[field.name] = START + timedelta(seconds=number)
        elif kind.startswith("decimal"):
            values[field.name] = Decimal(number * 7 % 11 + 1) / 8
        elif kind.startswith("int"):
            values[field.name] = number
        elif kind == "bool":
            values[field.name] = number % 3 == 0
        else:
            values[field.name] = f"{field.name}-{number % 5}"
    texts = {
        **{"source": key.source, "base": market, "quote": "USDT", "raw_symbol": f"{market}USDT"},
        **{"stream": f"{market.lower()}usdt@{table}", "raw_key": str(key), "received_at": key.slot.time},
        **{"asset_id": f"id-{number}", "rate_id": f"rate-{number}", "name": None},
    }
    return values | {name: text for name, text in texts.items() if name in values}


def coin_names() -> Trusted:
    key = RawKey("coingecko", "assets", Slot(START + timedelta(days=4), ("list",)))
    coins = {"BTC": "Bitcoin", "ETH": "Ethereum"}
    rows = [_row("assets", n, key) | {"base": base, "name": coins[base]} for n, base in enumerate(coins)]
    return "assets", "dt=2026-04-05", key, rows


def prepare(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site, notify's state table, a gap, and a clock that stands still."""
    line.s3.create_bucket(Bucket="site")
    monkeypatch.setattr(LakeConfig, "load", lambda *_: CONFIG)
    boto3.client("dynamodb").create_table(
        TableName="state",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    gap = {"source": "coinbase", "base": "BTC", "quote": "USD", "open_time": START + timedelta(hours=9)}
    rows = [gap | {"buckets": 3, "state": "no_trade", "evidence": "answered without it", "raw_key": "raw/x"}]
    key = str(GapsKey("coinbase", Partition.month("2026-04", interval="1h")))
    line.put_parquet(key, tables()["gaps"], rows)
    monkeypatch.setenv("SITE_BUCKET", "site")
    line.start()
    object.__setattr__(handler.stage().publisher, "clock", lambda: NOW)


def hashes(line: Any) -> dict[str, str]:
    found = {}
    for bucket, prefix in (("lake", "refined/"), ("site", "data/")):
        pages = line.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for key in [entry["Key"] for page in pages for entry in page.get("Contents", ())]:
            body = line.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            found[f"{bucket}/{key}"] = hashlib.sha256(body).hexdigest()
    return found


@pytest.mark.filterwarnings("ignore:No application metrics")
def test_refined_and_site_files_keep_their_bytes(line, monkeypatch: pytest.MonkeyPatch):
    prepare(line, monkeypatch)
    first = [*shaped(7, 170), coin_names(), *(file for table in PLAIN for file in plain(table))]
    assert line.run(*(line.put(*file) for file in first)) == []
    revised = [*shaped(8, 40, revision=1), *(file for table in PLAIN for file in plain(table, 1))]
    assert line.run(*(line.put(*file) for file in revised)) == []
    found = hashes(line)
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n")
    golden = json.loads(GOLDEN.read_text())
    assert {key for key in found.keys() | golden if found.get(key) != golden.get(key)} == set()


def test_the_golden_holds_every_refined_table_and_every_file_of_the_dashboard():
    names = defaultdict(set)
    for key in json.loads(GOLDEN.read_text()):
        bucket, _, rest = key.partition("/")
        names[bucket].add(rest.split("/")[1])
    assert names["lake"] == set(refined())
    assert names["site"] == {"watchlist.json", "market.json", "health.json", "sources.json", "candles"}
