"""PostgreSQL's SQL for refined tables: types, tables, the ledger, and the hash of rows."""

import pyarrow as pa

from load.ddl import DISCOUNTS, LEDGER, SPREADS, Column, SinkTable, names, quoted


def column_type(column: Column) -> str:
    """The type that holds every value of the column exactly, as ``format_type`` writes it."""
    kind = column.type
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

    A table with ``optional`` columns has no key: PostgreSQL has one with nulls since version 15 only. A BRIN
    index of the partition's columns takes 0.2 MB for four million rows, a B-tree 28 MB.
    """
    place = f"{quoted(schema)}.{quoted(table.name)}"
    columns = ",\n  ".join(
        f"{quoted(column.name)} {column_type(column)}{' NOT NULL' if column.required else ''}"
        for column in table.columns
    )
    key = "" if table.optional else f",\n  PRIMARY KEY ({names(_key_order(table))})"
    statements = [f"CREATE TABLE IF NOT EXISTS {place} (\n  {columns}{key}\n)"]
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


def row_text(schema: pa.Schema, alias: str) -> str:
    """``hashing``'s text of a row, as PostgreSQL computes it."""
    return " || '|' || ".join(
        f"coalesce({_text(field, f'{alias}.{quoted(field.name)}')}, '~')" for field in schema
    )


def row_hash(schema: pa.Schema, alias: str) -> str:
    """``hashing.row_hash`` as an aggregate of PostgreSQL."""
    digits = f"substr(md5({row_text(schema, alias)}), 1, 15)"
    return f"coalesce(sum(('x' || {digits})::bit(60)::bigint), 0)"


def _text(field: pa.Field, name: str) -> str:
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
