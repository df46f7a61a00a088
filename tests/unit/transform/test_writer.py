import gc
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from coinlake.errors import StoreUnavailable
from coinlake.tables import tables
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


def write(s3, count=3):
    ParquetWriter(s3, "lake").write("trusted/x.parquet", "candles", candles(count))


def test_what_was_written_is_read_back_exactly():
    s3 = FakeS3()
    write(s3)
    (put,) = s3.puts
    assert (put["Bucket"], put["Key"]) == ("lake", "trusted/x.parquet")
    assert pq.read_table(io.BytesIO(put["Body"])).to_pylist() == candles().to_pylist()


def test_equal_rows_give_equal_bytes_with_no_trace_of_the_writing():
    s3 = FakeS3()
    write(s3)
    write(s3)
    assert s3.puts[0] == s3.puts[1]
    assert pq.read_metadata(io.BytesIO(s3.puts[0]["Body"])).metadata is None


@pytest.mark.parametrize("fault", [REFUSED, EndpointConnectionError(endpoint_url="https://s3.invalid")])
def test_a_failed_write_is_told_once_and_never_repeated_behind_our_back(fault):
    s3 = FakeS3(fault)
    with pytest.raises(StoreUnavailable, match=r"s3://lake/trusted/x\.parquet"):
        write(s3)
    gc.collect()
    assert len(s3.puts) == 1


def test_the_fault_is_named():
    with pytest.raises(StoreUnavailable, match="AccessDenied"):
        write(FakeS3(REFUSED))
