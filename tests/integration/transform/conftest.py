"""The transform function between a raw and a lake bucket of moto's."""

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.client import BaseClient

from coinlake.records import LedgerEntry
from coinlake.s3_events import ObjectRef, created_event
from transform import handler

CONFIG = {
    "assets": {
        "BTC": {"coingecko": "bitcoin", "coinbase": "BTC"},
        "ETH": {"coingecko": "ethereum", "coinbase": "ETH"},
    },
    "sources": {},
    "feeds": {},
    "price_rules": {},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
}
ENVIRONMENT = {
    "RAW_BUCKET": "raw",
    "LAKE_BUCKET": "lake",
    "CONFIG_BUCKET": "artifacts",
    "CONFIG_KEY": "config/test.json",
    "CODE_VERSION": "version-1",
    "MAX_RAW_MB": "1",
}


@dataclass
class Line:
    """Puts raw objects, runs the function on messages, reads what it wrote."""

    s3: BaseClient
    context: Any
    monkeypatch: pytest.MonkeyPatch
    calls: list[str] = field(default_factory=list)

    def start(self, **environment: str) -> None:
        """A new container, as after a deployment."""
        for name, value in {**ENVIRONMENT, **environment}.items():
            self.monkeypatch.setenv(name, value)
        handler.wire.cache_clear()
        client = handler.wire().raw.client
        client.meta.events.register("before-send.s3", lambda **_: None)
        client.meta.events.register("before-call.s3", lambda model, **_: self.calls.append(model.name))

    def put(self, key: str, body: bytes, **metadata: str) -> str:
        """A raw object of these bytes, and the message that S3 would send."""
        answer = self.s3.put_object(Bucket="raw", Key=key, Body=body, Metadata=metadata)
        return created_event(ObjectRef("raw", key, len(body), answer["ETag"].strip('"')))

    def put_rows(
        self, key: str, rows: Any, fetched_at: str = "2026-11-20T01:00:02.5+00:00", **more: str
    ) -> str:
        text = rows if isinstance(rows, str) else json.dumps(rows)
        return self.put(key, gzip.compress(text.encode(), mtime=0), fetched_at=fetched_at, **more)

    def run(self, *bodies: str) -> list[str]:
        """The ids, ``message-<place in bodies>``, of the messages that failed."""
        records = [{"messageId": f"message-{n}", "body": body} for n, body in enumerate(bodies)]
        self.calls.clear()
        answer = handler.handler({"Records": records}, self.context)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def everything(self) -> dict[str, bytes]:
        """Key to bytes of the whole lake bucket."""
        listed = self.s3.list_objects_v2(Bucket="lake").get("Contents", [])
        return {entry["Key"]: self.body(entry["Key"]) for entry in listed}

    def body(self, key: str) -> bytes:
        return self.s3.get_object(Bucket="lake", Key=key)["Body"].read()

    def ledger(self, key: str) -> LedgerEntry:
        return LedgerEntry.from_json(self.body(key))

    def table(self, key: str) -> pa.Table:
        return pq.read_table(io.BytesIO(self.body(key)))

    def quarantine(self, key: str) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.body(key).splitlines()]


@pytest.fixture
def line(s3: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    s3.put_object(Bucket="artifacts", Key=ENVIRONMENT["CONFIG_KEY"], Body=json.dumps(CONFIG))
    line = Line(s3, context, monkeypatch)
    line.start()
    yield line
    handler.wire.cache_clear()
