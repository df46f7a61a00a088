"""The local copy of a lake that goes on growing while it is fetched."""

from ops.listing import Entry
from ops.query.lake_files import LakeFiles


def test_a_part_that_grew_since_it_was_listed_is_fetched_as_it_is_now(stack, tmp_path):
    key = "refined/latest/part.parquet"
    stack.lake.put(key, b"longer than the listing said")
    LakeFiles(stack, tmp_path)._fetch(Entry(key, 3, "the etag of before"))
    assert (tmp_path / key).read_bytes() == b"longer than the listing said"
