"""Refined tables as a warehouse declares them. Pure: from tables.json to SQL, every name quoted.

A warehouse's table has the columns of the refined files and then those of the partition, which lie in the
path only. Its key is the natural key and the partition: a quote may lie in the folders of two days.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import pyarrow as pa

from coinlake.errors import BadConfiguration
from coinlake.tables import Table

LEDGER: Final = "loads"
SPREADS: Final = "spreads"
DISCOUNTS: Final = "discounts"  # a view of them


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``required`` ones are of the key."""

    name: str
    type: pa.DataType
    required: bool


@dataclass(frozen=True, slots=True)
class SinkTable:
    """One refined table in a warehouse. ``schema`` is that of its files, without ``partitions``."""

    name: str
    schema: pa.Schema
    partitions: tuple[str, ...]
    key: tuple[str, ...]

    @classmethod
    def of(cls, table: Table) -> Self:
        names = {*table.schema.names, *table.partitions}
        key = tuple(dict.fromkeys([*table.natural_key, *table.partitions]))
        return cls(table.name, table.schema, table.partitions, tuple(name for name in key if name in names))

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those of the files, then those of the partition, which are texts."""
        own = [Column(field.name, field.type, field.name in self.key) for field in self.schema]
        return (*own, *(Column(name, pa.string(), required=True) for name in self.partitions))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def names(columns: Sequence[str], alias: str = "") -> str:
    """``t."base", t."quote"``."""
    return ", ".join(f"{alias}.{quoted(name)}" if alias else quoted(name) for name in columns)


def postgres_type(kind: pa.DataType) -> str:
    """The type that holds every value of an Arrow type exactly."""
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamp with time zone"
    return {
        pa.string(): "text",
        pa.int32(): "integer",
        pa.int64(): "bigint",
        pa.bool_(): "boolean",
        pa.float64(): "double precision",
    }[kind]


def create_table(schema: str, table: SinkTable) -> list[str]:
    """The table, its key, in users' order of asking, and the index that finds a partition.

    A BRIN index of the partition's columns takes 0.2 MB for four million rows, a B-tree 28 MB.
    """
    place = f"{quoted(schema)}.{quoted(table.name)}"
    columns = ",\n  ".join(
        f"{quoted(column.name)} {postgres_type(column.type)}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    )
    statements = [
        f"CREATE TABLE IF NOT EXISTS {place} (\n  {columns},\n  PRIMARY KEY ({names(_key_order(table))})\n)"
    ]
    if table.partitions:
        statements.append(
            f"CREATE INDEX IF NOT EXISTS {quoted(f'{table.name}_partition')} ON {place} USING brin "
            f"({names(table.partitions)}) WITH (pages_per_range = 32, autosummarize = on)"
        )
    return statements


def create_discounts(schema: str) -> str:
    """Each source's daily premium (above 0) or discount against the median price, from ``spreads``."""
    return (
        f"CREATE VIEW {quoted(schema)}.{quoted(DISCOUNTS)} AS\n"
        "SELECT (slot_time AT TIME ZONE 'UTC')::date AS day, source, base, quote,\n"
        "  count(spread_bps) AS slots,\n"
        "  avg(spread_bps) AS mean_bps,\n"
        "  percentile_cont(0.5) WITHIN GROUP (ORDER BY spread_bps) AS median_bps,\n"
        "  min(spread_bps) AS lowest_bps,\n"
        "  max(spread_bps) AS highest_bps\n"
        f"FROM {quoted(schema)}.{quoted(SPREADS)}\n"
        "WHERE spread_bps IS NOT NULL\n"
        "GROUP BY 1, 2, 3, 4"
    )


def create_ledger(schema: str) -> str:
    """What the warehouse holds of each partition, written in the transaction of the load itself."""
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(schema)}.{quoted(LEDGER)} (\n"
        "  table_name text NOT NULL,\n"
        "  partition text NOT NULL,\n"
        "  etag text NOT NULL,\n"
        "  rows bigint NOT NULL,\n"
        "  hash numeric(38,0) NOT NULL,\n"
        "  columns text NOT NULL,\n"
        "  loaded_at timestamp with time zone NOT NULL DEFAULT statement_timestamp(),\n"
        "  PRIMARY KEY (table_name, partition)\n)"
    )


def migrations(schema: str, table: SinkTable, existing: Mapping[str, str]) -> list[str]:
    """What brings a table of ``existing`` columns (name → type) up to the declaration.

    New columns are added and may be null. Raises ``BadConfiguration`` where a type differs or a column of
    the key is missing: types never change silently, and a key cannot be added to rows that lack it.
    """
    place = f"{quoted(schema)}.{quoted(table.name)}"
    statements = []
    for column in table.columns:
        declared = postgres_type(column.type)
        if column.name not in existing:
            if column.required:
                raise BadConfiguration(
                    f"{schema}.{table.name} has no column {column.name!r}, which is of its key; "
                    f"drop the table: the next run loads it anew"
                )
            statements.append(f"ALTER TABLE {place} ADD COLUMN {quoted(column.name)} {declared}")
        elif existing[column.name] != declared:
            raise BadConfiguration(
                f"{schema}.{table.name}.{column.name} is {existing[column.name]}, and the lake has "
                f"{declared}; types never change silently: drop the table, and the next run loads it anew"
            )
    return statements


def postgres_row_text(schema: pa.Schema, alias: str) -> str:
    """``hashing``'s text of a row, as PostgreSQL computes it."""
    return " || '|' || ".join(
        f"coalesce({_postgres_text(field, f'{alias}.{quoted(field.name)}')}, '~')" for field in schema
    )


def postgres_hash(schema: pa.Schema, alias: str) -> str:
    """``hashing.row_hash`` as an aggregate of PostgreSQL."""
    digits = f"substr(md5({postgres_row_text(schema, alias)}), 1, 15)"
    return f"coalesce(sum(('x' || {digits})::bit(60)::bigint), 0)"


def _postgres_text(field: pa.Field, name: str) -> str:
    if pa.types.is_timestamp(field.type):
        return f"(extract(epoch from {name}) * 1000000)::bigint::text"
    if pa.types.is_boolean(field.type):
        return f"(CASE WHEN {name} THEN '1' WHEN NOT {name} THEN '0' END)"
    if pa.types.is_floating(field.type):
        return f"{name}::text::numeric(38,10)::text"
    return f"{name}::text"


def _key_order(table: SinkTable) -> list[str]:
    """As users ask: the market first, then what remains of the key."""
    first = [name for name in ("base", "quote", "interval", "open_time", "source") if name in table.key]
    return [*first, *(name for name in table.key if name not in first)]
