"""`--stage snappy` on a real Spark, and PySpark as the reader of what it wrote."""

from urllib.parse import quote

import pytest

from coinlake.keys import Partition, RefinedKey
from spark.snappy import copied_tables
from tests import readers
from tests.integration.spark.test_snappy import HOSTILE as ALL
from tests.integration.spark.test_snappy import bodies, in_refined, layout, saved

# Spark takes each escaped byte of a path for a letter. A venue's stream is asked for by an ASCII name.
HOSTILE = [name for name in ALL if name.isascii()]


@pytest.fixture
def lake_with_parts(new_lake, by_lambda):
    """A lake with the functions' refined parts, and nothing else."""
    lake = new_lake()
    for key, body in by_lambda.objects("refined/").items():
        lake.store("lake").put(key, body)
    return lake


def test_pyspark_reads_the_rows_of_the_lake_and_a_second_run_writes_nothing(lake_with_parts, tmp_path):
    store = lake_with_parts.store("lake")
    for table in copied_tables():
        key = next(iter(store.keys(table.location)))
        body, part = store.get(key, 1 << 30).body, RefinedKey.parse(key).partition
        for name in HOSTILE:
            levels = part.levels | {"stream": quote(f"{name}@x", safe="@!"), "symbol": quote(name, safe="")}
            store.put(str(RefinedKey(table.name, Partition.of(levels))), body)
    store.put("snappy/trades/stream=gone/symbol=GONE/2026-11-20.snappy.parquet", b"")
    counts = lake_with_parts.rebuild("--stage", "snappy")["stages"]["snappy"]
    assert (counts["written"], counts["failed"]) == (counts["objects"], 0)
    assert not list(store.keys("snappy/trades/stream=gone/"))
    files = [(layout(table), saved(store, table, tmp_path)) for table in copied_tables()]
    read = readers.spark(files, tmp_path)
    for table in copied_tables():
        assert read[table.name] == readers.rows(in_refined(store, table))
        assert {row[-1] for row in read[table.name]} >= {*HOSTILE}
    before = bodies(store)
    again = lake_with_parts.rebuild("--stage", "snappy")["stages"]["snappy"]
    assert (again["done"], again["written"]) == (counts["objects"], 0)
    assert bodies(store) == before
