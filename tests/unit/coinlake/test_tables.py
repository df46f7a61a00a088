import pyarrow as pa
import pytest

from coinlake.tables import DECIMAL, TIMESTAMP, declarations, tables


@pytest.mark.parametrize("name", declarations())
def test_each_table_says_what_every_column_means(name: str):
    for column in declarations()[name]["columns"]:
        assert column["description"], column
        assert set(column) == {"name", "type", "nullable", "description", "unit"}


@pytest.mark.parametrize("name", declarations())
def test_keys_and_sort_orders_name_columns_that_are_never_null(name: str):
    table = tables()[name]
    for column in {*table.natural_key, *table.sort} - set(table.partitions):
        assert not table.schema.field(column).nullable, column


def test_no_file_repeats_a_partition_column():
    for table in tables().values():
        assert not set(table.partitions) & set(table.schema.names)


def test_money_is_exact_and_times_are_utc():
    quotes = tables()["quotes"].schema
    assert quotes.field("price").type == DECIMAL == pa.decimal128(38, 18)
    assert quotes.field("observed_at").type == TIMESTAMP == pa.timestamp("us", tz="UTC")
    assert not any(pa.types.is_floating(field.type) for table in tables().values() for field in table.schema)


@pytest.mark.parametrize("name", declarations())
def test_no_table_mixes_two_scales(name: str):
    decimals = [kind for kind in tables()[name].schema.types if pa.types.is_decimal(kind)]
    assert len({kind.scale for kind in decimals}) <= 1
