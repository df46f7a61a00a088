"""How every table's rows become Parquet, and how they are read: the same way in every stage.

Readable everywhere and prunable: INT64 microseconds, never INT96, short decimals as integers, row
groups of 131,072 rows. Values are plain or from a dictionary, the only encodings that every reader has
(docs/decisions/0021-encodings.md). The file carries no clock and no notes of the writing library, so equal
rows give equal bytes.
"""

from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from coinlake.tables import Table

COMPRESSION: Final = "zstd"
CONTENT_TYPE: Final = "application/vnd.apache.parquet"
_WORDS: Final = pa.dictionary(pa.int32(), pa.string())
ROW_GROUP_ROWS: Final = 1 << 17  # a reader prunes by these; the writer holds one in memory
_ZSTD_LEVEL: Final = 3  # the knee: level 9 gains 5% for 3.5 times the time


def writer_settings(table: Table, schema: pa.Schema) -> dict[str, Any]:
    """The options of a ``pyarrow.parquet.ParquetWriter`` for rows of ``schema``, which may have dictionaries.

    The schema without pandas' notes, and not stored twice: 30% less in a page of 250 rows, and
    bytes that do not change with the version of pandas.
    """
    return {
        "flavor": None,
        "version": "1.0",
        "coerce_timestamps": "us",
        "compression_level": _ZSTD_LEVEL,
        "use_dictionary": list(table.dictionary),
        "store_decimal_as_integer": True,
        "schema": pa.schema([field.with_nullable(True) for field in schema]),
        "store_schema": False,
    }


def encode(table: Table, rows: pa.Table) -> bytes:
    """The file of these rows, which are of the table's schema, dictionaries allowed, and in its order.

    A row group at a time, in one piece and without dictionaries: where Arrow's chunks end, and in
    which order a dictionary holds its words, would show in the bytes.
    """
    options, sink = writer_settings(table, table.schema), pa.BufferOutputStream()
    with pq.ParquetWriter(sink, compression=COMPRESSION, **options) as writer:
        for start in range(0, max(rows.num_rows, 1), ROW_GROUP_ROWS):
            group = rows.slice(start, ROW_GROUP_ROWS).cast(options["schema"]).combine_chunks()
            writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
    return bytes(sink.getvalue())


def decode(table: Table, body: bytes) -> pa.Table:
    """The rows of a file with ``table``'s columns, those of ``table.dictionary`` as dictionaries.

    A column that came to the table later is null. ``pyarrow.ArrowInvalid`` where ``body`` is no file
    of this table.
    """
    buffer = pa.py_buffer(body)
    metadata = pq.read_metadata(pa.BufferReader(buffer))
    there = [name for name in table.schema.names if name in metadata.schema.names]
    words = [name for name in table.dictionary if name in there]
    with pq.ParquetFile(pa.BufferReader(buffer), metadata=metadata, read_dictionary=words) as file:
        rows = file.read(columns=there, use_threads=False)
    schema = dictionaries(table)
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
