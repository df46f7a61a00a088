"""Amazon Redshift's SQL for refined tables: types, tables, the ledger, the load of a copy, the hash of rows.

Rendered whole, without parameters: a batch of the Data API has one set of them for all its statements. What
enters are names and values of the lake's own listing, all quoted here.

Source: Amazon Redshift Database Developer Guide, "SQL commands", "SQL functions" and "Data types".
"""

# ruff: noqa: S608 - every name and value is quoted below
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from load.ddl import DISCOUNTS, LEDGER, SPREADS, Column, SinkTable, names, quoted
from load.planning import Loaded, TablePartition

STAGE: Final = "coinlake_stage"
TEXT_BYTES: Final = 1024  # as long as a key of S3 may be
LONG_TEXTS: Final = {"evidence": 4096}
ENTRY: Final = ("table_name", "partition", "version", "etag", "rows", "hash", "columns", "loaded_at")


def column_type(column: Column) -> str:
    """The type that holds every value of the column exactly, as SVV_COLUMNS spells it."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    return {
        pa.string(): f"character varying({LONG_TEXTS.get(column.name, TEXT_BYTES)})",
        pa.int32(): "integer",
        pa.int64(): "bigint",
        pa.bool_(): "boolean",
        pa.float64(): "double precision",
        # UTC: what COPY reads from Parquet has no TIMESTAMPTZ.
        pa.timestamp("us", tz="UTC"): "timestamp without time zone",
    }[kind]


def literal(value: str) -> str:
    """A text in quotes; a backslash is an escape in Redshift as it was in its ancestor, PostgreSQL 8."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def create_table(schema: str, table: SinkTable) -> list[str]:
    """The table, sorted by the time of its key; distribution, and order without one, are Redshift's choice.

    Redshift enforces no key, so none is declared.
    """
    columns = ",\n  ".join(
        f"{quoted(column.name)} {column_type(column)}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    )
    times = [field.name for field in table.schema if field.name in table.key and _is_time(field.type)]
    order = f" SORTKEY ({quoted(times[0])})" if times else ""
    return [f"CREATE TABLE IF NOT EXISTS {_place(schema, table.name)} (\n  {columns}\n){order}"]


def create_ledger(schema: str) -> str:
    """What the warehouse holds of each partition; ``version`` is the number of the copy that was loaded."""
    return (
        f"CREATE TABLE IF NOT EXISTS {_place(schema, LEDGER)} (\n"
        '  "table_name" varchar(256) NOT NULL,\n'
        '  "partition" varchar(1024) NOT NULL,\n'
        '  "version" bigint NOT NULL,\n'
        '  "etag" varchar(256) NOT NULL,\n'
        '  "rows" bigint NOT NULL,\n'
        '  "hash" numeric(38,0) NOT NULL,\n'
        '  "columns" varchar(64) NOT NULL,\n'
        '  "loaded_at" timestamp NOT NULL\n)'
    )


def create_discounts(schema: str) -> str:
    """Each source's daily premium (above 0) or discount against the median price, from ``spreads``."""
    return (
        f"CREATE OR REPLACE VIEW {_place(schema, DISCOUNTS)} AS\n"
        "SELECT CAST(slot_time AS DATE) AS day, source, base, quote,\n"
        "  COUNT(spread_bps) AS slots,\n"
        "  AVG(spread_bps) AS mean_bps,\n"
        "  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY spread_bps) AS median_bps,\n"
        "  MIN(spread_bps) AS lowest_bps,\n"
        "  MAX(spread_bps) AS highest_bps\n"
        f"FROM {_place(schema, SPREADS)}\n"
        "WHERE spread_bps IS NOT NULL\n"
        "GROUP BY 1, 2, 3, 4"
    )


def create_schema(schema: str) -> str:
    return f"CREATE SCHEMA {quoted(schema)}"


def schemas(schema: str) -> str:
    """One row where the schema is there."""
    return f"SELECT nspname FROM pg_namespace WHERE nspname = {literal(schema)}"


def relations(schema: str) -> str:
    """The schema's relations, each with its type: ``BASE TABLE`` or ``VIEW``."""
    return f"SELECT table_name, table_type FROM svv_tables WHERE table_schema = {literal(schema)}"


def columns(schema: str) -> str:
    """The columns of the schema's relations; ``existing_type`` spells their types."""
    return (
        "SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, "
        f"numeric_scale FROM svv_columns WHERE table_schema = {literal(schema)}"
    )


def existing_type(name: str, length: int | None, precision: int | None, scale: int | None) -> str:
    """As ``column_type`` writes it, from what SVV_COLUMNS has."""
    if name == "character varying":
        return f"{name}({length})"
    return f"{name}({precision},{scale})" if name == "numeric" else name


def ledger(schema: str, place: TablePartition | None = None) -> str:
    """The ledger's rows, or that of one partition."""
    where = f" WHERE {_entry_of(place)}" if place else ""
    return (
        'SELECT "table_name", "partition", "version", "etag", "rows", CAST("hash" AS VARCHAR), "columns" '
        f"FROM {_place(schema, LEDGER)}{where}"
    )


def forget_table(schema: str, table: str) -> str:
    """Drop the entries of a table that is made anew."""
    return f'DELETE FROM {_place(schema, LEDGER)} WHERE "table_name" = {literal(table)}'


def forget(schema: str, table: str, partition: str | None) -> str:
    """Let the ledger forget which objects it holds."""
    where = f'"table_name" = {literal(table)}'
    if partition is not None:
        where += f' AND "partition" = {literal(partition)}'
    return f"UPDATE {_place(schema, LEDGER)} SET \"etag\" = '' WHERE {where}"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a part in S3, and the IAM role that COPY reads it with."""

    address: str  # s3://…
    role_arn: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The statements of one transaction, of which two fail on purpose: ``guard`` where a newer copy was
    loaded already, ``verification`` where the rows are not those of the part."""

    statements: tuple[str, ...]
    verification: int | None
    guard: int = 1


@dataclass(frozen=True, slots=True)
class Replacement:
    """A partition of ``table`` as the load numbered ``version`` leaves it; later numbers win."""

    schema: str
    table: SinkTable
    place: TablePartition
    version: int

    def remove(self) -> Batch:
        """Delete the rows and the entry of a partition whose part is gone."""
        return Batch((*self._begin(), self._delete()), verification=None)

    def keep(self, loaded: Loaded) -> Batch:
        """Only verify the rows that are there, and enter the object that they are of: no row is written."""
        return self._verified(loaded, ())

    def load(self, loaded: Loaded, copy: Copy) -> Batch:
        """Replace the rows by those of the copy, and verify them.

        COPY fills columns by position, so it goes into a table made as the file is; and it takes a prefix for
        its location, so the file's name is used once.
        """
        values = "".join(f", {literal(value)}" for value in self.place.partition.levels.values())
        own, target = names(self.table.schema.names), _place(self.schema, self.table.name)
        into = names([*self.table.schema.names, *self.table.partitions])
        return self._verified(
            loaded,
            (
                *stage(self.table.schema, copy),
                self._delete(),
                f"INSERT INTO {target} ({into}) SELECT {own}{values} FROM {STAGE}",
            ),
        )

    def _verified(self, loaded: Loaded, writes: tuple[str, ...]) -> Batch:
        entry = (
            f"{literal(self.place.table)}, {literal(str(self.place.partition))}, {self.version}, "
            f"{literal(loaded.etag)}, {loaded.rows}, {loaded.hash}, {literal(loaded.columns)}, GETDATE()"
        )
        verify = _fail_unless(
            f"(SELECT COUNT(*) = {loaded.rows} AND {row_hash(self.table.schema)} = {loaded.hash} "
            f"FROM {_place(self.schema, self.table.name)} WHERE {partition_filter(self.place)})"
        )
        enter = f"INSERT INTO {_place(self.schema, LEDGER)} ({names(ENTRY)}) VALUES ({entry})"
        statements = (*self._begin(), *writes, enter, verify)
        return Batch(statements, verification=len(statements) - 1)

    def _begin(self) -> tuple[str, str, str]:
        """Wait for loads under way; fail if one of them was of a newer copy; forget the old entry.

        The lock comes first: a snapshot is taken by the first statement that reads or writes, so this
        transaction sees all that those before it committed, and is not aborted as not serializable (error
        1023). Source: Amazon Redshift Database Developer Guide, "LOCK" and "Serializable isolation".
        """
        ledger_name, entry = _place(self.schema, LEDGER), _entry_of(self.place)
        newest = f'COALESCE(MAX("version"), 0) < {self.version}'
        guard = _fail_unless(f"(SELECT {newest} FROM {ledger_name} WHERE {entry})")
        return f"LOCK {ledger_name}", guard, f"DELETE FROM {ledger_name} WHERE {entry}"

    def _delete(self) -> str:
        return f"DELETE FROM {_place(self.schema, self.table.name)} WHERE {partition_filter(self.place)}"


def stage(schema: pa.Schema, copy: Copy) -> tuple[str, str]:
    """A table as the file is, which ends with the session, and the copy in it."""
    stage_columns = ", ".join(
        f"{quoted(field.name)} {column_type(Column(field.name, field.type, required=False))}"
        for field in schema
    )
    source = f"{literal(copy.address)} IAM_ROLE {literal(copy.role_arn)} FORMAT AS PARQUET"
    return f"CREATE TEMP TABLE {STAGE} ({stage_columns})", f"COPY {STAGE} FROM {source}"


def measure(schema: str, table: SinkTable, place: TablePartition) -> str:
    """Count and hash of a partition's rows, as texts."""
    return _measure(table.schema, _place(schema, table.name), partition_filter(place))


def measure_stage(schema: pa.Schema) -> str:
    """The same of all rows of ``stage``."""
    return _measure(schema, STAGE, "TRUE")


def partition_filter(place: TablePartition) -> str:
    """The rows of a partition; all rows of a table without partitions."""
    levels = place.partition.levels.items()
    return " AND ".join(f"{quoted(name)} = {literal(value)}" for name, value in levels) or "TRUE"


def row_hash(schema: pa.Schema) -> str:
    """``hashing.row_hash`` as an aggregate of Redshift: 15 digits are 60 bits, which fit a BIGINT."""
    texts = " || '|' || ".join(f"COALESCE({_text(field)}, '~')" for field in schema)
    return f"COALESCE(SUM(CAST(STRTOL(SUBSTRING(MD5({texts}), 1, 15), 16) AS DECIMAL(38,0))), 0)"


def _text(field: pa.Field) -> str:
    name = quoted(field.name)
    if pa.types.is_string(field.type):
        return name  # no cast: one without a length may cut the text
    if _is_time(field.type):
        return f"CAST(DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', {name}) AS VARCHAR)"
    if pa.types.is_boolean(field.type):
        return f"CASE WHEN {name} THEN '1' WHEN NOT {name} THEN '0' END"
    if pa.types.is_floating(field.type):
        return f"CAST(CAST({name} AS DECIMAL(38,10)) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def _measure(schema: pa.Schema, relation: str, where: str) -> str:
    return (
        f"SELECT CAST(COUNT(*) AS VARCHAR), CAST({row_hash(schema)} AS VARCHAR) FROM {relation} WHERE {where}"
    )


def _fail_unless(condition: str) -> str:
    """A statement that fails, and its transaction with it, unless the condition holds: it divides by zero."""
    return f"SELECT 1 / CASE WHEN {condition} THEN 1 ELSE 0 END"


def _entry_of(place: TablePartition) -> str:
    return f'"table_name" = {literal(place.table)} AND "partition" = {literal(str(place.partition))}'


def _place(schema: str, name: str) -> str:
    return f"{quoted(schema)}.{quoted(name)}"


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind))
