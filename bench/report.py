"""What the bench says: one row for each thing measured, with whom it was compared, and where."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.paths import PYSPARK, ROOT


@dataclass(frozen=True, slots=True)
class Row:
    """``met`` is None where there is no target, or nothing to measure; ``peer`` names its number."""

    what: str
    ours: str
    peer: str
    ratio: str
    target: str
    met: bool | None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: "–"}[self.met]


PACKAGES: Final = ("pyarrow", "numpy", "pandas", "awswrangler", "botocore", "duckdb", "orjson")
HEADINGS = ("what", "ours", "peer or floor", "ratio", "target", "verdict")


def circumstances(load_before: float) -> str:
    """When, on what, beside how much other work (the load before and after), with which versions.

    cryptofeed's stand in its rows.
    """
    versions = [f"{name} {version(name)}" for name in PACKAGES]
    versions += [pinned("dlt", ROOT / "bench" / "requirements.txt"), pinned("pyspark", PYSPARK)]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), "
        f"load {load_before:.1f} before and {os.getloadavg()[0]:.1f} at the end, "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    )


def pinned(package: str, requirements: Path) -> str:
    """A package with the version that a file pins, for one that has an environment of its own."""
    pin = re.search(rf"^{package}==(\S+)", requirements.read_text(), re.MULTILINE)
    return f"{package} {pin[1]}" if pin else package


def show(rows: Sequence[Row], console: Console) -> None:
    table = Table(*HEADINGS, title="coinlake bench", show_lines=True)
    colours = {True: "green", False: "red", None: "dim"}
    for row in rows:
        verdict = f"[{colours[row.met]}]{row.verdict}[/]"
        table.add_row(row.what, row.ours, row.peer, row.ratio, row.target, verdict)
    console.print(table)


def markdown(rows: Sequence[Row]) -> str:
    """The same as a table for docs/performance.md."""
    lines = [HEADINGS, ("---",) * len(HEADINGS)]
    lines += [(row.what, row.ours, row.peer, row.ratio, row.target, row.verdict) for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
