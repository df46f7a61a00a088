"""data/candles/<BASE>/<interval>.json: the last 500 candles of every venue, and what is missing of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.intervals import INTERVALS
from refine.publish.documents import body, newest, number, seconds
from refine.tables.months import first_day, through

LIMIT: Final = 500
_MOST_MONTHS: Final = timedelta(days=540)  # of daily candles, and of longer ones
INDEX: Final = "candles/index.json"
_PRICES: Final = ("open", "high", "low", "close", "volume")
Row = dict[str, Any]


def file(base: str, interval: str) -> str:
    return f"candles/{base}/{interval}.json"


def is_publishable(base: str) -> bool:
    """An asset that the map holds; an id of one source alone could be no name of a file."""
    return base.isalnum()


def months(interval: str, last: str) -> list[str]:
    """The months that can hold the last 500 candles, up to ``last``, in order."""
    reach = min(LIMIT * INTERVALS[interval], _MOST_MONTHS)
    return list(through(f"{first_day(last) - reach:%Y-%m}", last))


def candle_files(interval: str, candles: pa.Table, gaps: pa.Table) -> Iterator[tuple[str, bytes]]:
    """A file for each asset; ``candles`` and ``gaps`` are of ``interval``, whole months."""
    for base in sorted(filter(is_publishable, pc.unique(candles["base"]).to_pylist())):
        rows = candles.filter(pc.field("base") == base).sort_by(
            [("source", "ascending"), ("quote", "ascending"), ("open_time", "ascending")]
        )
        missing = gaps.filter((pc.field("base") == base) & (pc.field("state") != "present")).to_pylist()
        grouped = groupby(_rows(rows), key=lambda row: (row["source"], row["quote"]))
        venues = [_venue(market, list(found)[-LIMIT:], missing, interval) for market, found in grouped]
        received = newest([pc.max(rows["received_at"]).as_py()])
        yield (
            file(base, interval),
            body({"base": base, "interval": interval, "generated_at": received, "venues": venues}),
        )


def index(files: list[str]) -> bytes:
    """Which assets and intervals there are, from the names of all candle files."""
    markets: dict[str, list[str]] = {}
    for name in files:
        _, base, last = name.split("/")
        markets.setdefault(base, []).append(last.removesuffix(".json"))
    order = list(INTERVALS)
    ordered = {base: {"intervals": sorted(markets[base], key=order.index)} for base in sorted(markets)}
    return body({"markets": ordered})


def _rows(candles: pa.Table) -> list[Row]:
    """The columns of a file; a chart's numbers as float64, whose digits are then cut."""
    plain = candles.select(["source", "quote", "derived_from"])
    seconds_ = pc.divide(candles["open_time"].cast(pa.int64()), 1_000_000)
    for name in _PRICES:
        plain = plain.append_column(name, candles[name].cast(pa.float64()))
    found: list[Row] = plain.append_column("time", seconds_).to_pylist()
    return found


def _venue(market: tuple[str, str], rows: list[Row], gaps: list[Row], interval: str) -> Row:
    source, quote = market
    return {
        "source": source,
        "quote": quote,
        "candles": [[row["time"], *(number(row[name]) for name in _PRICES)] for row in rows],
        "derived_from": rows[-1]["derived_from"],
        "gaps": [
            _gap(gap, interval)
            for gap in sorted(gaps, key=lambda gap: gap["open_time"])
            if (gap["source"], gap["quote"]) == market and _end(gap, interval).timestamp() > rows[0]["time"]
        ],
    }


def _end(gap: Row, interval: str) -> datetime:
    end: datetime = gap["open_time"] + gap["buckets"] * INTERVALS[interval]
    return end


def _gap(gap: Row, interval: str) -> Row:
    times = {"start": seconds(gap["open_time"]), "end": seconds(_end(gap, interval))}
    return {**times, "status": gap["state"], "evidence": gap["evidence"]}
