"""Trusted from raw and refined from trusted, by the stages' own code in this process."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from coinlake import keys
from coinlake.errors import BadKey, CoinlakeError
from coinlake.keys import RawKey
from coinlake.observability import logger
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from ops.listing import Entry, entries
from ops.rebuild.scratch_bucket import ScratchBucket
from ops.stack import Stack
from refine.partitions import RefinedZone, TrustedFiles
from refine.pipeline import Outcome, Pipeline
from refine.tables import DERIVED
from transform import wiring

FILES_PER_ROUND: Final = 500  # that refine merges at once
THREADS: Final = 4
MAX_NAMES: Final = 3
MAX_RAW_BYTES: Final = 64 << 20  # as terraform/transform.tf
Report = Callable[[int, int], None]


class RebuildFailed(CoinlakeError):
    """Some objects could not be computed anew."""


@contextmanager
def _errors_only() -> Iterator[None]:
    """The stages' own log is for Lambda: here only their errors."""
    level = logger.log_level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)


@_errors_only()
def rebuild_trusted(stack: Stack, folder: Path, report: Report) -> tuple[ScratchBucket, list[RawKey]]:
    """Trusted and quarantine of every raw object that the ledger says is done; and those objects."""
    lake = stack.lake
    scratch = ScratchBucket(lake.client, folder, (keys.TRUSTED, keys.QUARANTINE, keys.LEDGER))
    done = {entry.key for entry in entries(lake, keys.LEDGER)}
    transformed = [(entry, key) for entry, key in _raw(stack) if str(key.ledger()) in done]
    transform = wiring.assemble(
        stack.raw, ObjectStore(scratch, lake.bucket), stack.config(), "rebuild", MAX_RAW_BYTES
    )
    bodies = [
        created_event(ObjectRef(stack.raw_bucket, entry.key, entry.size, entry.etag))
        for entry, _ in transformed
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        for number, _ in enumerate(pool.map(transform.process, bodies), start=1):
            report(number, len(bodies))
    return scratch, [key for _, key in transformed]


@_errors_only()
def rebuild_refined(stack: Stack, folder: Path, report: Report) -> ScratchBucket:
    """Every partition of the refined zone, from all trusted files that there are now."""
    scratch = ScratchBucket(stack.lake.client, folder, (keys.REFINED,))
    lake = ObjectStore(scratch, stack.lake_bucket)
    pipeline = Pipeline(lake.bucket, TrustedFiles(lake), RefinedZone(lake), derived=())
    files = [entry.key for entry in entries(stack.lake, keys.TRUSTED)]
    outcome, waiting = Outcome(), iter(files)
    for start in range(0, len(files), FILES_PER_ROUND):
        outcome.add(pipeline.process(_messages(lake.bucket, islice(waiting, FILES_PER_ROUND))))
        report(min(start + FILES_PER_ROUND, len(files)), len(files))
    derivation = Pipeline(lake.bucket, pipeline.trusted, pipeline.refined, DERIVED)
    derivation.derive({partition: {"derived tables"} for partition in outcome.touched}, outcome)
    if outcome.failed:
        raise RebuildFailed(f"could not rebuild from {_some(sorted(outcome.failed))}; the log above says why")
    return scratch


def _raw(stack: Stack) -> Iterable[tuple[Entry, RawKey]]:
    for entry in entries(stack.raw, keys.RAW):
        try:
            yield entry, RawKey.parse(entry.key)
        except BadKey:
            continue


def _messages(bucket: str, files: Iterable[str]) -> list[Message]:
    return [Message(key, created_event(ObjectRef(bucket, key)), "") for key in files]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
