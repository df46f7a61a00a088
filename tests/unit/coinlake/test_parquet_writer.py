"""The name of the writer in a file's footer."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake import parquet
from coinlake.tables import tables
from tests.integration.test_readers import table_rows

FILE = parquet.encode(tables()["quotes"], table_rows(tables()["quotes"]))


def renamed(name: bytes) -> bytes:
    """The file as a pyarrow of that name writes it."""
    before, _, after = FILE.rpartition(parquet.WRITER)
    footer = int.from_bytes(after[-8:-4], "little") + len(name) - len(parquet.WRITER)
    return b"".join(
        [before[:-1], bytes([len(name)]), name, after[:-8], footer.to_bytes(4, "little"), b"PAR1"]
    )


@given(st.integers(1, 999), st.integers(0, 99), st.integers(0, 99))
def test_whatever_version_wrote_a_file_it_has_the_same_bytes(major, minor, patch):
    name = f"parquet-cpp-arrow version {major}.{minor}.{patch}".encode()
    file = renamed(name)
    assert pq.read_metadata(pa.BufferReader(file)).created_by == name.decode()
    assert parquet.with_writer(file, name) == FILE


def test_a_file_that_names_nobody_is_no_file_of_ours():
    with pytest.raises(ValueError, match="does not name"):
        parquet.with_writer(FILE, b"parquet-cpp-arrow version 1.2.3")
