"""Snowflake's SQL for refined tables: versions of parts, views of the newest, and the hash of rows.

A copy of a part (``load.handoff``) is appended to ``<TABLE>_PARTS`` as one version of its partition. What is
shown of a partition is its newest version that is there in whole: Snowpipe may load a file in several
transactions, and one that is there twice, as after a pipe was made anew, is shown once.
Source: Snowflake documentation, "Introduction to Snowpipe" ("Transactions").

Names are quoted in upper case, which is what names without quotes mean.
"""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from load.ddl import DISCOUNTS, LEDGER, SPREADS, Column, SinkTable
from load.hashing import declaration_hash

PART_COLUMNS: Final = {
    "part_version": pa.int64(),  # the copy's number
    "part_rows": pa.int64(),  # how many rows it has; 0 where the partition is empty or gone
    "part_row": pa.int64(),  # from 1; 0 of the one row, of nulls, that a copy without rows has
    "part_hash": pa.string(),  # load.hashing.row_hash of its rows, in decimal digits
    "part_columns": pa.string(),  # load.hashing.declaration_hash of the columns that the hash covers
}


def quoted(name: str) -> str:
    return '"' + name.upper().replace('"', '""') + '"'


def column_type(column: Column) -> str:
    """The type that holds every value of the column exactly."""
    kind = column.type
    if pa.types.is_decimal(kind):
        return f"NUMBER({kind.precision},{kind.scale})"
    return {
        pa.string(): "VARCHAR",
        pa.int32(): "NUMBER(10,0)",
        pa.int64(): "NUMBER(19,0)",
        pa.bool_(): "BOOLEAN",
        pa.float64(): "FLOAT",
        pa.timestamp("us", tz="UTC"): "TIMESTAMP_NTZ(6)",  # in UTC
    }[kind]


def parts_table(table: SinkTable) -> str:
    return f"{table.name}_parts"


def parts_columns(table: SinkTable) -> list[tuple[str, str]]:
    """Names and types of the table of versions. Only the partition's columns are in every row of it."""
    own = [(column.name, column_type(column)) for column in table.columns]
    part = [(name, column_type(Column(name, kind, required=True))) for name, kind in PART_COLUMNS.items()]
    return own + part


def create_parts(table: SinkTable) -> list[str]:
    """The table of versions, and the columns that came to the lake since it was made."""
    name, always = quoted(parts_table(table)), {*table.partitions, *PART_COLUMNS}
    columns = ",\n  ".join(
        f"{quoted(column)} {kind}{' NOT NULL' if column in always else ''}"
        for column, kind in parts_columns(table)
    )
    return [
        f"CREATE TABLE IF NOT EXISTS {name} (\n  {columns}\n)",
        *(
            f"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS {quoted(column.name)} {column_type(column)}"
            for column in table.columns
            if not column.required
        ),
    ]


def changed_columns(tables: Sequence[SinkTable]) -> str:
    """A query for the columns whose type is not the declared one; the precision of times it leaves out."""
    values = ",\n    ".join(
        f"('{parts_table(table).upper()}', '{column.upper()}', '{kind.removesuffix('(6)')}')"
        for table in tables
        for column, kind in parts_columns(table)
    )
    return (
        "SELECT d.table_name, d.column_name, d.declared\n"  # noqa: S608
        f"  FROM (VALUES\n    {values}\n  ) AS d (table_name, column_name, declared)\n"
        "  JOIN INFORMATION_SCHEMA.COLUMNS c\n"
        "    ON c.table_schema = CURRENT_SCHEMA() AND c.table_name = d.table_name\n"
        "    AND c.column_name = d.column_name\n"
        "  WHERE d.declared <> CASE c.data_type\n"
        "    WHEN 'NUMBER' THEN 'NUMBER(' || c.numeric_precision || ',' || c.numeric_scale || ')'\n"
        "    WHEN 'TEXT' THEN 'VARCHAR'\n"
        "    ELSE c.data_type END"
    )


def copy_parts(table: SinkTable, stage: str) -> str:
    """What a pipe runs for each file. Columns are found by their names; one that a file lacks is null."""
    return (
        f"COPY INTO {quoted(parts_table(table))} FROM @{stage}/{table.name}/\n"
        "  FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE NULL_IF = ())\n"
        "  MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
    )


def create_current(table: SinkTable) -> str:
    """The view of the rows that count: of each partition's newest version in whole, each row once."""
    parts, view = quoted(parts_table(table)), quoted(_current(table))
    partition = [quoted(name) for name in table.partitions]
    version, row = quoted("part_version"), quoted("part_row")
    whole = f"COUNT(DISTINCT {row}) = GREATEST(MAX({quoted('part_rows')}), 1)"
    newest = ", ".join([*partition, f"MAX({version}) AS {version}"])
    same = " AND ".join(f"p.{name} = n.{name}" for name in [*partition, version])
    once = ", ".join(f"p.{name}" for name in [*partition, version, row])
    grouped = f"\n  GROUP BY {', '.join(partition)}" if partition else ""
    return (
        f"CREATE OR REPLACE VIEW {view} AS\n"  # noqa: S608
        f"WITH versions AS (\n"
        f"  SELECT {', '.join([*partition, version])} FROM {parts}\n"
        f"  GROUP BY {', '.join([*partition, version])} HAVING {whole}\n"
        f"), newest AS (\n  SELECT {newest} FROM versions{grouped}\n)\n"
        f"SELECT p.* FROM {parts} p JOIN newest n ON {same}\n"
        f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {once} ORDER BY p.{row}) = 1"
    )


def create_view(table: SinkTable) -> str:
    """The table as users know it."""
    columns = ",\n  ".join(quoted(column.name) for column in table.columns)
    return (
        f"CREATE OR REPLACE VIEW {quoted(table.name)} COPY GRANTS AS\nSELECT\n  {columns}\n"
        f"FROM {quoted(_current(table))} WHERE {quoted('part_rows')} > 0"
    )


def create_discounts() -> str:
    """Each source's daily premium (above 0) or discount against the median price, from ``spreads``."""
    return (
        f"CREATE OR REPLACE VIEW {quoted(DISCOUNTS)} COPY GRANTS AS\n"
        'SELECT "SLOT_TIME"::DATE AS "DAY", "SOURCE", "BASE", "QUOTE",\n'
        '  COUNT("SPREAD_BPS") AS "SLOTS",\n'
        '  AVG("SPREAD_BPS") AS "MEAN_BPS",\n'
        '  MEDIAN("SPREAD_BPS") AS "MEDIAN_BPS",\n'
        '  MIN("SPREAD_BPS") AS "LOWEST_BPS",\n'
        '  MAX("SPREAD_BPS") AS "HIGHEST_BPS"\n'
        f"FROM {quoted(SPREADS)}\n"
        'WHERE "SPREAD_BPS" IS NOT NULL\n'
        "GROUP BY 1, 2, 3, 4"
    )


def create_ledger(tables: Sequence[SinkTable]) -> str:
    """The view of what is held of each partition, counted and hashed anew, beside what was handed over."""
    return f"CREATE OR REPLACE VIEW {quoted(LEDGER)} COPY GRANTS AS\n" + "\nUNION ALL\n".join(
        _held(table) for table in tables
    )


def delete_replaced(table: SinkTable) -> str:
    """Deletes the versions that a newer one, there in whole, has replaced."""
    parts, version = quoted(parts_table(table)), quoted("part_version")
    partition = [quoted(name) for name in table.partitions]
    newest = ", ".join([*partition, f"MAX({version}) AS newest"])
    grouped = f" GROUP BY {', '.join(partition)}" if partition else ""
    same = "".join(f"{parts}.{name} = n.{name} AND " for name in partition)
    return (
        f"DELETE FROM {parts} USING (SELECT {newest} FROM {quoted(_current(table))}{grouped}) n\n"  # noqa: S608
        f"  WHERE {same}{parts}.{version} < n.newest"
    )


def row_text(schema: pa.Schema) -> str:
    """``hashing``'s text of a row, as Snowflake computes it."""
    return " || '|' || ".join(f"COALESCE({hashed_text(field)}, '~')" for field in schema)


def row_hash(schema: pa.Schema) -> str:
    """``hashing.row_hash`` as an aggregate of Snowflake, in decimal digits: 0 of a partition without rows."""
    digits = f"SUBSTR(MD5({row_text(schema)}), 1, 15)"
    return f"TO_VARCHAR(SUM(IFF({quoted('part_rows')} > 0, TO_NUMBER({digits}, '{'X' * 15}'), 0)))"


def _held(table: SinkTable) -> str:
    name = " || '/' || ".join(f"'{level}=' || {quoted(level)}" for level in table.partitions) or "''"
    group = ", ".join(quoted(column) for column in [*table.partitions, "part_version"])
    columns = {
        "table_name": f"'{table.name}'",
        "partition": name,
        "version": quoted("part_version"),
        "rows": f"COUNT_IF({quoted('part_rows')} > 0)",
        "hash": row_hash(table.schema),
        "handed_rows": f"MAX({quoted('part_rows')})",
        "handed_hash": f"MAX({quoted('part_hash')})",
        "columns": f"MAX({quoted('part_columns')})",
        "view_columns": f"'{declaration_hash(table.schema)}'",
    }
    chosen = ",\n  ".join(f"{value} AS {quoted(column)}" for column, value in columns.items())
    return f"SELECT\n  {chosen}\nFROM {quoted(_current(table))} GROUP BY {group}"


def _current(table: SinkTable) -> str:
    return f"{table.name}_current"


def hashed_text(field: pa.Field) -> str:
    """A column's text as ``hashing`` has it; null stays null."""
    name = quoted(field.name)
    if pa.types.is_timestamp(field.type):
        return f"TO_VARCHAR(DATE_PART(EPOCH_MICROSECOND, {name}))"
    if pa.types.is_boolean(field.type):
        return f"CASE WHEN {name} THEN '1' WHEN NOT {name} THEN '0' END"
    if pa.types.is_floating(field.type):
        return f"TO_VARCHAR({name}::NUMBER(38,10))"
    if pa.types.is_string(field.type):
        return name
    return f"TO_VARCHAR({name})"
