import gc
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from coinlake.errors import StoreUnavailable
from coinlake.keys import Partition
from coinlake.stores import ObjectStore
from coinlake.tables import LIVE_PRICE, tables
from tests.unit.transform.frames import GAP, line, read
from tests.unit.transform.readers.test_json_lines import SENT
from tests.unit.transform.readers.test_json_lines import line as ticker
from tests.unit.transform.readers.test_json_lines import read as read_tickers
from tests.unit.transform.recorded import LIVE
from transform.model import TableSlice
from transform.writer import ParquetWriter

REFUSED = ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")


@dataclass
class FakeS3:
    fault: Exception | None = None
    puts: list[dict[str, object]] = field(default_factory=list)

    def put_object(self, **put):
        self.puts.append(put)
        if self.fault:
            raise self.fault
        return {}


def candles(count=3):
    schema = tables()["candles"].schema
    row = {
        **dict.fromkeys(schema.names),
        **dict.fromkeys(["source", "base", "quote", "raw_symbol", "raw_key"], "x"),
        **dict.fromkeys(["open", "high", "low", "close"], Decimal("99999999999999999999.999999999999999999")),
        "open_time": datetime(2026, 11, 20, 0, 0, 0, 123456, tzinfo=UTC),
        "received_at": datetime(2026, 11, 20, tzinfo=UTC),
        "is_closed": True,
    }
    return pa.Table.from_pylist([{**row, "trades": number or None} for number in range(count)], schema)


def write(s3, count=3, table="candles", rows=None):
    part = TableSlice(table, Partition("dt=2026-11-20"), rows or candles(count))
    ParquetWriter(ObjectStore(s3, "lake")).write("trusted/x.parquet", part)


def test_what_was_written_is_read_back_exactly():
    s3 = FakeS3()
    write(s3)
    (put,) = s3.puts
    assert (put["Bucket"], put["Key"]) == ("lake", "trusted/x.parquet")
    assert pq.read_table(io.BytesIO(put["Body"])).to_pylist() == candles().to_pylist()


def tickers(count=300):
    schema = tables()["tickers"].schema
    row = {
        **dict.fromkeys(["source", "stream", "raw_symbol", "raw_key"], "x"),
        **dict.fromkeys(["open", "high", "low", "close"], Decimal("9999999999.99999999")),
        "volume": Decimal("99999999999999999999.99999999"),
        "quote_volume": None,
        "received_at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    times = (datetime(2026, 11, 20, 0, 0, 0, number, tzinfo=UTC) for number in range(count))
    return pa.Table.from_pylist([{**row, "event_time": time} for time in times], schema)


def test_live_values_are_integers_on_disk_and_decimals_to_every_reader():
    s3 = FakeS3()
    write(s3, table="tickers", rows=tickers())
    file = pq.ParquetFile(io.BytesIO(s3.puts[0]["Body"]))
    columns = {file.schema.column(n).name: file.schema.column(n) for n in range(len(file.schema.names))}
    chunks = {chunk["path_in_schema"]: chunk for chunk in file.metadata.row_group(0).to_dict()["columns"]}
    assert columns["close"].physical_type == "INT64"
    assert {encoding for chunk in chunks.values() for encoding in chunk["encodings"]} <= {
        "PLAIN",
        "PLAIN_DICTIONARY",
        "RLE",
    }
    assert file.schema_arrow.field("close").type == LIVE_PRICE
    assert file.read().to_pylist() == tickers().to_pylist()


def test_dictionaries_and_short_decimals_are_written_as_what_they_stand_for():
    short = pa.decimal64(LIVE_PRICE.precision, LIVE_PRICE.scale)
    rows, bodies = tickers(), []
    for column in ("open", "close", "stream"):
        values = rows[column].dictionary_encode() if column == "stream" else rows[column].cast(short)
        rows = rows.set_column(rows.schema.get_field_index(column), column, values)
    for written in (tickers(), rows):
        s3 = FakeS3()
        write(s3, table="tickers", rows=written)
        bodies.append(s3.puts[0]["Body"])
    first, second = (pq.read_table(io.BytesIO(body)) for body in bodies)
    assert first.equals(second)


def test_equal_rows_give_equal_bytes_with_no_trace_of_the_writing():
    s3 = FakeS3()
    write(s3)
    write(s3)
    assert s3.puts[0] == s3.puts[1]
    assert pq.read_metadata(io.BytesIO(s3.puts[0]["Body"])).metadata is None


@pytest.mark.parametrize("fault", [REFUSED, EndpointConnectionError(endpoint_url="https://s3.invalid")])
def test_a_failed_write_raises_once_and_is_never_repeated_in_the_background(fault):
    s3 = FakeS3(fault)
    with pytest.raises(StoreUnavailable, match=r"s3://lake/trusted/x\.parquet"):
        write(s3)
    gc.collect()
    assert len(s3.puts) == 1


def test_the_error_names_the_aws_code():
    with pytest.raises(StoreUnavailable, match="AccessDenied"):
        write(FakeS3(REFUSED))


@pytest.mark.parametrize("where", LIVE, ids="/".join)
def test_a_file_has_the_types_of_its_table_and_every_value(where, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    lines = LIVE[where].lines(5)
    if where[1] == "stream_gaps":
        lines.append(line({**GAP, "first_id": None, "last_id": None, "frames": None, "reason": "restarted"}))
    (part,) = read(where, *lines).slices
    rows = part.rows.to_pylist()
    assert len(rows) == len(lines)
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="trusted")
        ParquetWriter(ObjectStore(s3, "trusted")).write("file.parquet", part)
        body = s3.get_object(Bucket="trusted", Key="file.parquet")["Body"].read()
    written = pq.read_table(io.BytesIO(body))
    assert written.schema.types == tables()[part.table].schema.types
    assert written.to_pylist() == rows


def test_a_live_file_has_the_bytes_that_awswrangler_would_give_it():
    """So its rows are of one kind, whoever wrote them."""
    (part,) = read_tickers(*(ticker(E=SENT + number) for number in range(300))).slices
    live, converted = FakeS3(), FakeS3()
    ParquetWriter(ObjectStore(live, "lake")).write("trusted/x.parquet", part)
    write(converted, table=part.table, rows=part.rows)
    assert live.puts[0]["Body"] == converted.puts[0]["Body"]
