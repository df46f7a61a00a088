"""The tables of the lake, read from tables.json, their only declaration.

Terraform reads the same file for the Glue columns. Times are UTC ``timestamp[us]``;
prices, volumes, caps and supplies are exact ``decimal128(38,18)``. Only the live tables
(``tickers``, ``trades``, ``book_tickers``), where every value has eight decimals, are narrower:
a table never holds two scales, which readers would mix up silently. Statistics that refine
computes are ``double``, and nothing else is.

A table that lies in ``trusted/`` has a refined table of the same name in ``refined/``: the same rows,
each natural key once, in one file for each partition. Its entry's ``refined`` says where that differs:
``partitions`` (one with a ``column`` takes its value from that column of the rows; the column of the
same name is then left out of the file) and ``columns``, which follow the table's own. Tables that only
refine makes have a ``location`` in ``refined/``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pyarrow as pa

from coinlake.keys import REFINED, TRUSTED

DECIMAL: Final = pa.decimal128(38, 18)
LIVE_PRICE: Final = pa.decimal128(18, 8)
LIVE_VOLUME: Final = pa.decimal128(28, 8)
TIMESTAMP: Final = pa.timestamp("us", tz="UTC")

_ARROW: Final = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "double": pa.float64(),
    "timestamp": TIMESTAMP,
    "decimal(38,18)": DECIMAL,
    "decimal(18,8)": LIVE_PRICE,
    "decimal(28,8)": LIVE_VOLUME,
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the Arrow ``schema`` of its files, without the partition columns.

    ``location`` is the prefix of its files, ``trusted/quotes/``. ``partition_columns`` are the
    columns that some partitions take their values from, by the partition's name.
    """

    name: str
    location: str
    description: str
    schema: pa.Schema
    partitions: tuple[str, ...]
    natural_key: tuple[str, ...]
    sort: tuple[str, ...]
    dictionary: tuple[str, ...]
    partition_columns: Mapping[str, str]


def declarations() -> dict[str, Any]:
    """tables.json as it stands."""
    declared: dict[str, Any] = json.loads(files("coinlake").joinpath("tables.json").read_text())
    return declared


@cache
def tables() -> dict[str, Table]:
    """Every table by name, as declared: what transform writes is the trusted one."""
    return {name: _table(name, entry) for name, entry in declarations().items()}


@cache
def refined() -> dict[str, Table]:
    """The tables of the refined zone by name: those of the trusted tables, and the derived ones."""
    declared = {name: (entry, tables()[name]) for name, entry in declarations().items()}
    return {
        name: _refined_table(name, entry) if table.location.startswith(TRUSTED) else table
        for name, (entry, table) in declared.items()
        if table.location.startswith((TRUSTED, REFINED))
    }


@cache
def catalog() -> dict[str, Table]:
    """Every table by the name that SQL knows it by: ``quotes`` is refined, ``trusted_quotes`` trusted."""
    trusted = {
        f"trusted_{name}": replace(table, name=f"trusted_{name}")
        for name, table in tables().items()
        if table.location.startswith(TRUSTED)
    }
    return tables() | refined() | trusted


def _refined_table(name: str, entry: dict[str, Any]) -> Table:
    """The refined table of a trusted table's declaration."""
    differences = entry.get("refined", {})
    partitions = differences.get("partitions", entry["partitions"])
    folders = {partition["name"] for partition in partitions}
    columns = [column for column in entry["columns"] if column["name"] not in folders]
    refined_entry = {
        **entry,
        "location": f"{REFINED}{name}",
        "columns": columns + differences.get("columns", []),
        "partitions": partitions,
        "dictionary": [column for column in entry["dictionary"] if column not in folders]
        + differences.get("dictionary", []),
        "sort": [column for column in entry["sort"] if column not in folders],
    }
    return _table(name, refined_entry)


def _table(name: str, entry: dict[str, Any]) -> Table:
    return Table(
        name=name,
        location=f"{entry.get('location', f'{TRUSTED}{name}')}/",
        description=entry["description"],
        schema=pa.schema(
            pa.field(column["name"], _ARROW[column["type"]], nullable=column["nullable"])
            for column in entry["columns"]
        ),
        partitions=tuple(partition["name"] for partition in entry["partitions"]),
        natural_key=tuple(entry["natural_key"]),
        sort=tuple(entry["sort"]),
        dictionary=tuple(entry["dictionary"]),
        partition_columns={
            partition["name"]: partition["column"]
            for partition in entry["partitions"]
            if "column" in partition
        },
    )
