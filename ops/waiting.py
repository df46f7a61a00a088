"""The one way in which commands wait for a stack: poll, say what is still missing, give up at a deadline."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from coinlake.errors import CoinlakeError, NotFound
from coinlake.keys import RawKey
from coinlake.stores import ObjectStore

POLL_SECONDS: Final = 1.0


def wait_until_done(
    pending: Callable[[], str],
    seconds: float,
    report: Callable[[str], None],
    failure: Callable[[str], CoinlakeError],
    poll_seconds: float | None = None,
) -> None:
    """Poll until ``pending`` returns the empty text; ``report`` gets what it returns until then.

    Raises the ``failure`` of what is still pending after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while left := pending():
        report(left)
        if time.monotonic() > deadline:
            raise failure(left)
        time.sleep(POLL_SECONDS if poll_seconds is None else poll_seconds)


def uncommitted(lake: ObjectStore, raw_keys: Iterable[RawKey]) -> list[RawKey]:
    """Those raw objects of which transform has written no ledger entry yet."""
    return [key for key in raw_keys if not _exists(lake, str(key.ledger()))]


def _exists(lake: ObjectStore, key: str) -> bool:
    try:
        lake.head(key)
    except NotFound:
        return False
    return True
