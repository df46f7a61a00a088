"""Trusted files through refine's own merge, a part at a time, on the executors.

Files of a table whose refined partition is in their key are read by the task of their part. Of the others the
rows say where they belong: these are split once, and shuffled as Arrow.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import pyarrow as pa

from coinlake import parquet
from coinlake.errors import NotFound
from coinlake.keys import TrustedKey
from coinlake.tables import refined
from refine.partitions import TablePartition, TrustedFile
from refine.pipeline import MergeTask, merged, plan_longer
from refine.tables.candles import LONGER
from spark.derived import derive
from spark.parts import Rows, encoded
from spark.report import Fault, Journal, Progress, Tally
from spark.stages import JobSettings, Stages, stages
from spark.trusted import TASKS_PER_SLOT, dealt, tasks

THREADS: Final = 4
FILES_AT_ONCE: Final = 64  # that are read before the first of them is merged or put on the disk
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="zstd")
Result = tuple[TablePartition, Tally]


class Part(NamedTuple):
    """A part to be written: the files that are merged to it, and the candles that it is put together from."""

    partition: TablePartition
    files: Sequence[TrustedKey | bytes]  # keys, or rows as Arrow
    shorter: TablePartition | None = None


def refine_all(
    context: Any,
    settings: JobSettings,
    journal: Journal,
    keys: Sequence[TrustedKey],
    *,
    is_whole: bool,
    slots: int,
) -> Tally:
    """Every part that the trusted files have rows for, and the tables that are derived from them.

    With ``is_whole`` the files are all that there are, and what a part held before is forgotten.
    """
    parts, to_split = planned(keys)
    objects, rows = context.accumulator(0), context.accumulator(0)
    tally, touched = Tally(), set[TablePartition]()

    def write(parts: Any, *, is_whole: bool) -> None:
        work = partial(written, settings, is_whole, objects, rows)
        for partition, part in parts.mapPartitions(work).collect():
            tally.add(part)
            touched.add(partition)

    progress = Progress(
        "refined", sum(len(part.files) for part in parts), lambda: objects.value, lambda: rows.value
    )
    with journal.following(progress):
        for wave in waves(parts):
            write(spread(context, wave, slots), is_whole=is_whole)
        if to_split:
            split = spread(context, to_split, slots).mapPartitions(partial(_split, settings))
            pieces = split.groupByKey(TASKS_PER_SLOT * slots)
            faults = [fault for _, group in pieces.filter(_is_fault).collect() for fault in group]
            tally.add(Tally(failed=len(faults), faults=faults))
            # The rows of a file that could not be read may be in any part, so no part is forgotten then.
            write(pieces.filter(_is_part).map(_part), is_whole=is_whole and not faults)
    derive(stages(settings).refined, touched, tally)
    return tally


def planned(keys: Iterable[TrustedKey]) -> tuple[list[Part], list[TrustedKey]]:
    """The parts whose files are known by their keys, and the files whose rows say of which part they are."""
    merges, to_split = defaultdict[TablePartition, MergeTask](MergeTask), list[TrustedKey]()
    for key in keys:
        if refined()[key.table].partition_columns:
            to_split.append(key)
        else:
            file = TrustedFile(str(key), key.table)
            merges[TablePartition(key.table, key.partition)].files.append(file)
    plan_longer(merges)
    return [
        Part(partition, [TrustedKey.parse(file.key) for file in merge.files], merge.shorter)
        for partition, merge in merges.items()
    ], to_split


def waves(parts: Iterable[Part]) -> list[list[Part]]:
    """The parts, candles of shorter intervals in an earlier wave than those put together from them."""
    found: list[list[Part]] = [[], [], []]
    hours = LONGER["1h"]
    for part in parts:
        interval = part.partition.values.get("interval")
        found[2 if interval in hours else 1 if interval in LONGER["1m"] else 0].append(part)
    return [sorted(wave, key=lambda part: -len(part.files)) for wave in found if wave]


def spread(context: Any, items: Sequence[Any], slots: int) -> Any:
    """An RDD of the items, dealt to as many tasks as ``tasks`` says."""
    slices = dealt(items, tasks(len(items), slots))
    return context.parallelize(slices, max(len(slices), 1)).flatMap(list)


def _is_fault(pair: tuple[TablePartition | None, Any]) -> bool:
    return pair[0] is None


def _is_part(pair: tuple[TablePartition | None, Any]) -> bool:
    return pair[0] is not None


def _part(pair: tuple[TablePartition, Iterable[bytes]]) -> Part:
    return Part(pair[0], list(pair[1]))


def _split(
    settings: JobSettings, keys: Iterable[TrustedKey]
) -> Iterator[tuple[TablePartition | None, bytes | Fault]]:
    """Each file's rows by part, as Arrow; without a part, why a file could not be read."""
    its = stages(settings)
    for key in keys:
        try:
            for partition, file in its.trusted.partitions(key):
                yield partition, _packed(file.rows)
        except NotFound:  # transform deleted it meanwhile
            continue
        except Exception as error:
            yield None, Fault.of(str(key), error)


def written(
    settings: JobSettings, is_whole: bool, objects: Any, rows: Any, parts: Iterable[Part]
) -> Iterator[Result]:
    its = stages(settings)
    for part in parts:
        tally = Tally(objects=1)
        try:
            _write(its, part, tally, is_whole=is_whole)
        except Exception as error:  # whatever one part raises, the others do not share its fate
            tally.fail(part.partition.key, error)
        objects.add(len(part.files))
        rows.add(tally.rows_in)
        yield part.partition, tally


def _write(its: Stages, part: Part, tally: Tally, *, is_whole: bool) -> None:
    """Merge the part's files; what one of them raises is its fault, and the others are merged.

    A file that cannot be read may hold rows that the part has, so then the part is not forgotten.
    """
    with TemporaryDirectory() as folder:
        files = Rows(Path(folder, "files"))
        tally.faults = list(_read(its, part, files))
        tally.failed, tally.rows_in = len(tally.faults), files.count
        if is_whole and not tally.faults:
            shorter = _shorter(its, part, Path(folder, "shorter"))
            is_changed = its.refined.replace(
                part.partition,
                lambda body: (
                    encoded(part.partition, files, shorter) if body or files.count or shorter else b""
                ),
            )
        else:
            rows = its.refined.rows(part.shorter) if part.shorter else None
            is_changed = its.refined.update(
                part.partition, lambda current: merged(part.partition, current, files.files, rows)
            )
    tally.written, tally.unchanged = int(is_changed), int(not is_changed)


def _read(its: Stages, part: Part, files: Rows) -> Iterator[Fault]:
    """Add the rows of each file that is there to ``files``; what the others raised."""

    def read(file: TrustedKey | bytes) -> pa.Table | Fault | None:
        if isinstance(file, bytes):
            return _unpacked(part.partition.table, file)
        try:
            return its.trusted.read(TrustedFile(str(file), file.table))
        except NotFound:  # transform deleted it meanwhile
            return None
        except Exception as error:
            return Fault.of(str(file), error)

    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(part.files), FILES_AT_ONCE):
            for found in pool.map(read, part.files[start : start + FILES_AT_ONCE]):
                if isinstance(found, Fault):
                    yield found
                elif found is not None:
                    files.add(found)


def _shorter(its: Stages, part: Part, folder: Path) -> Rows | None:
    """The candles that the part is put together from, as an earlier wave wrote them."""
    if part.shorter is None:
        return None
    rows = Rows(folder)
    for group in its.refined.groups(part.shorter):
        rows.add(group)
    return rows


def _packed(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=_OPTIONS) as stream:
        stream.write_table(rows)
    return bytes(sink.getvalue())


def _unpacked(table: str, body: bytes) -> pa.Table:
    return pa.ipc.open_stream(body).read_all().cast(parquet.dictionaries(refined()[table]))
