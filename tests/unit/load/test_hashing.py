"""The hash of rows, computed from Arrow; tests/integration/load/test_hash.py holds it against PostgreSQL."""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from coinlake.tables import DECIMAL, TIMESTAMP
from load.hashing import declaration_hash, row_hash, text


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (DECIMAL, Decimal("1E-18"), "0.000000000000000001"),
        (DECIMAL, Decimal("-0.00000012"), "-0.000000120000000000"),
        (DECIMAL, Decimal("-" + "9" * 20 + "." + "9" * 18), "-99999999999999999999.999999999999999999"),
        (DECIMAL, Decimal(0), "0.000000000000000000"),
        (TIMESTAMP, datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC), "1795136523456789"),
        (TIMESTAMP, datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "-1"),
        (pa.bool_(), True, "1"),
        (pa.float64(), 0.12345678905, "0.1234567891"),  # a tie goes away from zero, as in every database
        (pa.float64(), -0.0, "0.0000000000"),
        (pa.float64(), 1e20, "100000000000000000000.0000000000"),
        (pa.int64(), -5, "-5"),
        (pa.string(), "a|b", "a|b"),
        (pa.string(), None, None),
        (pa.float64(), None, None),
    ],
)
def test_the_text_of_a_value(kind: pa.DataType, value: object, expected: str | None) -> None:
    assert text(pa.array([value], kind)).to_pylist() == [expected]


def test_a_rows_hash_is_the_first_60_bits_of_its_md5() -> None:
    rows = pa.table({"a": pa.array(["x", None]), "b": pa.array([1, 2], pa.int32())})
    digests = [hashlib.md5(line, usedforsecurity=False).hexdigest()[:15] for line in (b"x|1", b"~|2")]
    assert row_hash(rows) == sum(int(digest, 16) for digest in digests)
    assert row_hash(rows.slice(0, 0)) == 0


def test_the_hash_does_not_depend_on_the_order_of_rows_their_chunks_or_dictionaries() -> None:
    rows = pa.table({"a": pa.array(["x", "y", "x"]), "b": pa.array([1, 2, 3])})
    otherwise = pa.concat_tables([rows.slice(2), rows.slice(0, 2)])
    words = otherwise.set_column(0, "a", otherwise["a"].combine_chunks().dictionary_encode())
    assert row_hash(rows) == row_hash(otherwise) == row_hash(words)


def test_the_hash_of_a_declaration_changes_with_names_and_types_not_with_nullability() -> None:
    schema = pa.schema([pa.field("a", pa.string(), nullable=False)])
    assert declaration_hash(schema) == declaration_hash(pa.schema([("a", pa.string())]))
    others = [pa.schema([("b", pa.string())]), pa.schema([("a", pa.int32())])]
    assert len({declaration_hash(other) for other in (schema, *others)}) == 3
