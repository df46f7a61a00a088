"""Every error the pipeline raises on purpose, split by "would a retry help?".

CoinlakeError
├── BadConfiguration     a setting or rule is missing or malformed: fix the deployment
├── BadKey               an object key that coinlake did not write: ignore or quarantine it
├── BadEvent             an event that this function does not handle; from a queue it is deleted and counted
├── SourceUnavailable    the exchange is down or throttling: a retry may succeed
├── SourceRefused        the exchange rejects this request: a retry cannot help
├── StoreUnavailable     a call to AWS failed: a retry may succeed
│   └── WriteConflict    two conditional writes met: read again, then write
├── BatchFailed          every message of a batch failed (coinlake.batches)
├── PreconditionFailed   a 412: the key is taken (If-None-Match) or its object was replaced (If-Match)
├── NotFound             the object is not there
└── TooLarge             a body or object is over its cap: never read it whole

Bad *data* is no error: parsers return it as rejections, which go to quarantine.
"""


class CoinlakeError(Exception):
    """The root: its message is one sentence a user can act on."""


class BadConfiguration(CoinlakeError):
    """A setting is missing or malformed; only a change of the deployment helps."""


class BadKey(CoinlakeError):
    """A key outside the layout of ``coinlake.keys``."""

    def __init__(self, code: str, key: str) -> None:
        super().__init__(f"{code}: {key[:200]!r} is not a coinlake key")
        self.code = code


class BadEvent(CoinlakeError):
    """An event that the function does not handle; ``code`` says why."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class SourceUnavailable(CoinlakeError):
    """The exchange is down or throttling; the next try may succeed."""


class SourceRefused(CoinlakeError):
    """The exchange rejects this request; repeating it cannot help."""


class StoreUnavailable(CoinlakeError):
    """An AWS call failed after the SDK's own retries."""


class WriteConflict(StoreUnavailable):
    """S3 answered a conditional write with 409: another writer is at work at this moment."""


class PreconditionFailed(CoinlakeError):
    """S3 answered a conditional write with 412; ``ObjectStore.put`` says what each condition means."""


class NotFound(CoinlakeError):
    """The object named does not exist (any more)."""


class TooLarge(CoinlakeError):
    """A body is over its byte cap."""
