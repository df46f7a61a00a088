"""An archive: a zip of one CSV file without a header, read as columns of texts."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import ClassVar, Final

import pyarrow as pa
from pyarrow import csv

from coinlake.records import Rejection
from transform.columns.validation import ColumnValidator, unknown_columns
from transform.model import ParsedObject, RawDocument, Unreadable
from transform.readers.decoding import MAX_VALUES, decode_utf8, gunzip

_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED: Final = 1  # bit of a member's flags
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_MAX_ENTRIES: Final = 16  # the directory is read before its members can be counted
_ZIP_ERRORS: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OSError, OverflowError, struct.error),
)

Columns = Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class ArchiveReader:
    """How a dataset is read from zips.

    ``member`` gives the name that the zip's only file must have, ``columns`` are those of its lines.
    ``parse`` takes the document, a validator, the columns by name as texts, and notes.
    """

    ext: ClassVar[str] = "zip"
    member: Callable[[RawDocument], str]
    columns: Sequence[str]
    parse: Callable[[RawDocument, ColumnValidator, Columns, Sequence[str]], ParsedObject]

    def read(self, body: bytes, document: RawDocument, max_bytes: int) -> ParsedObject:
        """The rows of a gzipped zip; ``document`` is what is known around it."""
        name = self.member(document)
        text = only_member(gunzip(body, max_bytes), name, max_bytes)
        decode_utf8(text)
        if text.count(b"\n") > MAX_VALUES:
            raise Unreadable("too_large", f"more than {MAX_VALUES} rows")
        table, rejections = _read_csv(text, len(self.columns))
        count = table.num_rows + len(rejections)
        row_numbers = [number for number in range(count) if number not in rejections]
        validator = ColumnValidator(row_numbers, rejections, numbers_as_text=True)
        values = {column: table[position].combine_chunks() for position, column in enumerate(self.columns)}
        notes = unknown_columns([table.column_names], len(self.columns))
        return self.parse(replace(document, rows=range(count)), validator, values, notes)


def only_member(body: bytes, name: str, max_bytes: int) -> bytes:
    """The only member of a zip; ``Unreadable`` if it is not the one expected, or not intact."""
    if body.count(_DIRECTORY_ENTRY) > _MAX_ENTRIES:
        raise Unreadable("bad_shape", f"more than {_MAX_ENTRIES} members", "zip")
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            names = [info.filename for info in archive.infolist()]
            if names != [name]:
                raise Unreadable("bad_shape", names, "zip")
            info = archive.getinfo(name)
            if info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED:
                raise Unreadable("bad_zip", "encrypted, or compressed in a way that Binance does not")
            if info.file_size > max_bytes:
                raise Unreadable("too_large", f"more than {max_bytes} bytes unpacked")
            return archive.read(info)
    except _ZIP_ERRORS as error:
        raise Unreadable("bad_zip", error) from None


def _read_csv(text: bytes, min_width: int) -> tuple[pa.Table, dict[int, Rejection]]:
    """The lines as columns of texts, as many as the first line has, and the lines that have not so many."""
    width = max(text.lstrip().split(b"\n", 1)[0].count(b",") + 1, min_width)
    rejections: dict[int, Rejection] = {}

    def skip(line: csv.InvalidRow) -> str:
        rejections[line.number - 1] = Rejection.of("bad_shape", line.number - 1, value=line.text)
        return "skip"

    names = [str(position) for position in range(width)]
    table = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(use_threads=False, column_names=names, block_size=len(text) + 1),
        csv.ParseOptions(quote_char=False, invalid_row_handler=skip),
        csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=[]),
    )
    return table, rejections
