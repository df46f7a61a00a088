"""What Spark's executors and driver do with parts that are too large has the bytes that refine gives."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake import parquet
from coinlake.keys import Partition, TrustedKey
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from coinlake.tables import refined, tables
from refine.partitions import RefinedZone, TablePartition, TrustedFiles
from refine.pipeline import Pipeline
from refine.tables.candles import SHORTER
from spark.derived import derive
from spark.parts import Rows, encoded
from spark.report import Tally
from tests.integration.refine.test_golden import PLAIN, coin_names, plain, shaped
from tests.integration.test_readers import table_rows

PIECE = 64


@pytest.fixture
def lake(s3):
    """A lake that refine made of files of every table, some of them revised."""
    store = ObjectStore(s3, "lake")
    files = [*shaped(7, 60), coin_names(), *shaped(8, 40, revision=1)]
    files += [file for table in PLAIN for revision in (0, 1) for file in plain(table, revision)]
    keys = []
    for table, partition, key, rows in files:
        keys.append(str(key.trusted(table, partition)))
        store.put(keys[-1], parquet.encode(tables()[table], as_table(table, rows)))
    pipeline = Pipeline("lake", TrustedFiles(store), RefinedZone(store))
    assert not pipeline.process([Message(k, created_event(ObjectRef("lake", k)), "") for k in keys]).failed
    return store


def as_table(name, rows):
    table = tables()[name]
    full = [{field.name: row.get(field.name) for field in table.schema} for row in rows]
    schema = pa.schema([field.with_nullable(True) for field in table.schema])
    return pa.Table.from_pylist(full, schema=schema).sort_by([(column, "ascending") for column in table.sort])


def parts(lake):
    """Each merged part with its files' rows."""
    files, found = TrustedFiles(lake), {}
    for key in lake.keys("trusted/"):
        for partition, file in files.partitions(TrustedKey.parse(key)):
            found.setdefault(partition, []).append(files.read(file))
    return found


def test_every_part_merged_in_pieces_has_refines_bytes(lake, tmp_path):
    assert large_tables(lake, tmp_path / "small", PIECE) >= {"candles", "quotes"}
    assert large_tables(lake, tmp_path / "whole", 1 << 20) == set()


def large_tables(lake, folder, piece):
    """The tables that have parts of several pieces, once each part has the bytes that refine gave it."""
    folder.mkdir()
    zone, large = RefinedZone(lake), set()
    merged, candles = parts(lake), {TablePartition("candles", p) for p in zone.existing("candles")}
    for number, partition in enumerate([*merged, *(candles - merged.keys())]):
        rows, shorter = Rows(folder / f"{number}a", piece), None
        for file in merged.get(partition, ()):
            rows.add(file)
        if name := SHORTER.get(partition.values.get("interval", "")):
            source = TablePartition("candles", Partition.month(partition.month, interval=name))
            if source in candles:
                shorter = Rows(folder / f"{number}b", piece)
                for group in zone.groups(source):
                    shorter.add(group)
        if rows.is_large or (shorter and shorter.is_large):
            large.add(partition.table)
        assert encoded(partition, rows, shorter) == lake.get(partition.key, 1 << 30).body, partition
    return large


def test_derived_tables_are_those_that_refine_made_and_are_not_written_again(lake):
    merged_tables = {name for name, table in tables().items() if table.location.startswith("trusted/")}
    derived_keys = [k for k in lake.keys("refined/") if k.split("/")[1] not in merged_tables]
    before = {key: lake.get(key, 1 << 30).body for key in derived_keys}
    zone = RefinedZone(lake)
    touched = {TablePartition(name, p) for name in merged_tables for p in zone.existing(name)}
    tally = Tally()
    derive(zone, touched, tally)
    assert (tally.failed, tally.written) == (0, 0)
    for key in derived_keys:
        lake.delete(key)
    derive(zone, touched, tally)
    assert tally.failed == 0
    assert {key: lake.get(key, 1 << 30).body for key in derived_keys} == before


def test_rows_in_pieces_make_the_groups_of_a_file_of_all(tmp_path):
    table = refined()["candles"]
    rows = pa.concat_tables([table_rows(table, 5000)] * 30).slice(0, parquet.ROW_GROUP_ROWS + 5000)
    pieces = [rows.slice(start, 50_001) for start in range(0, rows.num_rows, 50_001)]
    body = parquet.encode_pieces(table, pieces)
    assert body == parquet.encode(table, rows)
    groups = list(parquet.decode_groups(table, body))
    assert [group.num_rows for group in groups] == [parquet.ROW_GROUP_ROWS, 5000]
    assert sum(group.num_rows for group in groups) == pq.read_metadata(io.BytesIO(body)).num_rows
