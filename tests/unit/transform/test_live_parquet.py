"""Live rows go through Parquet and come back as they were, nulls and narrow decimals included."""

import io

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from coinlake.tables import tables
from tests.unit.transform.frames import GAP, LIVE, line, read
from tests.unit.transform.tables.test_live import others
from transform.writer import ParquetWriter


@pytest.mark.parametrize("where", LIVE, ids="/".join)
def test_a_parts_file_has_its_tables_types_and_every_value(where, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    lines = others(where, 5)
    if where[1] == "stream_gaps":
        lines.append(line({**GAP, "first_id": None, "last_id": None, "frames": None, "reason": "restarted"}))
    (part,) = read(where, *lines).slices
    rows = part.rows.to_pylist()
    assert len(rows) == len(lines)
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="trusted")
        ParquetWriter(s3, "trusted").write("file.parquet", part.table, part.rows)
        body = s3.get_object(Bucket="trusted", Key="file.parquet")["Body"].read()
    written = pq.read_table(io.BytesIO(body))
    assert written.schema.types == tables()[part.table].schema.types
    assert written.to_pylist() == rows
