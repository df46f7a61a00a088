"""Write docs/data-dictionary.md from tables.json: ``python -m tools.dictionary``."""

from pathlib import Path
from typing import Any, Final

from coinlake.tables import declarations

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "data-dictionary.md"

INTRODUCTION: Final = """# Data dictionary

Written by `python -m tools.dictionary` from `layers/coinlake/python/coinlake/tables.json`, the only
declaration of a table: Python builds its Arrow schemas from it, Terraform its Glue columns.

- Numbers are exact: `decimal(38,18)`, parsed from the source's own digits and never through a float.
  A value with more than 18 decimals is rounded half-even and counted in its ledger entry as
  `rounded`; raw keeps every digit. `tickers`, `trades` and `book_tickers` have eight decimals, as their
  sources do: a value with more is quarantined as `inexact`, never rounded.
- A column that may be null is null where the source gives no value; those that refine computes say when.
- A value that does not fit a column that may be null is null, and its ledger entry notes
  `nulled:<field>:<code>`; one that does not fit another column costs its row, which is in quarantine.
- Times are UTC in microseconds. A slot, and so a file, is named by when it was due.
- A plain name (`quotes`) is the refined table, each natural key once; `trusted_quotes` is every row that
  arrived. Statistics that refine computes are `double`, nothing else is.
- A symbol is never guessed from a ticker: an asset that the map does not hold is `source:id`.
- Which intervals a source has is in `layers/coinlake/python/coinlake/sources.json`; refine puts 30m and 4h
  together for those that lack them.
- In a warehouse ([load.md](load.md#what-is-in-the-database)) the folders are columns too, of type text, and
  the types are its own. PostgreSQL: string is text, int32 and int64 are integer and bigint, timestamp is
  timestamp with time zone, decimal(p,s) is numeric(p,s), double is double precision, boolean is boolean.
  Redshift: string is varchar(1024), timestamp is timestamp in UTC, the others are as in PostgreSQL.
  Snowflake: string is VARCHAR, int32 and int64 are NUMBER(10,0) and NUMBER(19,0), timestamp is
  TIMESTAMP_NTZ(6) in UTC, decimal(p,s) is NUMBER(p,s), double is FLOAT, boolean is BOOLEAN.
"""


def page() -> str:
    """The whole page as Markdown."""
    return INTRODUCTION + "".join(_table(name, table) for name, table in declarations().items())


def _table(name: str, table: dict[str, Any]) -> str:
    rows = "".join(_row(column) for column in table["columns"])
    folders = "".join(
        f"| `{partition['name']}` | {partition['type']} | folder | | {partition['description']} |\n"
        for partition in table["partitions"]
    )
    natural_key, sort = (
        ", ".join(f"`{column}`" for column in table[part]) for part in ("natural_key", "sort")
    )
    return (
        f"\n## {name}\n\n{table['description']}\n\nNatural key: {natural_key}. Sorted by {sort}.\n\n"
        f"| column | type | null | unit | meaning |\n|---|---|---|---|---|\n{rows}{folders}"
        f"{_refined_differences(table.get('refined', {}))}"
    )


def _refined_differences(different: dict[str, Any]) -> str:
    """Where the refined table differs from the trusted one."""
    columns = "".join(_row(column) for column in different.get("columns", ()))
    folders = " / ".join(f"`{partition['name']}`" for partition in different.get("partitions", ()))
    added = f"\nRefined adds:\n\n| column | type | null | unit | meaning |\n|---|---|---|---|---|\n{columns}"
    return (added if columns else "") + (f"\nRefined lies in folders by {folders}.\n" if folders else "")


def _row(column: dict[str, Any]) -> str:
    null = "may be" if column["nullable"] else "never"
    cells = [f"`{column['name']}`", column["type"], null, column["unit"] or "", column["description"]]
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE}")
