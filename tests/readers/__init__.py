"""Other tools that read the lake, each as its users do: the schema from tables.json, the files as they lie.

Each is given files, the folder that holds the lake's keys, and the table; it returns the rows as Arrow, of
the table's columns and its partitions, whatever columns the single files have.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, Final

import duckdb as duckdb_engine
import fastparquet
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from coinlake.tables import Table
from ops.documents import plain_text
from ops.local.spark import spark_venv
from ops.paths import ROOT
from ops.query.duckdb import create_view

Files = Sequence[Path]
_POLARS: Final = {
    pa.string(): pl.String(),
    pa.int32(): pl.Int32(),
    pa.int64(): pl.Int64(),
    pa.bool_(): pl.Boolean(),
    pa.float64(): pl.Float64(),
    pa.timestamp("us", tz="UTC"): pl.Datetime("us", "UTC"),
}


def full_schema(table: Table) -> pa.Schema:
    """The columns of the files, then the partitions, which are text."""
    return pa.schema([*(field.with_nullable(True) for field in table.schema), *_partitions(table)])


def _partitions(table: Table) -> list[pa.Field]:
    return [pa.field(name, pa.string()) for name in table.partitions]


def duckdb(files: Files, _root: Path, table: Table) -> pa.Table:
    """As `coinlake query` does."""
    with duckdb_engine.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        create_view(database, table, [str(file) for file in files])
        return database.sql(f"SELECT * FROM {table.name}").to_arrow_table()  # noqa: S608 - our own name


def polars(files: Files, _root: Path, table: Table) -> pa.Table:
    schema = {field.name: _polars_type(field.type) for field in table.schema}
    return (
        pl.scan_parquet(
            list(files),
            schema=schema | dict.fromkeys(table.partitions, pl.String()),
            hive_partitioning=bool(table.partitions),
            hive_schema=dict.fromkeys(table.partitions, pl.String()) or None,
            missing_columns="insert",
            extra_columns="ignore",
        )
        .select([*schema, *table.partitions])
        .collect()
        .to_arrow()
    )


def _polars_type(kind: pa.DataType) -> Any:
    return pl.Decimal(kind.precision, kind.scale) if pa.types.is_decimal(kind) else _POLARS[kind]


def pyarrow(files: Files, root: Path, table: Table) -> pa.Table:
    partitioning = ds.partitioning(pa.schema(_partitions(table)), flavor="hive")
    dataset = ds.dataset(
        [str(file) for file in files],
        schema=full_schema(table),
        partitioning=partitioning,
        partition_base_dir=str(root / table.location),
        format="parquet",
    )
    return dataset.to_table()


def pandas(_files: Files, root: Path, table: Table) -> pa.Table:
    """Types of Arrow's, for pandas has no decimals of its own."""
    schema = full_schema(table)
    frame = pd.read_parquet(
        root / table.location,
        schema=schema,
        partitioning=ds.partitioning(pa.schema(_partitions(table)), flavor="hive"),
        dtype_backend="pyarrow",
        engine="pyarrow",
    )
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)


READERS: Final[dict[str, Callable[[Files, Path, Table], pa.Table]]] = {
    "duckdb": duckdb,
    "polars": polars,
    "pandas": pandas,
    "pyarrow": pyarrow,
}


def expected(files: Files, root: Path, table: Table) -> pa.Table:
    """The rows as they were written: file by file, and the partition out of the path."""
    schema, tables = full_schema(table), []
    for file in files:
        rows = pq.ParquetFile(file).read()
        levels = dict(level.split("=", 1) for level in file.relative_to(root / table.location).parts[:-1])
        columns = [
            rows[field.name].cast(field.type)
            if field.name in rows.schema.names
            else pa.array([levels.get(field.name)] * rows.num_rows, field.type)
            for field in schema
        ]
        tables.append(pa.Table.from_arrays(columns, schema=schema))
    return pa.concat_tables(tables) if tables else schema.empty_table()


def rows(table: pa.Table) -> list[tuple[str | None, ...]]:
    """In an order of their own, each value as text that tells equal ones from others."""
    return sorted((tuple(map(_text, row.values())) for row in table.to_pylist()), key=repr)


def _text(value: Any) -> str | None:
    return None if value is None else plain_text(value)


def sums(table: pa.Table) -> dict[str, Decimal | int | None]:
    """Of each number, exactly; of doubles the count alone, for their sum depends on its order."""
    with localcontext(prec=100):
        return {
            field.name: sum(
                (value for value in table[field.name].to_pylist() if value is not None), Decimal(0)
            )
            for field in table.schema
            if pa.types.is_decimal(field.type) or pa.types.is_integer(field.type)
        }


def types(table: pa.Table) -> dict[str, str]:
    """Each column's kind, without what readers call differently: the width of text, a time's zone."""
    return {field.name: _kind(field.type) for field in table.schema}


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_dictionary(kind):
        return "string"
    return "timestamp[us]" if pa.types.is_timestamp(kind) and kind.unit == "us" else str(kind)


def fastparquet_sums(files: Files, table: Table) -> dict[str, float]:
    """What fastparquet reads of each file: it makes floats of decimals, so sums are near."""
    names = [field.name for field in table.schema if pa.types.is_decimal(field.type)]
    total = dict.fromkeys(names, 0.0)
    for file in files:
        frame = fastparquet.ParquetFile(str(file)).to_pandas()
        assert len(frame) == pq.read_metadata(file).num_rows
        for name in set(names) & set(frame.columns):
            total[name] += float(frame[name].fillna(0).astype(float).sum())
    return total


def spark_available() -> bool:
    return spark_venv().installed and shutil.which("java") is not None


def spark(tables: Sequence[tuple[Table, Files]], root: Path) -> dict[str, list[tuple[str | None, ...]]]:
    """Each table's rows as ``rows`` has them, read by PySpark in its own environment."""
    request = [
        {
            "name": table.name,
            "base": str(root / table.location),
            "files": [str(file) for file in files],
            "schema": spark_schema(table),
        }
        for table, files in tables
    ]
    done = subprocess.run(
        [str(spark_venv().python), str(Path(__file__).with_name("spark.py"))],
        input=json.dumps(request),
        env={**os.environ, "TZ": "UTC", "PYTHONPATH": "", "SPARK_LOCAL_IP": "127.0.0.1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    return {name: sorted((tuple(row) for row in found), key=repr) for name, found in answer.items()}


def spark_schema(table: Table) -> str:
    """The columns and partitions as Spark's DDL."""
    return ", ".join(f"`{field.name}` {_spark_type(field.type)}" for field in full_schema(table))


def _spark_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    names = {"string": "STRING", "int32": "INT", "int64": "BIGINT", "bool": "BOOLEAN", "double": "DOUBLE"}
    return "TIMESTAMP" if pa.types.is_timestamp(kind) else names[str(kind)]


def assert_reads_alike(reader: str, wanted: pa.Table, files: Files, root: Path, table: Table) -> None:
    """Equal types and rows, and so sums, as were written: ``wanted``, what ``expected`` gives."""
    read = READERS[reader](files, root, table)
    assert types(read) == types(wanted), (reader, table.name)
    assert _ordered(read, wanted.schema) == _ordered(wanted, wanted.schema), (reader, table.name)


def _ordered(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """In an order of the rows' own, and of the schema's kind of text and time."""
    alike = _with_zones(table.select(schema.names)).cast(schema)
    return alike.sort_by([(name, "ascending") for name in schema.names])


def _with_zones(table: pa.Table) -> pa.Table:
    """DuckDB's times, as Athena's, have no zone and are UTC."""
    for position, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type) and field.type.tz is None:
            table = table.set_column(position, field.name, pc.assume_timezone(table[field.name], "UTC"))
    return table
