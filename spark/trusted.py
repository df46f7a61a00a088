"""Raw objects through transform's own code, on the executors."""

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from coinlake.keys import RawKey
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import Entry
from spark.report import Journal, Progress, Tally
from spark.stages import JobSettings, stages

THREADS: Final = 4  # in each worker: half of an object's time is S3's (docs/performance.md)
TASKS_PER_SLOT: Final = 8  # so that a slow task at the end is a small one
OBJECTS_PER_TASK: Final = 200  # at most, so that progress is seen
MAX_TASKS: Final = 20_000  # the driver needs memory for each
_T = TypeVar("_T")


def transform_all(
    context: Any, settings: JobSettings, journal: Journal, entries: Sequence[Entry], *, redo: bool, slots: int
) -> Tally:
    """What became of the raw objects; faults stay with the object that has them."""
    objects, rows = context.accumulator(0), context.accumulator(0)
    slices = dealt(entries, tasks(len(entries), slots))
    work = partial(transformed, settings, redo, objects, rows)
    progress = Progress("trusted", len(entries), lambda: objects.value, lambda: rows.value)
    tally = Tally()
    with journal.following(progress):
        for part in context.parallelize(slices, max(len(slices), 1)).mapPartitions(work).collect():
            tally.add(part)
    return tally


def tasks(count: int, slots: int) -> int:
    """How many tasks ``count`` objects make."""
    return min(count, max(TASKS_PER_SLOT * slots, math.ceil(count / OBJECTS_PER_TASK)), MAX_TASKS)


def dealt(entries: Sequence[_T], count: int) -> list[list[_T]]:
    """The entries, dealt one by one: neighbours are alike, and a task of large ones would be the last."""
    return [list(entries[place::count]) for place in range(count)]


def transformed(
    settings: JobSettings, redo: bool, objects: Any, rows: Any, slices: Iterable[Sequence[Entry]]
) -> Iterator[Tally]:
    its = stages(settings, redo=redo)

    def transform(entry: Entry) -> Tally:
        tally = Tally(objects=1)
        try:
            # Unlike the functions, whose objects are nearly all new, a rebuild that goes on meets many done.
            if its.transform.committer.is_done(RawKey.parse(entry.key), entry.etag):
                tally.done = 1
                return tally
            ref = ObjectRef(settings.transform.raw_bucket, entry.key, entry.size, entry.etag)
            counts = its.transform.process(created_event(ref))
        except Exception as error:  # whatever one object raises, the others do not share its fate
            tally.fail(entry.key, error)
            return tally
        tally.done, tally.missing = counts.done, counts.missing
        tally.rows_in = counts.rows_in
        tally.rows_trusted, tally.rows_quarantined = counts.rows_trusted, counts.rows_quarantined
        return tally

    with ThreadPoolExecutor(THREADS) as pool:
        for entries in slices:
            before, total = its.puts.puts.copy(), Tally()
            for tally in pool.map(transform, entries):
                total.add(tally)
            puts = its.puts.puts - before
            total.written, total.unchanged = puts["written"], puts["unchanged"]
            objects.add(total.objects)
            rows.add(total.rows_in)
            yield total
