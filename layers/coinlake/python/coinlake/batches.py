"""What a function answers SQS after a batch: which messages must come again."""

from collections.abc import Sequence
from typing import Any

from coinlake.errors import CoinlakeError


class BatchFailed(CoinlakeError):
    """Every message of a batch failed. Raised, so that Lambda counts an error and the alarm sees it."""


def batch_answer(records: Sequence[Any], failed: Sequence[str]) -> dict[str, Any]:
    """Name the messages that failed; the others are done. ``BatchFailed`` if none is.

    An answer with failures counts as a success of the function, so a fault that hits everything
    would stay unseen until the dead letter queue has it. Raising returns the same messages.
    Source: Lambda Developer Guide, "Handling errors for an SQS event source".
    """
    if failed and len(failed) == len(records):
        raise BatchFailed(f"all {len(failed)} messages of the batch failed; the log above says why")
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
