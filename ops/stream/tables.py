"""The live collector as a table that is refreshed."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from ops.progress import console
from ops.stream.collector import Collector

REFRESH_SECONDS: Final = 0.5
_MICROS: Final = 1_000_000


def watch(collector: Collector, seconds: float | None) -> None:
    """Show it for so many seconds, or until Ctrl-C; without a terminal only what there is at the end."""
    ends = time.monotonic() + seconds if seconds is not None else float("inf")
    if not console.is_terminal:
        time.sleep(max(0.0, ends - time.monotonic()))
        console.print(view(collector))
        return
    with Live(view(collector), console=console, auto_refresh=False) as live:
        while time.monotonic() < ends:
            time.sleep(REFRESH_SECONDS)
            live.update(view(collector), refresh=True)


def document(collector: Collector) -> dict[str, Any]:
    """For ``--json``: what it counted, and each stream's newest price."""
    times = ("event_time", "received_at")
    return {
        "totals": collector.totals(),
        "streams": [
            {**stream, **{name: datetime.fromtimestamp(stream[name] / _MICROS, UTC) for name in times}}
            for stream in collector.streams()
        ],
    }


def view(collector: Collector) -> RenderableType:
    return Group(streams_table(collector.streams(), time.time()), totals_line(collector.totals()))


def streams_table(streams: Sequence[Mapping[str, Any]], now: float) -> Table:
    """One row for each stream: its newest price, when the exchange said it, how late it came."""
    table = Table(title="Live", title_justify="left", title_style="bold")
    for name, justify in (("source", "left"), ("stream", "left"), ("price", "right"), ("at (UTC)", "left")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name in ("lag", "received", "frames"):
        table.add_column(name, justify="right")
    for stream in streams:
        table.add_row(escape(stream["source"]), escape(stream["stream"]), *_cells(stream, now))
    return table


def _cells(stream: Mapping[str, Any], now: float) -> tuple[str, ...]:
    price = "–" if stream["price"] is None else f"{Decimal(stream['price']).normalize():,f}"
    event, received = stream["event_time"] / _MICROS, stream["received_at"] / _MICROS
    at = datetime.fromtimestamp(event, UTC).strftime("%H:%M:%S.%f")[:-3]
    return (
        price,
        at,
        f"{1000 * (received - event):,.0f} ms",
        f"{now - received:,.1f} s ago",
        f"{stream['frames']:,}",
    )


def totals_line(totals: Mapping[str, Any]) -> str:
    """Frames and where they are; what was lost is red."""
    lost = totals["dropped"] + totals["refill_failed"]
    words = [
        f"[bold]{totals['frames']:,}[/] frames",
        f"{totals['committed']:,} on disk",
        f"{totals['uploaded_rows']:,} in {totals['uploaded_batches']:,} batches in raw",
        f"spool {totals['spool_bytes']:,.0f} bytes",
        f"{totals['repeated']:,} received twice",
        f"{totals['reconnects']:,} reconnects",
        f"{totals['refilled']:,} trades refilled",
        f"[red]{lost:,} lost[/]" if lost else "[green]none lost[/]",
    ]
    return " · ".join(words)
