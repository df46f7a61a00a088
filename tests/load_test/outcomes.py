"""How batches of messages went, function by function, from the embedded AWS's log.

It gives CloudWatch no metric of what a queue invoked.
"""

import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import Final

_PROCESSED: Final = re.compile(
    r"ESM: Lambda (\S+) processed (\d+) SQS messages from \S+(?: \((\d+) partial failures\))?"
)
_FAILED: Final = re.compile(r"ESM: Lambda (\S+) failed processing SQS batch from \S+ \(errorType=(\S+)")
_TIMED_OUT: Final = re.compile(r"Lambda (\S+) timed out after ")
_THROTTLED: Final = "TooManyRequestsException"


@dataclass(slots=True)
class Outcome:
    """``failed_batches`` are all that ended in an error, throttled and timed out ones among them;
    ``failed_messages`` are of batches that otherwise went well."""

    batches: int = 0
    messages: int = 0
    failed_messages: int = 0
    failed_batches: int = 0
    throttles: int = 0
    timeouts: int = 0

    def counts(self) -> dict[str, int]:
        return asdict(self)


def outcomes(log: str) -> dict[str, Outcome]:
    """By function, of those that took messages or timed out."""
    found = defaultdict[str, Outcome](Outcome)
    for line in log.splitlines():
        if processed := _PROCESSED.search(line):
            outcome = found[processed[1]]
            outcome.batches += 1
            outcome.messages += int(processed[2])
            outcome.failed_messages += int(processed[3] or 0)
        elif failed := _FAILED.search(line):
            outcome = found[failed[1]]
            outcome.batches += 1
            outcome.failed_batches += 1
            outcome.throttles += failed[2] == _THROTTLED
        elif timed_out := _TIMED_OUT.search(line):
            found[timed_out[1]].timeouts += 1
    return dict(found)
