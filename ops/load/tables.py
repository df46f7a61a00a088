"""What a warehouse holds, on the screen."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

MAX_ROWS: Final = 60
SIDES: Final = ("lake", "ledger", "warehouse")
_HASH_DIGITS: Final = 8


def comparison(compared: Sequence[Mapping[str, Any]], title: str) -> Table:
    """Rows and hash on each side; what differs comes first, and at most 60 partitions are shown."""
    in_order = sorted(compared, key=lambda entry: (entry["equal"], entry["partition"]))
    more = len(in_order) - MAX_ROWS
    equal = sum(entry["equal"] for entry in compared)
    caption = f"{equal:,} of {len(compared):,} partitions are equal"
    table = Table(
        title=title,
        caption=f"{caption}; {more:,} more are not shown" if more > 0 else caption,
        title_justify="left",
        caption_justify="left",
    )
    table.add_column("partition", overflow="fold")
    for side in SIDES:
        table.add_column(f"{side} rows", justify="right")
        table.add_column("hash")
    table.add_column("")
    for entry in in_order[:MAX_ROWS]:
        cells = [cell for side in SIDES for cell in _cells(entry[side])]
        table.add_row(
            escape(entry["partition"]), *cells, "[green]equal[/]" if entry["equal"] else "[red]differs[/]"
        )
    return table


def _cells(side: Mapping[str, Any] | None) -> tuple[str, str]:
    """Rows, and the last digits of the hash: enough to see that two differ."""
    return ("–", "–") if side is None else (f"{side['rows']:,}", f"…{side['hash'][-_HASH_DIGITS:]}")
