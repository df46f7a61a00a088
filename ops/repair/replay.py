"""Raw objects through transform again: after a fix in a parser, or to prove that nothing changes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from coinlake import keys
from coinlake.errors import BadConfiguration, BadKey, CoinlakeError, NotFound
from coinlake.keys import RawKey
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from ops import waiting
from ops.dates import DateRange
from ops.listing import Entry, entries
from ops.stack import Stack

THREADS: Final = 16
MAX_LEDGER_BYTES: Final = 1 << 20
Report = Callable[[int], None]


class NotDrained(CoinlakeError):
    """Transform has not worked through its queue in time."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which raw objects: a source or dataset of None means every one."""

    source: str | None
    dataset: str | None
    days: DateRange

    def of(self, stack: Stack) -> list[Entry]:
        """The chosen objects, listed; foreign keys are left alone."""
        chosen = [entry for folder in self._folders(stack) for entry in entries(stack.raw, folder)]
        return [entry for entry in chosen if _is_raw_key(entry.key)]

    def _folders(self, stack: Stack) -> Iterator[str]:
        for source, dataset in _choose(stack, self.source, self.dataset):
            yield from (keys.raw_prefix(source, dataset, day) for day in self.days)


def _choose(stack: Stack, source: str | None, dataset: str | None) -> list[tuple[str, str]]:
    """The feeds' pairs of source and dataset that match; ``BadConfiguration`` names them if none does."""
    known = {(feed.source, feed.dataset) for feed in stack.config().feeds.values()}
    chosen = sorted(pair for pair in known if source in (None, pair[0]) and dataset in (None, pair[1]))
    if not chosen:
        pairs = ", ".join(f"{source}/{dataset}" for source, dataset in sorted(known))
        raise BadConfiguration(
            f"no feed has source {source or 'any'} and dataset {dataset or 'any'}; there are {pairs}"
        )
    return chosen


def _is_raw_key(key: str) -> bool:
    try:
        RawKey.parse(key)
    except BadKey:
        return False
    return True


def send(stack: Stack, chosen: Sequence[Entry], report: Report) -> None:
    """Queue the objects as S3 would, ten a call; ``report`` gets the running count."""
    refs = (ObjectRef(stack.raw_bucket, entry.key, entry.size, entry.etag) for entry in chosen)
    bodies = (created_event(ref) for ref in refs)
    stack.queue("transform").send(bodies, report)


def clear_version(stack: Stack, chosen: Iterable[Entry]) -> None:
    """Take the version off the objects' ledger entries: transform does them even under the same code.

    The entries stay, and with them the list of outputs, of which transform deletes what it no longer writes.
    """
    entries = [str(RawKey.parse(entry.key).ledger()) for entry in chosen]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(partial(_clear_version, stack.lake), entries))


def _clear_version(lake: ObjectStore, key: str) -> None:
    try:
        entry = lake.get(key, MAX_LEDGER_BYTES)
    except NotFound:
        return
    lake.put(key, entry.body, metadata={**entry.metadata, "version": "replayed"})


def wait(stack: Stack, seconds: float, report: Callable[[str], None]) -> None:
    """Until transform's queue is empty; ``report`` gets what is left. Raises ``NotDrained``."""
    queue = stack.queue("transform")

    def pending() -> str:
        depth = queue.depth(in_flight=True)
        return f"{depth:,}" if depth else ""

    def failure(left: str) -> NotDrained:
        return NotDrained(
            f"{left} messages still wait for transform after {seconds:.0f} s; see `coinlake status`"
        )

    waiting.wait_until_done(pending, seconds, report, failure)
