"""Copies of parts for warehouses that fetch them: their numbers, their names, and what an old reader sees."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake.errors import StoreUnavailable
from coinlake.stores import ObjectStore
from load.handoff import Handoff, encode, with_partition
from load.probe import probe_rows
from tests.integration.load.conftest import place

MONTH = place("candles", "interval=1h/month=2026-11")


@pytest.fixture
def handoff(s3: Any, dynamodb: Any) -> Handoff:
    return Handoff(ObjectStore(s3, "lake"), dynamodb, "state", "snowflake")


def test_numbers_rise_by_partition_and_warehouse(handoff: Handoff, dynamodb: Any) -> None:
    other = Handoff(handoff.lake, dynamodb, "state", "redshift")
    assert [handoff.claim(MONTH), handoff.claim(MONTH), other.claim(MONTH)] == [1, 2, 1]
    assert handoff.claim(place("latest")) == 1


def test_a_number_is_above_what_the_warehouse_holds_where_the_count_was_lost(handoff: Handoff) -> None:
    assert [handoff.claim(MONTH, above=17), handoff.claim(MONTH, above=17)] == [18, 19]
    assert handoff.claim(MONTH, above=3) == 20


def test_no_number_is_claimed_twice(handoff: Handoff) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: handoff.claim(MONTH), range(20))) == list(range(1, 21))


def test_a_copy_lies_at_a_key_of_its_own_and_is_never_replaced(handoff: Handoff, s3: Any) -> None:
    key = handoff.write(MONTH, 17, "abc", pa.table({"a": [1]}))
    assert key == "handoff/snowflake/candles/interval=1h/month=2026-11/0000000000017.abc.parquet"
    handoff.write(MONTH, 17, "abc", pa.table({"a": [2]}))  # the same call, sent again
    body = s3.get_object(Bucket="lake", Key=key)["Body"].read()
    assert pq.read_table(pa.BufferReader(body))["a"].to_pylist() == [1]


def test_the_copy_of_a_partition_that_is_gone_and_of_a_table_without_partitions(handoff: Handoff) -> None:
    key = handoff.write(place("latest"), 1, "gone", pa.table({"a": [1]}))
    assert key == "handoff/snowflake/latest/0000000000001.gone.parquet"


def test_a_fault_of_the_table_is_one_that_a_retry_may_heal(handoff: Handoff, dynamodb: Any) -> None:
    dynamodb.delete_table(TableName="state")
    with pytest.raises(
        StoreUnavailable, match="could not number a copy of candles/interval=1h/month=2026-11"
    ):
        handoff.claim(MONTH)


def test_extreme_values_are_in_the_file_exactly() -> None:
    rows = probe_rows()
    read = pq.read_table(pa.BufferReader(encode(rows)))
    naive = rows.schema.get_field_index("moment")
    expected = rows.set_column(naive, "moment", rows["moment"].cast(pa.timestamp("us")))
    assert read.schema.equals(expected.schema)
    assert read.to_pydict() == expected.to_pydict()


def test_an_old_reader_sees_plain_encodings_byte_array_decimals_and_times_without_a_zone() -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    table = pa.table(
        {
            "price": pa.array([Decimal("1.5")], pa.decimal128(18, 8)),
            "moment": pa.array([moment], pa.timestamp("us", tz="UTC")),
            "word": pa.array(["a"]).dictionary_encode(),
        }
    )
    metadata = pq.read_metadata(pa.BufferReader(encode(table)))
    columns = {metadata.schema.column(number).name: metadata.schema.column(number) for number in range(3)}
    assert metadata.format_version == "1.0"
    assert columns["price"].physical_type == "FIXED_LEN_BYTE_ARRAY"
    assert columns["moment"].physical_type == "INT64"
    assert "isAdjustedToUTC=false, timeUnit=microseconds" in str(columns["moment"].logical_type)
    group = metadata.row_group(0)
    encodings = {name for number in range(3) for name in group.column(number).encodings}
    assert encodings <= {"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY", "BIT_PACKED"}
    assert {group.column(number).compression for number in range(3)} == {"SNAPPY"}


def test_the_partitions_values_are_columns_of_the_copy() -> None:
    rows = with_partition(pa.table({"a": [1, 2]}), MONTH)
    assert rows.to_pydict() == {"a": [1, 2], "interval": ["1h", "1h"], "month": ["2026-11", "2026-11"]}


def test_a_copy_for_redshift_names_its_times_as_old_readers_know_them() -> None:
    column = pq.ParquetFile(pa.BufferReader(encode(probe_rows(), zoned=True))).schema.column(4)
    assert (column.name, column.physical_type, column.converted_type) == (
        "moment",
        "INT64",
        "TIMESTAMP_MICROS",
    )
