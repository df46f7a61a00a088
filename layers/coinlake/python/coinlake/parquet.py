"""How every table's rows become Parquet, and how they are read: the same way in every stage.

Readable everywhere and prunable: INT64 microseconds, never INT96, short decimals as integers, row
groups of 131,072 rows. Values are plain or from a dictionary, the only encodings that every reader has
(docs/decisions/0021-encodings.md). The file carries no clock and no notes of the writing library, and names
the same writer whichever version wrote it (0022-spark.md), so equal rows give equal bytes.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from coinlake.tables import Table

COMPRESSION: Final = "zstd"
CONTENT_TYPE: Final = "application/vnd.apache.parquet"
_WORDS: Final = pa.dictionary(pa.int32(), pa.string())
ROW_GROUP_ROWS: Final = 1 << 17  # a reader prunes by these; the writer holds one in memory
_ZSTD_LEVEL: Final = 3  # the knee: level 9 gains 5% for 3.5 times the time
_NAME: Final = "parquet-cpp-arrow version {}"
WRITER: Final = _NAME.format("25.0.1").encode()  # what a footer says wrote the file, always
THIS_WRITER: Final = _NAME.format(pa.cpp_version).encode()  # what pyarrow says


def writer_settings(table: Table, schema: pa.Schema, compression: str = COMPRESSION) -> dict[str, Any]:
    """The options of a ``pyarrow.parquet.ParquetWriter`` for rows of ``schema``, which may have dictionaries.

    The schema without pandas' notes, and not stored twice: 30% less in a page of 250 rows, and
    bytes that do not change with the version of pandas.
    """
    return {
        "flavor": None,
        "version": "1.0",
        "coerce_timestamps": "us",
        "compression_level": _ZSTD_LEVEL if compression == COMPRESSION else None,
        "use_dictionary": list(table.dictionary),
        "store_decimal_as_integer": True,
        "schema": pa.schema([field.with_nullable(True) for field in schema]),
        "store_schema": False,
    }


def encode(table: Table, rows: pa.Table) -> bytes:
    """The file of these rows, which are of the table's schema, dictionaries allowed, and in its order."""
    return encode_pieces(table, [rows])


def encode_pieces(table: Table, pieces: Iterable[pa.Table], compression: str = COMPRESSION) -> bytes:
    """``encode`` of rows that come piece by piece; a piece and a row group are in memory at a time.

    A row group is written in one piece and without dictionaries: where Arrow's chunks end, and in which order
    a dictionary holds its words, would show in the bytes.
    """
    options, sink = writer_settings(table, table.schema, compression), pa.BufferOutputStream()
    rest: pa.Table = options["schema"].empty_table()
    with pq.ParquetWriter(sink, compression=compression, **options) as writer:
        is_empty = True
        for piece in pieces:
            rows = pa.concat_tables([rest, piece.cast(options["schema"])]) if rest.num_rows else piece
            whole = rows.num_rows - rows.num_rows % ROW_GROUP_ROWS
            for start in range(0, whole, ROW_GROUP_ROWS):
                _write_group(writer, rows.slice(start, ROW_GROUP_ROWS), options["schema"])
                is_empty = False
            rest = rows.slice(whole).cast(options["schema"])
        if rest.num_rows or is_empty:
            _write_group(writer, rest, options["schema"])
    return with_writer(bytes(sink.getvalue()))


class RowGroups:
    """A file that is written a row group at a time; ``schema`` is the rows', which may have dictionaries."""

    def __init__(self, table: Table, schema: pa.Schema) -> None:
        self.num_rows = 0
        # It grows by an eighth and gives its bytes away, where Arrow's doubles and copies.
        self._sink = io.BytesIO()
        options = writer_settings(table, schema)
        self._writer = pq.ParquetWriter(self._sink, compression=COMPRESSION, **options)

    def write(self, rows: pa.Table) -> None:
        """Add a row group, of at most ``ROW_GROUP_ROWS`` rows in one piece."""
        self._writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
        self.num_rows += rows.num_rows

    def close(self) -> bytes:
        """The file."""
        self._writer.close()
        return with_writer(self._sink.getvalue())


def _write_group(writer: pq.ParquetWriter, group: pa.Table, schema: pa.Schema) -> None:
    writer.write_table(group.cast(schema).combine_chunks(), row_group_size=ROW_GROUP_ROWS)


def with_writer(end: bytes, this_writer: bytes = THIS_WRITER) -> bytes:
    """A file, or its end with the whole footer, that names ``WRITER`` where pyarrow named ``this_writer``.

    pyarrow cannot be told what to write there. The name is the footer's last text: its length, which is one
    byte, stands before it, and the footer's own is at the file's end. Source: parquet.thrift, "FileMetaData",
    and the compact protocol of Apache Thrift. ``ValueError`` where the name is not there.
    """
    if this_writer == WRITER:
        return end
    before, name, after = end.rpartition(this_writer)
    if not name or before[-1] != len(this_writer):
        raise ValueError(f"a file that pyarrow wrote does not name {this_writer.decode()} in its footer")
    footer = int.from_bytes(after[-8:-4], "little") + len(WRITER) - len(this_writer)
    return b"".join(
        [before[:-1], bytes([len(WRITER)]), WRITER, after[:-8], footer.to_bytes(4, "little"), after[-4:]]
    )


def decode(table: Table, body: bytes) -> pa.Table:
    """The rows of a file with ``table``'s columns, those of ``table.dictionary`` as dictionaries.

    A column that came to the table later is null. ``pyarrow.ArrowInvalid`` where ``body`` is no file
    of this table.
    """
    with _opened(table, body) as file:
        return _typed(table, file.read(columns=_known(table, file), use_threads=False))


def decode_groups(table: Table, body: bytes) -> Iterator[pa.Table]:
    """``decode``, a row group at a time."""
    with _opened(table, body) as file:
        for number in range(file.num_row_groups):
            yield _typed(table, file.read_row_group(number, columns=_known(table, file), use_threads=False))


def count_rows(body: bytes) -> int:
    """How many rows the file has, as its footer says."""
    count: int = pq.read_metadata(pa.BufferReader(body)).num_rows
    return count


def _opened(table: Table, body: bytes) -> pq.ParquetFile:
    buffer = pa.py_buffer(body)
    metadata = pq.read_metadata(pa.BufferReader(buffer))
    words = [name for name in table.dictionary if name in metadata.schema.names]
    return pq.ParquetFile(pa.BufferReader(buffer), metadata=metadata, read_dictionary=words)


def _known(table: Table, file: pq.ParquetFile) -> list[str]:
    there = set(file.metadata.schema.names)
    return [name for name in table.schema.names if name in there]


def _typed(table: Table, rows: pa.Table) -> pa.Table:
    """The rows as ``dictionaries`` has them, a column that they lack null."""
    schema, there = dictionaries(table), set(rows.schema.names)
    arrays = [
        rows[field.name].cast(field.type) if field.name in there else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def dictionaries(table: Table) -> pa.Schema:
    """The table's schema as ``decode`` gives it: few words, many rows."""
    return pa.schema(
        field.with_type(_WORDS) if field.name in table.dictionary else field for field in table.schema
    )
