"""data/candles/<BASE>/<interval>.json: the last 500 candles of every venue, and what is missing of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from refine.dashboard.documents import Row, body, newest, number, seconds
from refine.partitions import first_day, months_between

LIMIT: Final = 500
_MAX_REACH: Final = timedelta(days=540)  # of daily candles, and of longer ones
INDEX: Final = "candles/index.json"
_PRICES: Final = ("open", "high", "low", "close", "volume")
_COVERAGE: Final = ("coverage", "is_complete", "has_gap")


def file(base: str, interval: str) -> str:
    return f"candles/{base}/{interval}.json"


def is_publishable(base: str) -> bool:
    """An asset that the map holds; an id of one source alone could be no name of a file."""
    return base.isalnum()


def months(interval: str, last: str) -> list[str]:
    """The months that can hold the last 500 candles, up to ``last``, in order."""
    reach = min(LIMIT * INTERVALS[interval], _MAX_REACH)
    return list(months_between(f"{first_day(last) - reach:%Y-%m}", last))


def candle_files(interval: str, candles: pa.Table, gaps: pa.Table) -> Iterator[tuple[str, bytes]]:
    """A file for each asset; ``candles`` and ``gaps`` are of ``interval``, whole months."""
    for base in sorted(filter(is_publishable, pc.unique(candles["base"]).to_pylist())):
        rows = candles.filter(pc.field("base") == base).sort_by(
            [("source", "ascending"), ("quote", "ascending"), ("open_time", "ascending")]
        )
        missing = gaps.filter((pc.field("base") == base) & (pc.field("state") != "present")).to_pylist()
        grouped = groupby(_plain_rows(rows), key=lambda row: (row["source"], row["quote"]))
        venues = [_venue(market, list(some)[-LIMIT:], missing, interval) for market, some in grouped]
        received = newest([pc.max(rows["received_at"]).as_py()])
        document = {"base": base, "interval": interval, "generated_at": received, "venues": venues}
        yield file(base, interval), body(document)


def index(files: list[str]) -> bytes:
    """Which assets and intervals there are, from the names of all candle files."""
    intervals_of: dict[str, list[str]] = {}
    for name in files:
        _, base, last = name.split("/")
        intervals_of.setdefault(base, []).append(last.removesuffix(".json"))
    order = list(INTERVALS)
    markets = {
        base: {"intervals": sorted(intervals_of[base], key=order.index)} for base in sorted(intervals_of)
    }
    return body({"markets": markets})


def _plain_rows(candles: pa.Table) -> list[Row]:
    """The columns of a file; a chart's numbers as float64, whose digits are then cut."""
    plain = candles.select(["source", "quote", "derived_from", *_COVERAGE])
    time = pc.divide(candles["open_time"].cast(pa.int64()), 1_000_000)
    for name in _PRICES:
        plain = plain.append_column(name, candles[name].cast(pa.float64()))
    rows: list[Row] = plain.append_column("time", time).to_pylist()
    return rows


def _venue(market: tuple[str, str], rows: list[Row], gaps: list[Row], interval: str) -> Row:
    source, quote = market
    return {
        "source": source,
        "quote": quote,
        "candles": [[row["time"], *(number(row[name]) for name in _PRICES)] for row in rows],
        # Of which part is missing, or yet to come: how much is known, and whether something is left out.
        "incomplete": [
            [row["time"], row["coverage"], row["has_gap"]] for row in rows if row["is_complete"] is False
        ],
        "derived_from": rows[-1]["derived_from"],
        "gaps": [
            {
                "start": seconds(gap["open_time"]),
                "end": seconds(_end(gap, interval)),
                "status": gap["state"],
                "evidence": gap["evidence"],
            }
            for gap in sorted(gaps, key=lambda gap: gap["open_time"])
            if (gap["source"], gap["quote"]) == market and _end(gap, interval).timestamp() > rows[0]["time"]
        ],
    }


def _end(gap: Row, interval: str) -> datetime:
    end: datetime = gap["open_time"] + gap["buckets"] * INTERVALS[interval]
    return end
