"""The copy in Snappy has the rows of the refined parts, whatever markets are called, and is made once."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake import parquet
from coinlake.keys import Partition, RefinedKey
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from coinlake.tables import refined, tables
from refine.partitions import RefinedZone, TablePartition, TrustedFiles
from refine.pipeline import Pipeline
from spark.selection import Selection
from spark.snappy import chosen, copied, copied_tables
from tests import readers
from tests.integration.refine.test_golden import plain
from tests.integration.spark.test_parts import as_table

HOSTILE = ("..", "007", "1e5", "a/b", "a=b", "%2F", "ä ₿", "x y", "it's", 'q"', "a\\b", "*?[x]")


@pytest.fixture
def lake(s3):
    """A lake that refine made of live tables, of markets with every odd name."""
    store, keys = ObjectStore(s3, "lake"), []
    for table in copied_tables():
        for _, partition, key, some in plain(table.name):
            named = [
                row | {"raw_symbol": name, "stream": f"{name}@{table.name}"}
                for row, name in zip(some, HOSTILE * len(some), strict=False)
            ]
            keys.append(str(key.trusted(table.name, partition)))
            store.put(keys[-1], parquet.encode(tables()[table.name], as_table(table.name, named)))
    pipeline = Pipeline("lake", TrustedFiles(store), RefinedZone(store))
    assert not pipeline.process([Message(k, created_event(ObjectRef("lake", k)), "") for k in keys]).failed
    return store


@pytest.fixture
def copy(lake, settings, accumulator):
    """Run a task over all parts; its tallies added up."""

    def copy(*, redo=False, selection=None):
        copies = chosen(lake, selection or Selection())
        tallies = list(copied(settings(), redo, accumulator, accumulator, copies))
        first = tallies[0]
        for tally in tallies[1:]:
            first.add(tally)
        return first

    return copy


def layout(table):
    """The table as the copy has it."""
    return replace(table, location=f"snappy/{table.name}/", partitions=("stream", "symbol"))


def in_refined(lake, table):
    """The rows of a table's parts, as the product reads them, with stream and symbol and without the day."""
    parts = [TablePartition(table.name, RefinedKey.parse(key).partition) for key in lake.keys(table.location)]
    read = pa.concat_tables([RefinedZone(lake).read(part) for part in parts])
    return read.select([*table.schema.names, "stream", "symbol"])


def saved(lake, table, folder):
    files = []
    for key in lake.keys(f"snappy/{table.name}/"):
        files.append(folder / key)
        files[-1].parent.mkdir(parents=True, exist_ok=True)
        files[-1].write_bytes(lake.get(key, 1 << 30).body)
    return files


def bodies(lake):
    return {key: (lake.head(key).modified, lake.get(key, 1 << 30).body) for key in lake.keys("snappy/")}


def test_every_reader_finds_the_rows_of_the_lake(lake, copy, tmp_path):
    assert copy().failed == 0
    for table in copied_tables():
        files, expected = saved(lake, table, tmp_path), in_refined(lake, table)
        assert {*expected["symbol"].to_pylist()} == {*HOSTILE}
        for name, read in readers.READERS.items():
            assert readers.rows(read(files, tmp_path, layout(table))) == readers.rows(expected), name


def test_it_is_snappy_and_lies_by_stream_and_symbol_with_a_file_for_each_day(lake, copy):
    copy()
    (key,) = [key for key in lake.keys("snappy/trades/") if "symbol=007/" in key]
    assert key == "snappy/trades/stream=007@trades/symbol=007/2026-04-01.snappy.parquet"
    metadata = pq.read_metadata(pa.BufferReader(lake.get(key, 1 << 30).body))
    columns = [metadata.row_group(0).column(number) for number in range(metadata.num_columns)]
    assert {column.compression for column in columns} == {"SNAPPY"}


def test_a_second_run_writes_nothing_and_all_gives_the_same_bytes(lake, copy):
    first = copy()
    assert (first.written, first.done, first.rows_in > 0) == (first.objects, 0, True)
    before = bodies(lake)
    again = copy()
    assert (again.written, again.done) == (0, first.objects)
    assert bodies(lake) == before
    assert copy(redo=True).written == first.objects
    assert {key: body for key, (_, body) in bodies(lake).items()} == {
        key: body for key, (_, body) in before.items()
    }


def test_a_part_that_changed_is_copied_again_and_no_other(lake, copy):
    copy()
    table = refined()["trades"]
    key = next(iter(lake.keys(table.location)))
    body = lake.get(key, 1 << 30).body
    lake.put(key, parquet.encode(table, parquet.decode(table, body).slice(1)))
    assert copy().written == 1
    assert copy().written == 0


def test_one_part_that_is_no_file_leaves_the_others_copied(lake, copy):
    key = next(iter(lake.keys("refined/trades/")))
    lake.put(key, b"PAR1")
    tally = copy()
    assert (tally.failed, tally.written) == (1, tally.objects - 1)
    assert [fault.key for fault in tally.faults] == [key]


def test_only_the_chosen_days_are_copied(lake, copy):
    day = Partition.parse("dt=2026-04-01").dates()[0]
    assert len(chosen(lake, Selection(start=day, end=day))) == len(chosen(lake, Selection())) > 0
    assert chosen(lake, Selection(end=day.replace(year=2025))) == []
