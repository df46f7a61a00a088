"""What ingest alone raises, and what a user can do about each error.

CoinlakeError
├── IngestFailed     some requests of the run failed; what could land has landed
├── Unlisted         the source has no such market: unsupported, which is no failure
└── NotYet           the source has not published it yet: a later run gets it, no failure either
"""

from collections.abc import Mapping
from typing import Final, Self

from coinlake.errors import (
    BadConfiguration,
    CoinlakeError,
    SourceRefused,
    SourceUnavailable,
    StoreUnavailable,
    TooLarge,
)

ADVICE: Final[Mapping[type[CoinlakeError], str]] = {
    SourceUnavailable: "retry later",
    StoreUnavailable: "retry later",
    SourceRefused: "give up",
    TooLarge: "give up",
    BadConfiguration: "fix the configuration",
}


class Unlisted(CoinlakeError):
    """The source does not list this market (yet); the feed goes on without it."""


class NotYet(CoinlakeError):
    """The source has not published this file yet."""


class IngestFailed(CoinlakeError):
    """Some requests of a run failed, the others have landed.

    It is raised for permanent failures too. Lambda then retries in vain, twice and a minute
    apart, which costs a few requests whose answers are already there; in exchange the event
    waits in the failure queue, its alarm names the remedy, and after the fix `coinlake redrive`
    fills the very slot. An error that is only logged would leave a hole that nobody sees.
    """

    @classmethod
    def of(cls, run: object, requests: int, failures: Mapping[str, CoinlakeError]) -> Self:
        """``failures`` maps each failed request's name to its error."""
        details = "; ".join(f"{name} ({advice(error)}): {error}" for name, error in failures.items())
        return cls(f"{run}: {len(failures)} of {requests} requests failed: {details}")


def advice(error: CoinlakeError) -> str:
    """What a user can do about an error: retry later, give up, or fix the configuration."""
    return ADVICE.get(type(error), "retry later")
