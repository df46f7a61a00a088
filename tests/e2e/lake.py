"""How the end-to-end tests reach into the deployed lake: only through what a user's AWS has too."""

import io
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from coinlake import keys, stores
from coinlake.keys import RawKey, TrustedKey
from coinlake.queues import Queue
from coinlake.records import LedgerEntry, Rejection, parse_quarantine
from coinlake.s3_events import ObjectRef, created_event
from ops.local.mailbox import Mail, Mailbox
from ops.stack import Stack

POLL_SECONDS = 0.5
REST_SECONDS = 4  # longer than a run of ingest against the simulator takes
# On a busy machine an invocation may run into its minute, and its message comes again after six.
REDELIVERED_SECONDS = 600
CAP = 1 << 24


@dataclass
class Lake:
    stack: Stack
    mailbox: Mailbox
    mails: list[Mail] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return self.stack.aws.client(service)

    def wait(self, what: str, done: Callable[[], bool], seconds: float = 180) -> None:
        """Poll until ``done``, or fail with what was awaited."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
            time.sleep(POLL_SECONDS)

    def received(self) -> list[Mail]:
        """All mails so far."""
        self.mails += self.mailbox.take()
        return self.mails

    def put_raw(self, key: RawKey, body: bytes, fetched_at: str) -> None:
        """Land an object as ingest does: compressed, with its metadata, never over another."""
        self.stack.raw.put(
            str(key),
            stores.compressed(body),
            metadata={"fetched_at": fetched_at, "status": "200", "sha256": stores.sha256(body)},
            IfNoneMatch="*",
        )

    def redeliver(self, raw_keys: Iterable[RawKey]) -> None:
        """Queue the objects' events again, as S3 may at any time."""
        for key in raw_keys:
            etag = self.stack.raw.head(str(key)).etag
            body = created_event(ObjectRef(self.stack.raw_bucket, str(key), None, etag))
            self.stack.queue("transform").send([body])

    def depth(self, queue: Queue) -> int:
        """Messages waiting, delayed or in flight."""
        names = ["", "NotVisible", "Delayed"]
        wanted = [f"ApproximateNumberOfMessages{name}" for name in names]
        counts = self.client("sqs").get_queue_attributes(QueueUrl=queue.url, AttributeNames=wanted)[
            "Attributes"
        ]
        return sum(int(counts[name]) for name in wanted)

    @contextmanager
    def redelivery(self, stage: str, seconds: int) -> Iterator[None]:
        """A stage's messages that are received meanwhile come again so soon if they fail."""
        url, name = self.stack.queue(stage).url, "VisibilityTimeout"
        sqs = self.client("sqs")
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: str(seconds)})
        try:
            yield
        finally:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    def settle(self, seconds: float = REDELIVERED_SECONDS) -> None:
        """Wait until every queue is empty, twice in a row: the last event may be on its way."""
        queues = [self.stack.queue("transform"), self.stack.queue("notify")]
        quiet = 0

        def done() -> bool:
            nonlocal quiet
            quiet = 0 if any(self.depth(queue) for queue in queues) else quiet + 1
            return quiet > 3

        self.wait("the queues to drain", done, seconds)

    def at_rest(self) -> bool:
        """Whether no run is under way any more: nothing has come for a while, and all is committed."""
        before = self.raw_keys()
        time.sleep(REST_SECONDS)
        return before == self.raw_keys() and self.committed(map(RawKey.parse, before))

    def raw_keys(self) -> list[str]:
        return list(self.stack.raw.keys(keys.RAW))

    def scheduled_sources(self) -> set[str]:
        return {RawKey.parse(key).source for key in self.raw_keys()}

    def ledger(self, key: RawKey) -> LedgerEntry:
        return LedgerEntry.from_json(self.stack.lake.get(str(key.ledger()), CAP).body)

    def committed(self, raw_keys: Iterable[RawKey]) -> bool:
        present = set(self.stack.lake.keys(keys.LEDGER))
        return all(str(key.ledger()) in present for key in raw_keys)

    def table(self, key: str) -> pa.Table:
        return pq.read_table(io.BytesIO(self.stack.lake.get(key, CAP).body))

    def rejected(self, key: RawKey) -> list[Rejection]:
        return parse_quarantine(self.stack.lake.get(str(key.quarantine()), CAP).body)

    def fingerprint(self) -> dict[str, str]:
        """Every object that transform writes with its etag: equal fingerprints are equal bytes.

        Refined follows on a schedule of its own.
        """
        written = (key for key in self.stack.lake.keys("") if not key.startswith(keys.REFINED))
        return {key: self.stack.lake.head(key).etag for key in written}

    def refined(self) -> set[str]:
        """The tables that refined has parts of."""
        return {keys.RefinedKey.parse(key).table for key in self.stack.lake.keys(keys.REFINED)}

    def refine(self) -> None:
        """Run refine now, beside its schedule, until its queue is empty."""
        event = json.dumps({"refine": "2026-11-21T00:00:00Z"})
        answer = self.client("lambda").invoke(FunctionName=self.stack.functions["refine"], Payload=event)
        assert "FunctionError" not in answer, answer["Payload"].read()
        self.wait("refine's queue to be empty", lambda: self.depth(self.stack.queue("refine")) == 0)

    def rows(self) -> Counter[str]:
        """Rows of every trusted object by the raw object that they came from."""
        rows: Counter[str] = Counter()
        for key in self.stack.lake.keys(keys.TRUSTED):
            TrustedKey.parse(key)
            rows.update(self.table(key).column("raw_key").to_pylist())
        return rows
