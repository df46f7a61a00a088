"""The collector's own records of what it does not have, whatever the venue: ``stream_gaps``.

A line is ``{"received_at": <µs>, "frame": {"stream", "reason", "from", "to", "first_id", "last_id",
"frames"}}``; times are microseconds since 1970, the last three are null where they are unknown.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import RawKey
from coinlake.tables import TIMESTAMP
from transform.model import RawDocument
from transform.readers.json_lines import ColumnFault, LineReader
from transform.readers.line_template import LineField
from transform.readers.line_values import INTEGER, TEXT
from transform.tables import live
from transform.tables.batches import TableLayout

_TIMES: Final = {"gap_from": "from", "gap_to": "to"}
_NUMBERS: Final = ("first_id", "last_id", "frames")
_KNOWN: Final = {"stream", "reason", *_TIMES.values(), *_NUMBERS}


class StreamGaps:
    """One row for each gap; so few that they are read as JSON."""

    table: ClassVar = "stream_gaps"
    layout: ClassVar = TableLayout("received_at")
    fields: ClassVar[Mapping[str, LineField]] = {
        **live.RECEIVED,
        **{name: LineField(("frame", name), TEXT) for name in ("stream", "reason")},
        **{column: LineField(("frame", name), INTEGER, "missing_field") for column, name in _TIMES.items()},
        **{name: LineField(("frame", name), INTEGER) for name in _NUMBERS},
    }

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a good line that a newer collector writes."""
        return live.unknown_names((line, live.ENVELOPE), (line["frame"], _KNOWN))

    def check(self, line: Any) -> None:
        """``Unreadable`` for a line that is no object of an object."""
        live.require_object(live.require_object(line).get("frame"), "frame")

    def columns(self, values: Mapping[str, pa.Array], _: RawDocument) -> dict[str, pa.Array]:
        """The table's columns."""
        times = {name: values[name].view(TIMESTAMP) for name in ("received_at", *_TIMES)}
        return {**values, **times}

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """Every check of whole columns; records can wait on disk for longer than a frame."""
        yield from live.time_faults(columns, key)
        yield from live.range_faults(columns, (), _NUMBERS)
        for name in _TIMES:
            micros = columns[name].view(INTEGER)
            yield ColumnFault("bad_time", name, pc.less(micros, live.EARLIEST_US))
        ends = pc.less(columns["gap_to"], columns["gap_from"])
        yield ColumnFault("inconsistent", "gap_to", ends)
        yield ColumnFault("inconsistent", "last_id", pc.less(columns["last_id"], columns["first_id"]))


READER: Final = LineReader(StreamGaps(), fast=False)
