"""``make chaos``: the collector's chaos test at full length, with progress and a table at the end."""

import argparse
import random
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.integration.stream.chaos import Result, chaos

MAX_MB = 256


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if no trade is missing or doubled and memory stayed bounded."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--frames", type=int, default=200_000, help="trades to publish (default 200,000)")
    parser.add_argument("--rate", type=int, default=800, help="trades a second (default 800)")
    parser.add_argument("--seed", type=int, default=None, help="repeat a run")
    options = parser.parse_args(arguments)
    seed = random.randrange(1 << 30) if options.seed is None else options.seed
    console = Console()
    console.print(f"{options.frames:,} trades at {options.rate} a second, seed {seed}")
    with Progress(console=console) as progress:
        task = progress.add_task("published", total=options.frames)
        result = chaos(options.frames, options.rate, seed, lambda done: progress.update(task, completed=done))
    console.print(_table(result))
    good = not (result.missing or result.doubled or result.invented or result.quarantined or result.exit_code)
    return 0 if good and result.peak_mb <= MAX_MB else 1


def _table(result: Result) -> Table:
    table = Table("what", "how many", title="chaos")
    rows = {
        "trades published": result.published,
        "missing in trusted": result.missing,
        "doubled in trusted": result.doubled,
        "invented": result.invented,
        "quarantined": result.quarantined,
        "of them from REST": result.from_rest,
        "seconds": round(result.seconds),
        "peak memory, MB": round(result.peak_mb),
        "exit code after SIGTERM": result.exit_code,
        **{f"event: {name}": count for name, count in sorted(result.events.items())},
        **{f"gap: {name}": count for name, count in sorted(result.gaps.items())},
        **{f"seen: {name}": count for name, count in sorted(result.seen.items())},
    }
    for what, count in rows.items():
        table.add_row(what, f"{count:,}")
    return table


if __name__ == "__main__":
    sys.exit(main())
