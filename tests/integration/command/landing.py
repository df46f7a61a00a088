"""What ingest and transform leave behind, and what waits in a queue."""

from datetime import UTC, datetime

from coinlake.keys import RawKey, Slot
from coinlake.records import LedgerEntry
from ops.stack import Stack

NOW = datetime(2026, 11, 21, 7, 36, tzinfo=UTC)


def land(stack: Stack, at: datetime, *, quarantined: int = 0, committed: bool = True) -> RawKey:
    """A raw object of the quotes feed with its ledger entry: ten rows."""
    key = RawKey("coingecko", "quotes", Slot(at, ("quotes", "usd", "p1")))
    stack.raw.put(str(key), b"raw")
    if committed:
        reasons = {"nonfinite": quarantined} if quarantined else {}
        entry = LedgerEntry(str(key), "e", "v", 10, 10 - quarantined, quarantined, (), reasons)
        stack.lake.put(str(key.ledger()), entry.to_json())
    return key


def bodies(stack: Stack, url: str) -> list[str]:
    received = stack.aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in received.get("Messages", [])]
