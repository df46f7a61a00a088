"""The tables of the lake, read from tables.json, their only declaration.

Terraform reads the same file for the Glue columns. Times are UTC ``timestamp[us]``;
prices, volumes, caps and supplies are exact ``decimal128(38,18)``. Only the live tables
(``tickers``, ``trades``, ``book_tickers``), where every value has eight decimals, are narrower:
a table never holds two scales, which readers would mix up silently.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pyarrow as pa

DECIMAL: Final = pa.decimal128(38, 18)
LIVE_PRICE: Final = pa.decimal128(18, 8)
LIVE_VOLUME: Final = pa.decimal128(28, 8)
TIMESTAMP: Final = pa.timestamp("us", tz="UTC")

_ARROW: Final = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "timestamp": TIMESTAMP,
    "decimal(38,18)": DECIMAL,
    "decimal(18,8)": LIVE_PRICE,
    "decimal(28,8)": LIVE_VOLUME,
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the Arrow ``schema`` of its files, without the partition columns.

    ``location`` is the prefix of its files, ``trusted/quotes/``.
    """

    name: str
    location: str
    description: str
    schema: pa.Schema
    partitions: tuple[str, ...]
    natural_key: tuple[str, ...]
    sort: tuple[str, ...]
    dictionary: tuple[str, ...]


def declarations() -> dict[str, Any]:
    """tables.json as it stands."""
    declared: dict[str, Any] = json.loads(files("coinlake").joinpath("tables.json").read_text())
    return declared


@cache
def tables() -> dict[str, Table]:
    """Every table by name."""
    return {name: _table(name, entry) for name, entry in declarations().items()}


def _table(name: str, entry: dict[str, Any]) -> Table:
    return Table(
        name=name,
        location=f"{entry.get('location', f'trusted/{name}')}/",
        description=entry["description"],
        schema=pa.schema(
            pa.field(column["name"], _ARROW[column["type"]], nullable=column["nullable"])
            for column in entry["columns"]
        ),
        partitions=tuple(partition["name"] for partition in entry["partitions"]),
        natural_key=tuple(entry["natural_key"]),
        sort=tuple(entry["sort"]),
        dictionary=tuple(entry["dictionary"]),
    )
