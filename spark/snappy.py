"""A copy of the live tables for readers of an older layout: Snappy, partitioned by stream and symbol alone.

Each refined part, a day of one market of one stream, is one file of the copy, and says of which bytes it was
made. The lake's own files stay as they are; nothing of the lake reads the copy.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple

from coinlake import parquet
from coinlake.errors import BadKey, NotFound
from coinlake.keys import REFINED, SNAPPY, RefinedKey, SnappyKey
from coinlake.stores import ObjectStore
from coinlake.tables import Table, refined
from refine.partitions import MAX_PARTITION_BYTES
from spark.refined import spread
from spark.report import Journal, Progress, Tally
from spark.selection import Only, Selection
from spark.stages import JobSettings, stages

COMPRESSION: Final = "snappy"
PARTITIONS: Final = ("stream", "symbol", "dt")  # of the tables that are copied
_ETAG: Final = "part-etag"


class Copy(NamedTuple):
    """A refined part, its etag, and the key of its copy."""

    part: RefinedKey
    etag: str
    key: str


def copied_tables() -> list[Table]:
    """The refined tables that have a part for each stream, symbol and day."""
    return [table for table in refined().values() if table.partitions == PARTITIONS]


def copy_all(
    context: Any, settings: JobSettings, journal: Journal, selection: Selection, *, only: Only, slots: int
) -> Tally:
    """Copy the parts of the chosen days that ``only`` names, and delete copies whose part is gone."""
    lake = stages(settings).refined.store
    copies, existing = chosen(lake, selection), set(_existing(lake, selection))
    gone = existing - {copy.key for copy in copies}
    if only is Only.MISSING:
        copies = [copy for copy in copies if copy.key not in existing]
    objects, rows = context.accumulator(0), context.accumulator(0)
    work = partial(copied, settings, only is Only.ALL, objects, rows)
    tally = Tally()
    with journal.following(Progress("snappy", len(copies), lambda: objects.value, lambda: rows.value)):
        for part in spread(context, copies, slots).mapPartitions(work).collect():
            tally.add(part)
    for key in sorted(gone):
        lake.delete(key)
    return tally


def chosen(lake: ObjectStore, selection: Selection) -> list[Copy]:
    """The parts of the chosen days, the largest first."""
    entries = [entry for table in copied_tables() for entry in lake.entries(f"{REFINED}{table.name}/")]
    found = list[Copy]()
    for entry in sorted(entries, key=lambda entry: (-entry.size, entry.key)):
        part = RefinedKey.parse(entry.key)
        if _has(selection, part.partition.dates()):
            found.append(Copy(part, entry.etag, str(SnappyKey(part.table, part.partition))))
    return found


def _existing(lake: ObjectStore, selection: Selection) -> Iterator[str]:
    """The copies of the chosen days that there are; foreign keys are left alone."""
    for table in copied_tables():
        for key in lake.keys(f"{SNAPPY}{table.name}/"):
            try:
                if _has(selection, SnappyKey.parse(key).partition.dates()):
                    yield key
            except BadKey:
                continue


def _has(selection: Selection, days: tuple[date, date] | None) -> bool:
    return days is not None and selection.start <= days[0] <= selection.end


def copied(
    settings: JobSettings, redo: bool, objects: Any, rows: Any, copies: Iterable[Copy]
) -> Iterator[Tally]:
    """Copy each part, but for those whose copy is of the same bytes already, unless ``redo``."""
    lake = stages(settings).refined.store
    for copy in copies:
        tally = Tally(objects=1)
        try:
            if not redo and _is_done(lake, copy):
                tally.done = 1
            else:
                tally.rows_in = _copy(lake, copy)
                tally.written = 1
        except NotFound:  # the part is gone since it was listed, and the next run deletes its copy
            tally.missing = 1
        except Exception as error:  # whatever one part raises, the others do not share its fate
            tally.fail(str(copy.part), error)
        objects.add(1)
        rows.add(tally.rows_in)
        yield tally


def _is_done(lake: ObjectStore, copy: Copy) -> bool:
    try:
        return lake.head(copy.key).metadata.get(_ETAG) == copy.etag
    except NotFound:
        return False


def _copy(lake: ObjectStore, copy: Copy) -> int:
    """Write the copy of what the part is now, a row group in memory at a time beside both files; its rows."""
    table = refined()[copy.part.table]
    part = lake.get(str(copy.part), MAX_PARTITION_BYTES)
    groups = parquet.decode_groups(table, part.body)
    body, metadata = parquet.encode_pieces(table, groups, COMPRESSION), {_ETAG: part.etag}
    lake.put(copy.key, body, content_type=parquet.CONTENT_TYPE, metadata=metadata)
    return parquet.count_rows(part.body)
