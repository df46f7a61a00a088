"""A fingerprint of rows that Arrow and every warehouse's SQL compute alike.

A row is the text of its columns in the order of the table's declaration, joined by ``|``, null as ``~``.
The hash of rows is the exact sum of the first 15 hexadecimal digits of each row's MD5: 60 bits a row, and
the same in whatever order the rows lie. It guards against mistakes, not against an attacker.

| type      | text                                                       |
|-----------|------------------------------------------------------------|
| decimal   | every digit of the scale, never an exponent                 |
| timestamp | microseconds since 1970                                     |
| boolean   | 1 or 0                                                      |
| double    | ten decimals, a tie away from zero, of its shortest text    |
| others    | as they are                                                 |
"""

import hashlib
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SEPARATOR: Final = "|"
NULL: Final = "~"
_SURPLUS_BITS: Final = 4  # of the first 8 bytes: 15 hexadecimal digits are 60 bits
_TEN_DECIMALS: Final = Decimal("1e-10")  # refine rounds doubles to six or ten
_EXACT: Final = Context(prec=400)
_PLAIN: Final = pa.decimal128(38, 0)
_BATCH_ROWS: Final = 1 << 16  # bounds the memory that the texts take


def row_hash(rows: pa.Table) -> int:
    """The hash of all ``rows``; 0 of none."""
    return sum(_batch_hash(batch) for batch in rows.to_batches(max_chunksize=_BATCH_ROWS))


def declaration_hash(schema: pa.Schema) -> str:
    """Which columns a hash covers: 16 hexadecimal digits of their names and types."""
    text = "\n".join(f"{field.name} {field.type}" for field in schema)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _batch_hash(batch: pa.RecordBatch) -> int:
    texts = pc.binary_join_element_wise(
        *(text(column) for column in batch.columns),
        SEPARATOR,
        null_handling="replace",
        null_replacement=NULL,
    )
    md5 = hashlib.md5
    digests = b"".join(
        [md5(row, usedforsecurity=False).digest() for row in texts.cast(pa.binary()).to_pylist()]
    )
    firsts = np.frombuffer(digests, ">u8")[::2] >> _SURPLUS_BITS
    # In halves: the sum of many numbers of 60 bits does not fit 64.
    return (int((firsts >> 32).sum()) << 32) + int((firsts & 0xFFFFFFFF).sum())


def text(column: pa.Array) -> pa.Array:
    """The column's values as the hash has them; nulls stay nulls."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        words = column.dictionary_encode()  # statistics repeat: each value is written out once
        texts = pa.array(map(_double_text, words.dictionary.to_pylist()), pa.string())
        return texts.take(words.indices)
    if pa.types.is_decimal(column.type):
        return _decimal_text(column)
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return column.cast(pa.string())


def _double_text(value: float) -> str:
    """As every database rounds it; Arrow's own cast to a decimal starts from the binary value.

    Above 2^53 PostgreSQL's shortest text may be a digit longer than Python's: no ratio is so large, and one
    that were would be refused as a mismatch.
    """
    rounded = Decimal(repr(value)).quantize(_TEN_DECIMALS, ROUND_HALF_UP, _EXACT)
    return f"{_EXACT.plus(rounded):f}"  # which makes -0 a 0


def _decimal_text(column: pa.Array) -> pa.Array:
    """Digit by digit: Arrow itself writes decimals below 10^-6 with an exponent."""
    scale = column.type.scale
    digits = column.cast(pa.decimal128(38, scale)).view(_PLAIN).cast(pa.string())
    if not scale:
        return digits
    negative = pc.starts_with(digits, "-")
    if signed := bool(pc.any(negative).as_py()):
        digits = pc.utf8_ltrim(digits, "-")
    digits = pc.ascii_lpad(digits, scale + 1, "0")
    whole, fraction = pc.utf8_slice_codeunits(digits, 0, -scale), pc.utf8_slice_codeunits(digits, -scale)
    unsigned = pc.binary_join_element_wise(whole, fraction, ".")
    return pc.binary_join_element_wise(pc.if_else(negative, "-", ""), unsigned, "") if signed else unsigned
