"""Trusted files as refine takes them: which parts each touches, and its rows as its parts hold them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from coinlake import parquet
from coinlake.intervals import INTERVALS
from coinlake.keys import TRUSTED, TrustedKey
from coinlake.ranks import ranks
from coinlake.stores import ObjectStore
from coinlake.tables import Table, refined, tables
from refine.parts import Part

MAX_FILE_BYTES: Final = 256 << 20
_SAFE: Final = "@!"  # in names of streams, and safe in keys


class File(NamedTuple):
    """A trusted file; ``rows``, where it is known already, are those of one part."""

    key: str
    table: str
    rows: pa.Table | None = None


def is_ours(key: TrustedKey) -> bool:
    """Whether the key is a file of a trusted table, in one of its partitions."""
    table = tables().get(key.table)
    if table is None or not table.location.startswith(TRUSTED):
        return False
    folders = dict(folder.split("=", 1) for folder in key.partition.split("/"))
    return tuple(folders) == table.partitions and folders.get("interval", "1d") in INTERVALS


@dataclass(frozen=True, slots=True)
class Files:
    """The trusted files in the lake bucket."""

    store: ObjectStore

    def touched(self, key: TrustedKey) -> Iterator[tuple[Part, File]]:
        """The parts that a file has rows for. Only where its rows say which, it is read for that."""
        twin = refined()[key.table]
        if not twin.partition_columns:
            yield Part(key.table, key.partition), File(str(key), key.table)
            return
        rows = parquet.decode(tables()[key.table], self._body(str(key)))
        for partition, chosen in _split(rows, twin, key.partition):
            yield Part(key.table, partition), File(str(key), key.table, chosen)

    def read(self, file: File) -> pa.Table:
        """Its rows as they lie in its part; ``NotFound`` if it is gone by now."""
        if file.rows is not None:
            return file.rows
        return parquet.decode(refined()[file.table], self._body(file.key))

    def _body(self, key: str) -> bytes:
        return self.store.get(key, MAX_FILE_BYTES).body


def _split(rows: pa.Table, twin: Table, folder: str) -> Iterator[tuple[str, pa.Table]]:
    """The rows by partition; what no column says of it is in the file's own ``folder``."""
    known = dict(part.split("=", 1) for part in folder.split("/"))
    columns = list(twin.partition_columns.values())
    places = [ranks(rows[name].combine_chunks()) for name in columns]
    number = sum(place.astype("int64") << 32 * at for at, place in enumerate(places))
    for chosen in pc.unique(pa.array(number)) if rows.num_rows else ():
        some = rows.filter(pc.equal(pa.array(number), chosen))
        values = known | {name: str(some[column][0]) for name, column in twin.partition_columns.items()}
        yield _partition(twin.partitions, values), some.select(twin.schema.names)


def _partition(names: Sequence[str], values: dict[str, str]) -> str:
    return "/".join(f"{name}={quote(values[name], safe=_SAFE)}" for name in names)
