"""Lines of one template, read as columns.

A machine writes its JSON in one way: line after line differs in its values only. So one line is decoded as
JSON and cut into its values and the constant bytes around them, which each line must repeat. A block that
breaks that anywhere, or could be read in another way than JSON is, is refused; the caller then decodes it as
JSON. Where values end is known by the quotation marks, which are found all at once.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.ranks import Numbers
from transform.readers.line_blocks import Block
from transform.readers.line_values import (
    BOOLEAN,
    INTEGER,
    LAST,
    READERS,
    WORD,
    Refused,
    require,
    texts,
    words_at,
)

_UNQUOTED: Final = (INTEGER, BOOLEAN)
_QUOTATION_MARK: Final = b'"'
_LITERAL: Final = r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)"
_LITERALS: Final = re.compile(_LITERAL.encode())
_SPACE: Final = 32  # the first character that a JSON text may have as it is
_HIGH_BIT: Final = 0x80


@dataclass(frozen=True, slots=True)
class LineField:
    """A value that a table needs of a line: its ``path``, its type, its rejection's code if it is null."""

    path: tuple[str, ...]
    kind: pa.DataType
    missing: str | None = None

    def value_in(self, line: Any) -> Any:
        """The field's value in a decoded line; None where there is none."""
        for name in self.path:
            line = line.get(name) if isinstance(line, dict) else None
        return line

    def is_position(self, value: Any) -> bool:
        """Whether ``value`` is a position for this kind of field; integers and booleans are not quoted."""
        return type(value) is (int if self.kind in _UNQUOTED else str)


class Value(NamedTuple):
    """A value of each line, which ends so many bytes before the quotation mark of a number; the line's last
    mark is followed by the next line's first."""

    is_quoted: bool
    mark: int
    distance: int


@dataclass(frozen=True, slots=True)
class LineTemplate:
    """The values of a line, and the ``constants`` before each and after the last, its newline included.

    ``positions`` says which value each of ``fields`` is. A line has so many quotation ``marks``.
    """

    values: Sequence[Value]
    constants: Sequence[bytes]
    marks: int
    positions: Mapping[str, int]
    fields: Mapping[str, LineField]

    @classmethod
    def from_line(cls, line: bytes, fields: Mapping[str, LineField]) -> Self | None:
        """The template of a line of valid JSON; None unless it is an object with all ``fields``."""
        if b"\\" in line:
            return None
        tokens = (line + b"\n").split(_QUOTATION_MARK)
        values: list[Value] = []
        constants, numbered = [tokens[0]], tokens[0]  # ``numbered`` has the number of each value in its stead
        for position, token in enumerate(tokens[1:], 1):
            is_quoted, is_last = bool(position % 2), position == len(tokens) - 1
            literals = [] if is_quoted else list(_LITERALS.finditer(token))
            if len(literals) > 1:
                return None  # a list of numbers, whose values have no names
            start, end = literals[0].span() if literals else (0, len(token))
            is_value = not tokens[position + 1].lstrip().startswith(b":") if is_quoted else bool(literals)
            if not is_value:
                start = end
            constants[-1] += _QUOTATION_MARK + token[:start]
            numbered += _QUOTATION_MARK + token[:start]
            if is_value:
                numbered += b"%d" % len(values) + token[end:]
                distance = len(token) - end + (len(tokens[0]) if is_last else 0)
                values.append(Value(is_quoted, position, distance))
                constants.append(token[end:])
        decoded = json.loads(numbered)
        found = {name: field.value_in(decoded) for name, field in fields.items()}
        if not all(field.is_position(found[name]) for name, field in fields.items()):
            return None
        positions = {name: int(position) for name, position in found.items()}
        return cls(values, constants, len(tokens) - 1, positions, fields)

    def read(self, block: Block) -> dict[str, pa.Array] | None:
        """Each field's values in all lines, texts as dictionaries, prices as ``NARROW_PRICE``; None if the
        block is refused."""
        try:
            starts, ends = self._bounds(block)
            return self._columns(block.buffer, starts, ends)
        except Refused:
            return None

    def _bounds(self, block: Block) -> tuple[Numbers, Numbers]:
        """Where each value, of each line, starts and ends in the buffer; all around them is as it must be."""
        lines = np.frombuffer(block.buffer, np.uint8)[block.start : block.end]
        marks = np.flatnonzero(lines == ord(_QUOTATION_MARK))
        rows, rest = divmod(len(marks), self.marks)
        require(rows > 0 and not rest and block.buffer.find(b"\\", block.start, block.end) < 0)
        # no control character but the newlines, which are where they must be
        require(np.count_nonzero(lines < _SPACE) == rows and _is_utf8(lines))
        bounds = np.empty((len(self.values) + 1, rows), np.int64)
        ends = np.empty((len(self.values), rows), np.int64)
        for number, value in enumerate(self.values):
            following = marks[value.mark :: self.marks]
            ends[number, : len(following)] = following
            ends[number, len(following) :] = len(lines) + self.constants[0].index(_QUOTATION_MARK)
            ends[number] -= value.distance - block.start
        for constant, end, bound in zip(self.constants[1:], ends, bounds[1:], strict=True):
            np.add(end, len(constant), bound)
        bounds[0, 0] = block.start + len(self.constants[0])
        np.add(bounds[-1, :-1], len(self.constants[0]), bounds[0, 1:])
        starts = bounds[:-1]
        require(bounds[-1, -1] == block.end and (starts <= ends).all())
        for constant, bound in zip(self.constants, bounds, strict=True):
            count = -(-len(constant) // WORD)
            words = words_at(block.buffer, bound - WORD * count, count)
            expected = np.frombuffer(constant.rjust(WORD * count, b"\0"), np.uint64)
            words[:, 0] &= LAST[(len(constant) - 1) % WORD + 1]
            require(all((words[:, place] == word).all() for place, word in enumerate(expected)))
        return starts, ends

    def _columns(self, buffer: bytearray, starts: Numbers, ends: Numbers) -> dict[str, pa.Array]:
        """The values of the fields; those of others are checked."""
        by_kind: dict[pa.DataType, list[str]] = {}
        for name in self.positions:
            by_kind.setdefault(self.fields[name].kind, []).append(name)
        columns: dict[str, pa.Array] = {}
        for kind, names in by_kind.items():
            numbers = [self.positions[name] for name in names]
            read = READERS[kind]
            columns |= zip(names, read(buffer, starts[numbers], ends[numbers]), strict=True)
        for number, value in enumerate(self.values):
            if not value.is_quoted and number not in self.positions.values():
                (literals,) = texts(buffer, starts[number : number + 1], ends[number : number + 1])
                require(pc.all(pc.match_substring_regex(literals.dictionary, f"^{_LITERAL}$")).as_py())
        return {name: columns[name] for name in self.positions}


def _is_utf8(lines: Numbers) -> bool:
    """Most are ASCII."""
    if lines.max() < _HIGH_BIT:
        return True
    try:
        bytes(lines).decode()
    except UnicodeDecodeError:
        return False
    return True
