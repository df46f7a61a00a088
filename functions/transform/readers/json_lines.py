"""JSON lines to rows, in columns from the bytes on; what that cannot take is decoded line by line.

A block of lines is read whole, as text of one template, or it is cut in halves until the lines that do
not fit are few: these are decoded as JSON, exactly as a document is, and only there are faults named. So
a bad line costs no other line anything, and the fast way never has to decide what is wrong.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.keys import RawKey
from coinlake.ranks import Numbers
from coinlake.records import Rejection
from coinlake.tables import LIVE_PRICE, TIMESTAMP, tables
from transform.columns.numbers import NARROW_PRICE
from transform.columns.validation import ColumnValidator, new_field_notes, nulled_notes
from transform.model import ParsedObject, RawDocument, Unreadable
from transform.readers.decoding import decode_json
from transform.readers.line_blocks import Block, line_blocks
from transform.readers.line_template import LineField, LineTemplate
from transform.readers.line_values import BOOLEAN, INTEGER, TEXT
from transform.tables.batches import RUN_ROWS, RepeatAcrossRuns, RowBatch, SortedRuns, TableLayout

MAX_LINES_AS_JSON: Final = 32  # fewer lines are decoded as JSON rather than cut in halves again
MAX_LINE_BYTES: Final = 1 << 20


class ColumnFault(NamedTuple):
    """A code, the column at fault, and a boolean column: which rows have it.

    One that does not condemn its rows is of a column that may be null: the value is dropped.
    """

    code: str
    field: str
    rows: pa.Array
    condemns: bool = True


class LineFormat(Protocol):
    """What the lines of one dataset are, and where their rows go."""

    @property
    def table(self) -> str: ...

    @property
    def layout(self) -> TableLayout: ...

    @property
    def fields(self) -> Mapping[str, LineField]: ...

    def check(self, line: Any) -> None:
        """``Unreadable`` unless the decoded line is of this format."""
        ...

    def unknown_names(self, line: Any) -> set[str]:
        """The names in a line of this format that it does not know."""
        ...

    def columns(self, values: Mapping[str, pa.Array], document: RawDocument) -> dict[str, pa.Array]:
        """The table's columns from the ``fields``' values."""
        ...

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[ColumnFault]:
        """What can be wrong with a row, besides the types of its values."""
        ...


@dataclass(frozen=True, slots=True)
class LineReader:
    """How a dataset is read whose objects are JSON lines; without ``fast`` each of them as JSON.

    ``split`` gives the rows of a decoded line, each as if it were a line of its own, where one frame
    brings several; such lines are not read ``fast``.
    """

    ext: ClassVar[str] = "jsonl"
    format: LineFormat
    fast: bool = True
    split: Callable[[Any], Sequence[Any]] | None = None

    def read(self, body: bytes, document: RawDocument, max_bytes: int) -> ParsedObject:
        """Every line that is not blank is a row, or several, each in a slice or rejected."""
        try:
            return self._read(body, document, max_bytes, RUN_ROWS)
        except RepeatAcrossRuns:
            return self._read(body, document, max_bytes, sys.maxsize)

    def _read(self, body: bytes, document: RawDocument, max_bytes: int, run_rows: int) -> ParsedObject:
        runs = SortedRuns(tables()[self.format.table], self.format.layout, document.key, run_rows)
        decoder = _LineDecoder(self.format, runs, document, self.fast and not self.split, self.split)
        for block in line_blocks(body, max_bytes):
            decoder.add(block)
        if not decoder.rows_in:
            raise Unreadable("empty")
        slices = runs.close()
        rejections = {**decoder.rejections, **runs.repeated}
        return ParsedObject(
            rows_in=decoder.rows_in,
            slices=slices,
            rejections=tuple(rejections[number] for number in sorted(rejections)),
            notes=(*new_field_notes(decoder.unknown_names), *nulled_notes(decoder.nulled)),
        )


@dataclass(slots=True)
class _LineDecoder:
    """One body while it is read: rows so far, good ones in ``runs``, the others in ``rejections``.

    ``checked_names`` are texts that have been found good.
    """

    format: LineFormat
    runs: SortedRuns
    document: RawDocument
    fast: bool
    split: Callable[[Any], Sequence[Any]] | None = None
    rows_in: int = 0
    rejections: dict[int, Rejection] = field(default_factory=dict)
    nulled: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_names: set[str] = field(default_factory=set)
    checked_names: set[str] = field(default_factory=set)
    template: LineTemplate | None = None
    template_names: set[str] = field(default_factory=set)

    def add(self, block: Block) -> None:
        """The lines of ``block`` are the next rows."""
        if self.fast and (
            self._add_by_template(block) or (self._learn(block) and self._add_by_template(block))
        ):
            return
        halves = block.halves() if self.fast and block.count() > MAX_LINES_AS_JSON else None
        if halves:
            for half in halves:
                self.add(half)
        else:
            self._add_as_json(block.lines())

    def _learn(self, block: Block) -> bool:
        """Whether the first line of ``block`` gives another template than that of the lines before."""
        line = block.first_line()
        try:
            decoded = _decode_line(line)
            self.format.check(decoded)
        except Unreadable:
            return False
        before, self.template = self.template, LineTemplate.from_line(line, self.format.fields)
        self.template_names = self.format.unknown_names(decoded)
        return self.template not in (None, before)

    def _add_by_template(self, block: Block) -> bool:
        """Whether all lines were added at once, which takes that none has a fault."""
        values = self.template.read(block) if self.template else None
        if values is None or not all(map(self._has_good_names, values.values())):
            return False
        columns = self.format.columns(values, self.document)
        if any(pc.any(fault.rows).as_py() for fault in self.format.faults(columns, self.document.key)):
            return False
        count = len(next(iter(values.values())))
        self._keep(columns, np.arange(self.rows_in, self.rows_in + count, dtype=np.int32))
        self.rows_in += count
        self.unknown_names |= self.template_names
        return True

    def _has_good_names(self, column: pa.Array) -> bool:
        """Whether a column of texts holds such as ``ColumnValidator.texts`` takes; any other column does."""
        if not pa.types.is_dictionary(column.type):
            return True
        names = set(column.dictionary.to_pylist()) - self.checked_names
        if not names:
            return True
        validator = ColumnValidator(range(len(names)), {})
        validator.texts("", list(names))
        if not validator.rejections:
            self.checked_names |= names
        return not validator.rejections

    def _add_as_json(self, lines: Sequence[bytes]) -> None:
        decoded: dict[int, Any] = {}
        for line in lines:
            for row in self._decode_rows(line):
                if isinstance(row, Rejection):
                    self.rejections[self.rows_in] = replace(row, row=self.rows_in)
                else:
                    decoded[self.rows_in] = row
                self.rows_in += 1
        validator, fields = ColumnValidator(list(decoded), self.rejections), self.format.fields
        values = {name: [field.value_in(line) for line in decoded.values()] for name, field in fields.items()}
        typed = {name: _typed(validator, name, values[name], field) for name, field in fields.items()}
        columns = self.format.columns(typed, self.document)
        for fault in self.format.faults(columns, self.document.key):
            if fault.condemns:
                validator.reject(fault.code, fault.rows, fault.field, values[fault.field])
            else:
                columns[fault.field] = validator.nullify(
                    fault.code, fault.rows, fault.field, columns[fault.field]
                )
        for nulled, rows in validator.nulled.items():
            self.nulled[nulled] += sum(row not in self.rejections for row in rows)
        good = [number for number in decoded if number not in self.rejections]
        if good:
            kept = pa.array([number not in self.rejections for number in decoded], pa.bool_())
            kept_columns = {name: column.filter(kept) for name, column in columns.items()}
            self._keep(kept_columns, np.array(good, np.int32))
        self.unknown_names.update(*(self.format.unknown_names(decoded[number]) for number in good))

    def _decode_rows(self, line: bytes) -> Iterator[Any]:
        """The rows of a line, in the place of each bad one its rejection; a bad line is one row."""
        try:
            decoded = _decode_line(line)
            rows = self.split(decoded) if self.split else [decoded]
        except Unreadable as unreadable:
            yield unreadable.rejection
            return
        for row in rows:
            try:
                self.format.check(row)
            except Unreadable as unreadable:
                yield unreadable.rejection
            else:
                yield row

    def _keep(self, columns: Mapping[str, pa.Array], row_numbers: Numbers) -> None:
        schema = self.runs.table.schema
        names = (*schema.names, *self.format.layout.extra)
        kinds = {field.name: field.type for field in schema}
        kept = {name: _narrowed(columns[name], kinds.get(name)) for name in names if name in columns}
        self.runs.add(RowBatch(kept, row_numbers))


def _decode_line(line: bytes) -> Any:
    if len(line) > MAX_LINE_BYTES:
        raise Unreadable("too_large", f"a line of {len(line)} bytes")
    return decode_json(line)


def _narrowed(column: pa.Array, declared: pa.DataType | None) -> pa.Array:
    """Decimals as their table has them, short ones in half the memory; in Parquet they are the same."""
    if not pa.types.is_decimal(column.type) or declared is None:
        return column
    return column.cast(NARROW_PRICE if declared == LIVE_PRICE else declared)


def _typed(validator: ColumnValidator, name: str, values: Sequence[Any], field: LineField) -> pa.Array:
    if field.kind == TEXT:
        return validator.texts(name, values).dictionary_encode()
    if field.kind == BOOLEAN:
        return validator.booleans(name, values, field.missing)
    if field.kind == TIMESTAMP:
        return validator.timestamps(name, values, field.missing)
    if field.kind == INTEGER:
        return validator.integers(name, values, INTEGER, field.missing)
    return validator.unrounded_decimals(name, values, field.kind, field.missing)
