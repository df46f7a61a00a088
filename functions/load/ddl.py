"""Refined tables as a warehouse declares them; ``load.dialects`` writes their SQL. Pure, every name quoted.

A warehouse's table has the columns of the refined files and then those of the partition, which lie in the
path only. Its key is the natural key and the partition: a quote may lie in the folders of two days.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import pyarrow as pa

from coinlake.errors import BadConfiguration
from coinlake.tables import Table

LOADER: Final = "coinlake_load"
READERS: Final = "coinlake_read"
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
    """One refined table in a warehouse. ``schema`` is that of its files, without ``partitions``.

    ``optional`` are columns that tell rows apart too, and may be null: no database takes them in a key.
    """

    name: str
    schema: pa.Schema
    partitions: tuple[str, ...]
    key: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: Table) -> Self:
        names = {*table.schema.names, *table.partitions}
        nullable = {field.name for field in table.schema if field.nullable}
        key = [name for name in dict.fromkeys([*table.natural_key, *table.partitions]) if name in names]
        return cls(
            table.name,
            table.schema,
            table.partitions,
            tuple(name for name in key if name not in nullable),
            tuple(name for name in key if name in nullable),
        )

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


def migrations(
    schema: str, table: SinkTable, existing: Mapping[str, str], type_of: Callable[[Column], str]
) -> list[str]:
    """What brings a table of ``existing`` columns (name → type) up to the declaration, whose types
    ``type_of`` writes as the database itself does.

    New columns are added and may be null. Raises ``BadConfiguration`` where a type differs or a column of
    the key is missing: types never change silently, and a key cannot be added to rows that lack it.
    """
    place = f"{quoted(schema)}.{quoted(table.name)}"
    statements = []
    for column in table.columns:
        declared = type_of(column)
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
