"""Live frames as the collector keeps them: what is common to every venue's."""

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tests.unit.transform.conftest import read_bytes

SENT = 1795132857136  # 2026-11-20T00:00:57.136Z
RECEIVED = SENT * 1000 + 51_234
GAP = {
    **{"stream": "btcusdt@trade", "reason": "disconnected", "from": SENT * 1000, "to": RECEIVED},
    **{"first_id": 7, "last_id": 9, "frames": 3},
}


class LiveFrames(NamedTuple):
    """The frames of one live dataset.

    ``make`` gives a good frame with some values changed, ``bad`` the changes that each code is for;
    ``counters`` names the values that make a frame another row, counted from ``first``. ``nulled`` gives,
    for each column that may be null, the changes that cost no more than its value.
    """

    make: Callable[..., dict[str, Any]]
    bad: Mapping[str, Sequence[dict[str, Any]]]
    counters: tuple[str, ...]
    first: int
    nulled: Mapping[str, Mapping[str, Sequence[dict[str, Any]]]] = {}

    def lines(self, count):
        """Lines of as many different rows."""
        return [
            line(self.make(**dict.fromkeys(self.counters, self.first + number))) for number in range(count)
        ]


def plain(good):
    return lambda **changes: changed(good, changes)


def changed(good, changes):
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


PRICES = {
    "missing_price": [None, ...],
    "bad_type": [True, "", "x", " 1", []],
    "inexact": ["1.000000001"],
    "nonfinite": ["NaN", float("inf")],
    "out_of_range": ["0", "-1", "10000000000"],
}
AMOUNTS = {
    "bad_type": ["x", []],
    "inexact": ["0.123456789"],
    "nonfinite": ["1e999"],
    "out_of_range": ["-0.00000001", "1e20"],
}
TEXTS = {"missing_field": [None], "bad_type": [7], "bad_text": ["BTC\x7f"]}


def by_code(**kinds):
    """Changes by code: of each column that is of a kind, its bad values."""
    found = {}
    for name, (column_kind, extra) in kinds.items():
        for code, values in [*column_kind.items(), *extra.items()]:
            found.setdefault(code, []).extend({name: value} for value in values)
    return found


def combined(base, **more):
    return {code: [*base.get(code, []), *more.get(code, [])] for code in {*base, *more}}


IDS = {"missing_field": [None, ...], "bad_type": ["7", 1.5, True], "out_of_range": [-1, 10**30]}
FLAGS = {"missing_field": [None, ...], "bad_type": ["true", 1]}
MILLIS = {
    "missing_field": [...],
    "bad_time": [SENT // 1000, SENT - 86_500_000],
    "future_time": [SENT + 300_052],
}
MOMENTS = {**MILLIS, "bad_time": [SENT // 1000, -SENT]}  # of trades, which may be old
ISO = {
    "missing_field": [None],
    "bad_time": ["soon", 7, "2026-11-20T00:00:57", "2008-12-31T23:59:59Z"],
    "future_time": ["2026-11-20T00:05:58Z"],
}


def key(source, dataset):
    return f"raw/source={source}/dataset={dataset}/dt=2026-11-20/20261120T000100Z.c1.000000001.jsonl.gz"


def line(frame, received_at=RECEIVED):
    """A line as the collector writes it."""
    return f'{{"received_at":{received_at},"frame":{json.dumps(frame, separators=(",", ":"))}}}'


def read(where, *lines):
    return read_bytes(key(*where), gzip.compress("\n".join(lines).encode()), max_bytes=1 << 26)


def rows(parsed):
    return [row for part in parsed.slices for row in part.rows.to_pylist()]


STREAM_GAPS = LiveFrames(
    plain(GAP),
    {
        "missing_field": [{"from": None}, {"to": ...}, {"stream": None}, {"reason": None}],
        "bad_type": [{"from": "soon"}, {"reason": 7}],
        "bad_time": [{"from": 7}, {"to": 7, "from": 3}],
        "inconsistent": [{"to": GAP["from"] - 1}, {"last_id": 6}],
    },
    ("first_id", "last_id"),
    0,
    {
        "first_id": {"bad_type": [{"first_id": "x"}]},
        "last_id": {"out_of_range": [{"last_id": 10**30}]},
        "frames": {"out_of_range": [{"frames": -1}]},
    },
)
