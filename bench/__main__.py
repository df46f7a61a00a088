"""``make bench``: measure the hot paths side by side with named peers, and print one table."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from bench import load, spark
from bench.dashboard import drawn
from bench.growth import Growth, draw, table
from bench.latency import latency
from bench.measure import BenchFailed
from bench.refine import SLOTS, refine
from bench.report import Row, circumstances, markdown, show
from bench.rows import Bench, layers
from bench.server import serving
from bench.stream import StreamBench

RUNS, QUICK_RUNS = 5, 1
TIMES, QUICK_TIMES = 40, 3
QUICK_FRAMES = 20_000
QUICK_SLOTS = 6


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    console = Console(stderr=True)
    busy, cores = os.getloadavg()[0], os.cpu_count() or 1
    runs, times = (QUICK_RUNS, QUICK_TIMES) if options.quick else (options.runs, TIMES)
    try:
        with serving() as server:
            if options.growth:
                _growth(Growth(server, runs, options.scale), options.growth, console)
                return 0
            bench = Bench(server, options.rows, runs, times)
            stream = StreamBench(server.endpoint, max(options.rows // 5, QUICK_FRAMES), runs)
            slots = QUICK_SLOTS if options.quick else SLOTS
            parts: list[Callable[[], Iterator[Row]]] = [bench.tickers, bench.pages, bench.imports, layers]
            parts.append(lambda: refine(server, runs, QUICK_TIMES, slots))
            if not options.quick:
                parts += [stream.rows, lambda: load.rows(options.rows, runs)]
                parts += [lambda: latency(runs), lambda: drawn(runs), lambda: spark.rows(server, runs)]
            failures: list[BenchFailed] = []
            rows = list(measured_rows(parts, console, failures))
    except BenchFailed as error:
        console.print(f"[red]{error}[/]")
        return 1
    show(rows, Console())
    where = circumstances(busy)
    Console().print(where, highlight=False)
    if busy > cores:
        console.print(f"The load was {busy:.1f} on {cores} cores: trust the ratios, not the times.")
    if options.markdown:
        options.markdown.write_text(f"{where}\n\n{markdown(rows)}")
    return int(bool(failures))


def _growth(growth: Growth, picture: Path, console: Console) -> None:
    lines = []
    with console.status("measuring growth …") as status:
        for line in growth.lines():
            lines.append(line)
            status.update(f"measuring growth … {line.grows}, {line.what}: {line.bend:.2f}×")
    Console().print(table(lines))
    draw(lines, picture, console)


def measured_rows(
    parts: Sequence[Callable[[], Iterator[Row]]], console: Console, failures: list[BenchFailed]
) -> Iterator[Row]:
    """The rows of all parts; one that fails is among the ``failures``, and the others go on."""
    with console.status("measuring …") as status:
        for part in parts:
            try:
                for row in part():
                    status.update(f"measuring … {row.what}: {row.ours}")
                    yield row
            except BenchFailed as error:
                failures.append(error)
                console.print(f"[red]{error}[/]")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="mini-tickers (default 1,000,000)")
    parser.add_argument("--runs", type=int, default=RUNS, help="interleaved rounds (default 5)")
    parser.add_argument("--quick", action="store_true", help="one round, no mails: does it work at all?")
    parser.add_argument(
        "--growth", type=Path, metavar="PNG", help="cost and memory at 1×, 10×, 100×, drawn here"
    )
    parser.add_argument("--scale", type=int, default=1, help="of --growth: divide every size (default 1)")
    parser.add_argument("--markdown", type=Path, help="also write the table here")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
