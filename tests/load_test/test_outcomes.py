"""The log of the embedded AWS, read back."""

from tests.load_test.outcomes import Outcome, outcomes

LOG = """\
2026-11-29 02:29:38 INFO [lambda] ESM: Lambda t processed 10 SQS messages from q
2026-11-29 02:29:38 INFO [lambda] ESM: Lambda t output:
{"message": "object transformed"}
2026-11-29 02:29:39 INFO [lambda] ESM: Lambda t processed 3 SQS messages from q (2 partial failures)
2026-11-29 02:29:40 WARNING [lambda_runtime] Lambda t timed out after 60s — killing worker
2026-11-29 02:29:40 WARNING [lambda] ESM: Lambda t failed processing SQS batch from q \
(errorType=Sandbox.Timedout errorMessage=Task timed out after 60.00 seconds)
2026-11-29 02:29:41 WARNING [lambda] ESM: Lambda n failed processing SQS batch from r \
(errorType=TooManyRequestsException errorMessage=Rate Exceeded)
TimeoutError: SSL shutdown timed out
"""


def test_each_batch_counts_once_however_it_ended() -> None:
    assert outcomes(LOG) == {
        "t": Outcome(batches=3, messages=13, failed_messages=2, failed_batches=1, timeouts=1),
        "n": Outcome(batches=1, failed_batches=1, throttles=1),
    }
