"""The transform function as Lambda would start it, on the bench's S3."""

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.server import CONFIG, LAKE, RAW, Server
from coinlake.keys import RawKey
from coinlake.s3_events import ObjectRef, created_event

CONFIGURATION = {
    "environment": "bench",
    "assets": {},
    "sources": {},
    "feeds": {},
    "alert_rules": {},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
}


@dataclass(slots=True)
class Wired:
    """``calls`` are the AWS calls of the last run."""

    s3: Any
    key: RawKey
    event: dict[str, Any]
    calls: Counter[str] = field(default_factory=Counter)

    @classmethod
    def on(cls, server: Server, raw_key: str) -> "Wired":
        s3 = server.client()
        s3.put_object(Bucket=LAKE, Key=CONFIG, Body=json.dumps(CONFIGURATION))
        os.environ.update(
            AWS_ENDPOINT_URL=server.endpoint,
            RAW_BUCKET=RAW,
            LAKE_BUCKET=LAKE,
            CONFIG_BUCKET=LAKE,
            CONFIG_KEY=CONFIG,
            CODE_VERSION="bench",
            MAX_RAW_MB="4096",
        )
        body = created_event(ObjectRef(RAW, raw_key))
        wired = cls(s3, RawKey.parse(raw_key), {"Records": [{"messageId": "bench", "body": body}]})
        _handler().stage().raw.client.meta.events.register("before-call", wired._count)
        return wired

    def forget(self) -> None:
        """As if the object had never been transformed."""
        self.s3.delete_object(Bucket=LAKE, Key=str(self.key.ledger()))
        self.calls.clear()

    def run(self) -> None:
        """One message through the handler."""
        if _handler().handler(self.event, _Context())["batchItemFailures"]:
            raise RuntimeError("the handler failed; its log says why")

    def ledger(self) -> dict[str, Any]:
        entry = self.s3.get_object(Bucket=LAKE, Key=str(self.key.ledger()))["Body"].read()
        document: dict[str, Any] = json.loads(entry)
        return document

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1


@dataclass(frozen=True, slots=True)
class _Context:
    """What the handler reads of Lambda's context."""

    function_name: str = "bench"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    aws_request_id: str = "bench"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def _handler() -> Any:
    from transform import handler  # noqa: PLC0415 - after the environment is set

    return handler
