"""``make bench GROWTH=picture.png``: cost and memory while events, symbols and history grow a hundredfold.

A level line says that nothing depends on what grows; a bend is seen before a user meets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import inputs
from bench.measure import Job, Result
from bench.paths import VENV
from bench.refine import HISTORY, NEW, SLOTS, Lake
from bench.server import LAKE, Server
from bench.stream import FEW, StreamBench
from coinlake import keys

SYMBOLS: Final = (20, 200, 2_000)
COINS: Final = (25, 250, 2_500)
FEW_SLOTS: Final = 29  # a day of 2,500 coins has as many rows as one of 250 by all slots
LINES: Final = 200_000
FRAMES: Final = 200_000
PAGES: Final = 40


@dataclass(frozen=True, slots=True)
class Point:
    """So much of what grows; seconds of processor in the line's unit; the process's peak memory."""

    amount: int
    cost: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Line:
    """What one stage costs while one thing grows."""

    grows: str
    what: str
    unit: str
    points: Sequence[Point]

    @property
    def bend(self) -> float:
        """The dearest point over the first."""
        return max(point.cost for point in self.points) / self.points[0].cost


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line before it is measured: ``cost`` takes the processor's time for one unit from a result."""

    grows: str
    what: str
    unit: str
    amounts: Sequence[int]
    run: Callable[[int], Result]
    cost: Callable[[Result, int], float]

    def line(self, runs: int) -> Line:
        """The amounts take turns, and the least of the rounds counts: neighbours only ever add."""
        rounds = [[self.run(amount) for amount in self.amounts] for _ in range(runs)]
        return Line(
            self.grows,
            self.what,
            self.unit,
            [
                Point(
                    amount,
                    min(self.cost(result, amount) for result in results),
                    min(result["peak_mb"] for result in results),
                )
                for amount, results in zip(self.amounts, zip(*rounds, strict=True), strict=True)
            ],
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """Every line over one S3; ``scale`` divides the sizes, for a run that only shows that all works."""

    server: Server
    runs: int
    scale: int = 1
    filled: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[Line]:
        for measurement in (*self._events(), *self._symbols(), *self._history()):
            yield measurement.line(self.runs)

    def _events(self) -> Iterator[Measurement]:
        pages = self._sizes(10, 100, 1_000)
        yield Measurement(
            "events", "transform: pages, one worker", "ms a page", pages, self._page, _milliseconds
        )
        lines = self._sizes(10_000, 100_000, 1_000_000)
        yield Measurement("events", "transform: lines of an object", "µs a line", lines, self._lines, _each)
        merged = self._sizes(3, 30, SLOTS - NEW)
        yield Measurement(
            "events",
            "refine: pages in the part before",
            "ms a page",
            merged,
            lambda pages: self._refine(Lake(slots=pages + NEW)),
            _milliseconds,
        )
        frames = self._sizes(20_000, 200_000, 2_000_000)
        yield Measurement("events", "collector: frames", "µs a frame", frames, self._frames, _each_of_cpu)

    def _symbols(self) -> Iterator[Measurement]:
        lines, frames = LINES // self.scale, FRAMES // self.scale
        yield Measurement(
            "symbols",
            f"transform: {lines:,} lines",
            "µs a line",
            SYMBOLS,
            lambda symbols: self._lines(lines, symbols),
            lambda result, _: _each(result, lines),
        )
        yield Measurement(
            "symbols",
            "refine: coins of a page",
            "µs a quote",
            self._sizes(*COINS),
            lambda coins: self._refine(Lake(slots=FEW_SLOTS, coins=coins)),
            lambda result, coins: 1000 * result["milliseconds"] / coins,
        )
        yield Measurement(
            "symbols",
            f"collector: {frames:,} frames",
            "µs a frame",
            SYMBOLS,
            lambda symbols: self._frames(frames, symbols),
            lambda result, _: _each_of_cpu(result, frames),
        )

    def _history(self) -> Iterator[Measurement]:
        slots = max(SLOTS // self.scale, NEW + 1)
        yield Measurement(
            "history",
            "refine: days before today",
            "ms a page",
            HISTORY,
            lambda days: self._refine(Lake(days, slots)),
            _milliseconds,
        )
        objects = self._sizes(100, 1_000, 10_000)
        yield Measurement(
            "history", "transform: objects in the lake", "ms a page", objects, self._page_among, _milliseconds
        )

    def _sizes(self, *amounts: int) -> Sequence[int]:
        return [max(amount // self.scale, index + 1) for index, amount in enumerate(amounts)]

    def _lines(self, rows: int, symbols: int = inputs.SYMBOLS) -> Result:
        path = inputs.tickers(rows, symbols)
        self.server.put(str(inputs.TICKERS_KEY), path.read_bytes(), inputs.FETCHED_AT)
        task = {"endpoint": self.server.endpoint, "key": str(inputs.TICKERS_KEY), "rows": rows}
        return Job("tickers", task).run()

    def _page(self, times: int) -> Result:
        key = str(inputs.COINS_KEY)
        self.server.put(key, inputs.coins(), inputs.FETCHED_AT)
        return Job("pages", {"endpoint": self.server.endpoint, "key": key, "times": times}).run()

    def _page_among(self, objects: int) -> Result:
        """A page in a lake that has so many ledger entries and trusted files beside it."""
        s3 = self.server.client()
        for number in range(objects):
            if (name := f"{keys.LEDGER}bench/{number}") not in self.filled:
                s3.put_object(Bucket=LAKE, Key=name, Body=b"{}")
                self.filled.add(name)
        return self._page(PAGES)

    def _refine(self, lake: Lake) -> Result:
        if lake.bucket not in self.filled:
            lake.fill(self.server)
            self.filled.add(lake.bucket)
        return lake.job(self.server, times=3).run()

    def _frames(self, frames: int, symbols: int = FEW) -> Result:
        return StreamBench(self.server.endpoint, frames, 1).ours(symbols)


def _milliseconds(result: Result, _: int) -> float:
    return result["milliseconds"]


def _each(result: Result, count: int) -> float:
    return 1e6 * result["seconds"] / count


def _each_of_cpu(result: Result, count: int) -> float:
    return 1e6 * result["cpu"] / count


def table(lines: Sequence[Line]) -> Table:
    shown = Table(
        "grows", "what", "amounts", "cost", "peak memory, MB", "bend", title="coinlake bench: growth"
    )
    for line in lines:
        amounts = " → ".join(f"{point.amount:,}" for point in line.points)
        costs = " → ".join(f"{point.cost:,.1f}" for point in line.points)
        memory = " → ".join(f"{point.peak_mb:,.0f}" for point in line.points)
        shown.add_row(line.grows, line.what, amounts, f"{costs} {line.unit}", memory, f"{line.bend:.2f}×")
    return shown


def draw(lines: Sequence[Line], picture: Path, console: Console) -> None:
    """By matplotlib, in the bench's own environment."""
    VENV.install()
    picture.parent.mkdir(parents=True, exist_ok=True)
    task = {"lines": [asdict(line) for line in lines], "picture": str(picture.absolute())}
    Job("draw_growth", task, python=str(VENV.python)).run()
    console.print(f"drawn: {picture}")
