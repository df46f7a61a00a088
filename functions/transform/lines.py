"""JSON lines to rows, in columns from the bytes on; what that cannot take is read line by line.

A block of lines is read whole, as text of one shape, or it is cut in halves until the lines that do
not fit are few: these are read as JSON, exactly as a page is, and only there are faults named. So a
bad line costs no other line anything, and the fast way never has to decide what is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers
from coinlake.records import Rejection
from coinlake.tables import TIMESTAMP, Table, tables
from transform.blocks import blocks
from transform.columns import Sheet
from transform.fields import FLAG, TEXT, WHOLE, Field
from transform.formats import Format
from transform.notes import new_fields
from transform.ordering import Batch, parts
from transform.parsed import Answer, Parsed, Unreadable
from transform.payload import document
from transform.shape import Shape

FEW: Final = 32  # lines that are read as JSON rather than cut in halves again
MAX_LINE_BYTES: Final = 1 << 20
_SHORT: Final = 18  # digits that fit 64 bits


@dataclass(frozen=True, slots=True)
class Lines:
    """How one dataset of one source is read from lines; without ``fast`` each of them as JSON."""

    ext: ClassVar[str] = "jsonl"
    format: Format
    fast: bool = True

    def read(self, body: bytes, answer: Answer, max_bytes: int) -> Parsed:
        """Every line that is not blank is a row, in a part or rejected."""
        table = tables()[self.format.table]
        reading = _Reading(self.format, table, answer, self.fast)
        for block in blocks(body, max_bytes):
            reading.add(block)
        if not reading.rows_in:
            raise Unreadable("empty")
        made, repeats = parts(reading.batches, table, self.format.layout, answer.key)
        faults = {**reading.faults, **repeats}
        return Parsed(
            rows_in=reading.rows_in,
            parts=made,
            rejections=tuple(faults[number] for number in sorted(faults)),
            notes=tuple(new_fields(reading.new_names)),
        )


@dataclass(slots=True)
class _Reading:
    """One body while it is read: rows so far, good ones in ``batches``, the others in ``faults``.

    ``names`` are texts that have been checked.
    """

    format: Format
    table: Table
    answer: Answer
    fast: bool
    rows_in: int = 0
    batches: list[Batch] = field(default_factory=list)
    faults: dict[int, Rejection] = field(default_factory=dict)
    new_names: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def add(self, block: bytes) -> None:
        """The lines of ``block`` are the next rows."""
        if self.fast and self._columns(block):
            return
        middle = block.find(b"\n", len(block) // 2) + 1
        if self.fast and 0 < middle < len(block) and block.count(b"\n") > FEW:
            self.add(block[:middle])
            self.add(block[middle:])
        else:
            self._lines([line for line in block.split(b"\n") if line.strip()])

    def _columns(self, block: bytes) -> bool:
        """Whether all lines were added at once, which takes that none has a fault."""
        first = block[: block.find(b"\n")] if b"\n" in block else block
        try:
            line = _decoded(first, self.format)
        except Unreadable:
            return False
        shape = Shape.of(first, self.format.fields)
        values = shape.read(block) if shape else None
        if values is None or not all(map(self._clean, values.values())):
            return False
        columns = self.format.columns(values, self.answer.symbol)
        if any(pc.any(fault.rows).as_py() for fault in self.format.faults(columns, self.answer.key)):
            return False
        count = len(next(iter(values.values())))
        self._keep(columns, np.arange(self.rows_in, self.rows_in + count, dtype=np.int32))
        self.rows_in += count
        self.new_names |= self.format.new_names(line)
        return True

    def _clean(self, column: pa.Array) -> bool:
        """Whether a column of texts holds names only, as ``Sheet.texts`` has them; others are clean."""
        if not pa.types.is_dictionary(column.type):
            return True
        names = set(column.dictionary.to_pylist()) - self.names
        sheet = Sheet(range(len(names)), {})
        sheet.texts("", list(names))
        if not sheet.faults:
            self.names |= names
        return not sheet.faults

    def _lines(self, lines: Sequence[bytes]) -> None:
        decoded: dict[int, Any] = {}
        for number, line in enumerate(lines, self.rows_in):
            try:
                decoded[number] = _decoded(line, self.format)
            except Unreadable as unreadable:
                self.faults[number] = replace(unreadable.rejection, row=number)
        self.rows_in += len(lines)
        sheet = Sheet(list(decoded), self.faults)
        values = {
            name: [field.of(line) for line in decoded.values()] for name, field in self.format.fields.items()
        }
        typed = {name: _typed(sheet, name, values[name], field) for name, field in self.format.fields.items()}
        columns = self.format.columns(typed, self.answer.symbol)
        for code, name, wrong in self.format.faults(columns, self.answer.key):
            sheet.reject(code, wrong, name, values[name])
        good = [number for number in decoded if number not in self.faults]
        if good:
            kept = pa.array([number not in self.faults for number in decoded], pa.bool_())
            kept_columns = {name: column.filter(kept) for name, column in columns.items()}
            self._keep(kept_columns, np.array(good, np.int32))
        self.new_names.update(*(self.format.new_names(decoded[number]) for number in good))

    def _keep(self, columns: Mapping[str, pa.Array], numbers: Numbers) -> None:
        names = (*self.table.schema.names, *self.format.layout.beside)
        kinds = {field.name: field.type for field in self.table.schema}
        kept = {name: _narrow(columns[name], kinds.get(name)) for name in names if name in columns}
        self.batches.append(Batch(kept, numbers))


def _decoded(line: bytes, expected: Format) -> Any:
    if len(line) > MAX_LINE_BYTES:
        raise Unreadable("too_large", f"a line of {len(line)} bytes")
    decoded = document(line)
    expected.check(decoded)
    return decoded


def _narrow(column: pa.Array, wanted: pa.DataType | None) -> pa.Array:
    """Decimals as their table has them, short ones in half the memory; in Parquet they are the same."""
    kind = column.type
    if pa.types.is_decimal(kind) and wanted not in {None, kind}:
        return column.cast(wanted)
    if pa.types.is_decimal128(kind) and kind.precision <= _SHORT:
        return column.cast(pa.decimal64(kind.precision, kind.scale))
    return column


def _typed(sheet: Sheet, name: str, values: Sequence[Any], field: Field) -> pa.Array:
    if field.kind == TEXT:
        return sheet.texts(name, values).dictionary_encode()
    if field.kind == FLAG:
        return sheet.flags(name, values, field.missing)
    if field.kind == TIMESTAMP:
        return sheet.moments(name, values, field.missing)
    if field.kind == WHOLE:
        return sheet.integers(name, values, WHOLE, field.missing)
    return sheet.unrounded(name, values, field.kind, field.missing)
