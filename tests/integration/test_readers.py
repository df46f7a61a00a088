"""Every table, as the stages write it, reads alike in every reader, also where older files lack a column."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake import parquet
from coinlake.keys import Partition
from coinlake.stores import ObjectStore
from coinlake.tables import LIVE_PRICE, LIVE_VOLUME, TIMESTAMP, Table, catalog, tables
from tests import readers
from transform.model import TableSlice
from transform.writer import ParquetWriter

ROWS = 40
LEVELS = {
    "dt": "2026-11-20",
    "month": "2026-11",
    "year": "2026",
    "interval": "1h",
    "index": "fear_and_greed",
    "stream": "btcusdt@miniTicker",
    "symbol": "BTCUSDT",
}
TABLES = list(catalog())
# Until decision 21, of times and of live prices and volumes.
DELTAS = {
    TIMESTAMP: "DELTA_BINARY_PACKED",
    LIVE_PRICE: "DELTA_BINARY_PACKED",
    LIVE_VOLUME: "DELTA_BYTE_ARRAY",
}
# Tables whose files transform writes, through awswrangler; refine, audit and notify write the others.
BY_TRANSFORM = [name for name in tables() if f"trusted_{name}" in catalog()]


def table_rows(table: Table, count: int = ROWS) -> pa.Table:
    """Rows with the extremes of each type, nulls where there may be some, and neighbours that differ much."""
    rng = random.Random(table.name)
    columns = [pa.array(list(_values(field, rng, count)), field.type) for field in table.schema]
    schema = pa.schema([field.with_nullable(True) for field in table.schema])
    return pa.Table.from_arrays(columns, schema=schema).sort_by([(name, "ascending") for name in table.sort])


def _values(field: pa.Field, rng: random.Random, count: int) -> Iterator[Any]:
    extremes = _extremes(field.type)
    for number in range(count):
        if field.nullable and rng.random() < 0.3:
            yield None
        elif number < len(extremes):
            yield extremes[number]
        else:
            yield _value(field.type, rng)


def _extremes(kind: pa.DataType) -> list[Any]:
    if pa.types.is_decimal(kind):
        most = _decimal(10**kind.precision - 1, kind)
        return [most, most.copy_negate(), Decimal(0), _decimal(1, kind)]
    if pa.types.is_integer(kind):
        return [2 ** (kind.bit_width - 1) - 1, -(2 ** (kind.bit_width - 1)), 0]
    if pa.types.is_timestamp(kind):
        return [datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, 0, 0, 0, 1, tzinfo=UTC)]
    return ["", "ä ₿ '\"\n", "x" * 300] if pa.types.is_string(kind) else []


def _decimal(units: int, kind: pa.DataType) -> Decimal:
    """So many of the type's smallest units, exactly, whatever the context's precision."""
    return Decimal((0, tuple(map(int, str(units))), -kind.scale))


def _value(kind: pa.DataType, rng: random.Random) -> Any:
    if pa.types.is_decimal(kind):
        return _decimal(rng.randrange(10 ** rng.randrange(1, kind.precision)), kind)
    if pa.types.is_integer(kind):
        return rng.randrange(2 ** rng.randrange(1, kind.bit_width - 1))
    if pa.types.is_timestamp(kind):
        return datetime(2026, 11, 20, tzinfo=UTC) + timedelta(microseconds=rng.randrange(10**12))
    if pa.types.is_boolean(kind):
        return rng.random() < 0.5
    return rng.uniform(-1e300, 1e300) if pa.types.is_floating(kind) else rng.choice(["BTC", "ETH", "raw/key"])


def folder(root: Path, table: Table, **changes: str) -> Path:
    levels = LEVELS | changes
    path = root / table.location / "/".join(f"{name}={levels[name]}" for name in table.partitions)
    path.mkdir(parents=True, exist_ok=True)
    return path


def write(root: Path, table: Table) -> list[Path]:
    """Three files: one as the stage writes it, an empty one, and an older one without the newest columns."""
    files = [folder(root, table) / name for name in ("a.parquet", "b.parquet")]
    files[0].write_bytes(parquet.encode(table, table_rows(table)))
    files[1].write_bytes(parquet.encode(table, table_rows(table, 0)))
    newest = [field.name for field in table.schema if field.nullable][-2:]
    if newest:
        files.append(folder(root, table) / "older.parquet")
        pq.write_table(table_rows(table).drop_columns(newest), files[-1])
    return files


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("reader", readers.READERS)
def test_every_reader_reads_equal_rows_types_and_sums_of_every_table(tmp_path, reader, name):
    table = catalog()[name]
    files = write(tmp_path, table)
    readers.assert_reads_alike(reader, readers.expected(files, tmp_path, table), files, tmp_path, table)


@pytest.mark.parametrize("name", TABLES)
def test_fastparquet_reads_every_encoding_and_near_sums(tmp_path, name):
    table = catalog()[name]
    files = write(tmp_path, table)
    exact = readers.sums(readers.expected(files, tmp_path, table))
    for column, total in readers.fastparquet_sums(files, table).items():
        assert total == pytest.approx(float(exact[column]), rel=1e-6, abs=1e6), column


@pytest.mark.parametrize("name", BY_TRANSFORM)
@pytest.mark.parametrize("reader", readers.READERS)
def test_what_transform_writes_is_read_alike(s3, tmp_path, reader, name):
    table, key = catalog()[f"trusted_{name}"], "trusted/x.parquet"
    part = TableSlice(name, Partition("dt=2026-11-20"), table_rows(table))
    ParquetWriter(ObjectStore(s3, "lake")).write(key, part)
    file = folder(tmp_path, table) / "a.parquet"
    file.write_bytes(s3.get_object(Bucket="lake", Key=key)["Body"].read())
    readers.assert_reads_alike(reader, readers.expected([file], tmp_path, table), [file], tmp_path, table)


@pytest.mark.parametrize("name", TABLES)
def test_no_file_has_an_encoding_that_a_reader_lacks(tmp_path, name):
    table = catalog()[name]
    (tmp_path / "x").write_bytes(parquet.encode(table, table_rows(table, 3000)))
    group = pq.read_metadata(tmp_path / "x").row_group(0)
    used = {
        encoding for position in range(group.num_columns) for encoding in group.column(position).encodings
    }
    assert used <= {"PLAIN", "PLAIN_DICTIONARY", "RLE"}


def write_as_before(root: Path, table: Table) -> Path:
    """A file of an earlier version: its delta encodings, and without the newest columns."""
    newest = [field.name for field in table.schema if field.nullable][-2:]
    rows, path = table_rows(table).drop_columns(newest), folder(root, table) / "before.parquet"
    encodings = {field.name: DELTAS[field.type] for field in rows.schema if field.type in DELTAS}
    words = [name for name in table.dictionary if name in rows.schema.names]
    pq.write_table(rows, path, use_dictionary=words, column_encoding=encodings, store_decimal_as_integer=True)
    return path


@pytest.mark.parametrize("name", TABLES)
def test_a_partition_of_newer_and_older_files_is_one_to_queries_and_to_every_stage(tmp_path, name):
    """``coinlake query`` and, with ``parquet.decode``, refine, notify, load and the dashboard."""
    table = catalog()[name]
    files = [*write(tmp_path, table), write_as_before(tmp_path, table)]
    expected = readers.expected(files, tmp_path, table)
    for reader in ("duckdb", "pyarrow", "pandas"):
        readers.assert_reads_alike(reader, expected, files, tmp_path, table)
    decoded = pa.concat_tables(
        parquet.decode(table, file.read_bytes()).cast(table_rows(table, 0).schema) for file in files
    )
    assert readers.rows(decoded) == readers.rows(expected.select(table.schema.names))


@pytest.mark.skipif(
    not readers.spark_available(), reason="PySpark has an environment of its own: make spark-test"
)
def test_pyspark_reads_equal_rows_of_every_table(tmp_path):
    written = [(table, write(tmp_path, table)) for table in catalog().values()]
    read = readers.spark(written, tmp_path)
    for table, files in written:
        assert read[table.name] == readers.rows(readers.expected(files, tmp_path, table)), table.name
