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
from botocore.exceptions import EndpointConnectionError

from coinlake.observability import logger
from coinlake.records import LedgerEntry
from coinlake.s3_events import ObjectRef, created_event
from transform import handler

CONFIG = {
    "assets": {
        "BTC": {"coingecko": "bitcoin", "coinbase": "BTC", "binance": "BTC"},
        "ETH": {"coingecko": "ethereum", "coinbase": "ETH"},
    },
    "sources": {},
    "feeds": {},
    "alert_rules": {},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
    "environment": "local",
}
ENVIRONMENT = {
    "RAW_BUCKET": "raw",
    "LAKE_BUCKET": "lake",
    "CONFIG_BUCKET": "artifacts",
    "CONFIG_KEY": "config/test.json",
    "CODE_VERSION": "version-1",
    "MAX_RAW_MB": "1",
}


class Killed(BaseException):
    """What SIGKILL is to a process: nothing in the function may catch it."""


@dataclass
class Line:
    """Puts raw objects, runs the function on messages, reads what it wrote.

    ``calls`` are the AWS calls of the last run. ``kill`` is (phase, n): the run dies before or
    after its call n. ``broken`` is (operation, key prefix): such calls cannot reach S3.
    """

    s3: Any
    context: Any
    monkeypatch: pytest.MonkeyPatch
    calls: list[str] = field(default_factory=list)
    kill: tuple[str, int] | None = None
    broken: tuple[str, str] | None = None
    log: io.StringIO = field(default_factory=io.StringIO)

    def start(self, **environment: str) -> None:
        """A new container, as after a deployment."""
        for name, value in {**ENVIRONMENT, **environment}.items():
            self.monkeypatch.setenv(name, value)
        handler.stage.cache_clear()
        events = handler.stage().raw.client.meta.events
        events.register("provide-client-params.s3", self._break)
        events.register("before-call.s3", self._before)
        events.register("after-call.s3", self._after)

    def put(self, key: str, body: bytes, **metadata: str) -> str:
        """A raw object of these bytes, and the message that S3 would send."""
        answer = self.s3.put_object(Bucket="raw", Key=key, Body=body, Metadata=metadata)
        return created_event(ObjectRef("raw", key, len(body), answer["ETag"].strip('"')))

    def put_rows(
        self, key: str, rows: Any, fetched_at: str = "2026-11-20T01:00:02.5+00:00", **more: str
    ) -> str:
        """As ``put``, of rows given as JSON text or as what json.dumps writes."""
        text = rows if isinstance(rows, str) else json.dumps(rows)
        return self.put(key, gzip.compress(text.encode(), mtime=0), fetched_at=fetched_at, **more)

    def run(self, *bodies: str) -> list[str]:
        """The ids, ``message-<place in bodies>``, of the messages that failed."""
        records = [{"messageId": f"message-{n}", "body": body} for n, body in enumerate(bodies)]
        self.calls.clear()
        answer = handler.handler({"Records": records}, self.context)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def run_and_die(self, body: str, phase: str, call: int) -> None:
        """Run, dying there; then only what S3 holds is left of the run."""
        self.kill = (phase, call)
        with pytest.raises(Killed):
            self.run(body)
        self.kill = None

    def everything(self) -> dict[str, bytes]:
        """Key to bytes of the whole lake bucket."""
        listed = self.s3.list_objects_v2(Bucket="lake").get("Contents", [])
        return {entry["Key"]: self.body(entry["Key"]) for entry in listed}

    def body(self, key: str) -> bytes:
        stored: bytes = self.s3.get_object(Bucket="lake", Key=key)["Body"].read()
        return stored

    def ledger(self, key: str) -> LedgerEntry:
        return LedgerEntry.from_json(self.body(key))

    def table(self, key: str) -> pa.Table:
        return pq.read_table(io.BytesIO(self.body(key)))

    def logged(self, message: str) -> list[dict[str, Any]]:
        """The log's entries of this message."""
        entries = map(json.loads, self.log.getvalue().splitlines())
        return [entry for entry in entries if entry["message"] == message]

    def quarantine(self, key: str) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.body(key).splitlines()]

    def _break(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self.broken and model.name == self.broken[0] and params["Key"].startswith(self.broken[1]):
            raise EndpointConnectionError(endpoint_url="https://s3.invalid")

    def _before(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        if self.kill == ("before", len(self.calls)):
            raise Killed

    def _after(self, **_: Any) -> None:
        if self.kill == ("after", len(self.calls)):
            raise Killed


@pytest.fixture
def line(s3: Any, context: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    s3.put_object(Bucket="artifacts", Key=ENVIRONMENT["CONFIG_KEY"], Body=json.dumps(CONFIG))
    line = Line(s3, context, monkeypatch)
    monkeypatch.setattr(logger.registered_handler, "stream", line.log)
    line.start()
    yield line
    handler.stage.cache_clear()
