"""The refine function over a lake bucket and a queue of moto's."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import EndpointConnectionError

from coinlake import parquet
from coinlake.keys import RawKey
from coinlake.observability import logger
from coinlake.retries import Backoff
from coinlake.s3_events import ObjectRef, created_event
from coinlake.tables import Table, tables
from refine import handler
from tests.integration.conftest import FakeContext


class Killed(BaseException):
    """What SIGKILL is to a process: nothing in the function may catch it."""


@dataclass
class Line:
    """Puts trusted files, runs the function, reads what it wrote.

    ``calls`` are the S3 calls of the last run with their keys. ``kill`` is (phase, n): the run dies
    before or after its call n. ``broken`` is (operation, key prefix): such calls cannot reach S3.
    """

    s3: Any
    sqs: Any
    queue_url: str
    context: Any
    calls: list[tuple[str, str]] = field(default_factory=list)
    kill: tuple[str, int] | None = None
    broken: tuple[str, str] | None = None
    log: io.StringIO = field(default_factory=io.StringIO)

    def start(self) -> None:
        """A new container."""
        handler.stage.cache_clear()
        events = handler.stage().lake.client.meta.events
        events.register("provide-client-params.s3", self._before)
        events.register("after-call.s3", self._after)

    def put(self, table: str, partition: str, key: RawKey, rows: list[dict[str, Any]]) -> str:
        """A trusted file, and the message that S3 would send."""
        declared = tables()[table]
        known = [{name: row.get(name) for name in declared.schema.names} for row in rows]
        body = parquet.encode(declared, pa.Table.from_pylist(known, declared.schema))
        return self.put_body(str(key.trusted(table, partition)), body)

    def put_parquet(self, key: str, table: Table, rows: list[dict[str, Any]]) -> None:
        self.put_body(key, parquet.encode(table, pa.Table.from_pylist(rows, table.schema)))

    def put_body(self, key: str, body: bytes) -> str:
        self.s3.put_object(Bucket="lake", Key=key, Body=body)
        return created_event(ObjectRef("lake", key, len(body)))

    def run(self, *bodies: str) -> list[str]:
        """As a queue's mapping invokes it: the ids, ``message-<place in bodies>``, of what failed."""
        records = [{"messageId": f"message-{n}", "body": body} for n, body in enumerate(bodies)]
        self.calls.clear()
        answer = handler.handler({"Records": records}, self.context)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)

    def waiting(self) -> int:
        """Messages in the queue, those in somebody's hands included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)["Attributes"]
        return sum(int(counts[name]) for name in names)

    def run_scheduled(self, **event: str) -> dict[str, Any]:
        self.calls.clear()
        answer: dict[str, Any] = handler.handler(event or {"refine": "2026-11-21T07:00:00Z"}, self.context)
        return answer

    def refined(self) -> dict[str, bytes]:
        """Key to bytes of the refined zone."""
        listed = self.s3.list_objects_v2(Bucket="lake", Prefix="refined/").get("Contents", [])
        return {entry["Key"]: self.body(entry["Key"]) for entry in listed}

    def body(self, key: str) -> bytes:
        stored: bytes = self.s3.get_object(Bucket="lake", Key=key)["Body"].read()
        return stored

    def rows(self, key: str) -> list[dict[str, Any]]:
        with pq.ParquetFile(io.BytesIO(self.body(key))) as file:
            rows: list[dict[str, Any]] = file.read().to_pylist()
        return rows

    def counted(self, operation: str) -> Counter[str]:
        """How often the last run called an operation, by key."""
        return Counter(key for name, key in self.calls if name == operation)

    def _before(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        key = params.get("Key", params.get("Prefix", ""))
        self.calls.append((model.name, key))
        if self.broken and model.name == self.broken[0] and key.startswith(self.broken[1]):
            raise EndpointConnectionError(endpoint_url="https://s3.invalid")
        if self.kill == ("before", len(self.calls)):
            raise Killed

    def _after(self, **_: Any) -> None:
        if self.kill == ("after", len(self.calls)):
            raise Killed


@pytest.fixture
def line(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    sqs = boto3.client("sqs")
    queue_url = sqs.create_queue(QueueName="refine")["QueueUrl"]
    environment = {
        "LAKE_BUCKET": "lake",
        "QUEUE_URL": queue_url,
        "CONFIG_BUCKET": "artifacts",
        "CONFIG_KEY": "config/test.json",
        "BATCH_MINUTES": "15",
        "DERIVE_MINUTES": "15",
        "STATE_TABLE": "state",
        "DEAD_LETTER_QUEUES": "{}",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("coinlake.queues.WAIT_SECONDS", 0)
    monkeypatch.setattr("refine.partitions.REFINED_WRITE", Backoff(0.001, 0.1, attempts=20))
    s3.put_object(Bucket="artifacts", Key="config/test.json", Body=json.dumps({}))
    line = Line(s3, sqs, queue_url, FakeContext(remaining_ms=300_000))
    monkeypatch.setattr(logger.registered_handler, "stream", line.log)
    line.start()
    yield line
    handler.stage.cache_clear()
