import pyarrow as pa
import pytest

from coinlake.tables import DECIMAL, TIMESTAMP, catalog, declarations, refined, tables


@pytest.mark.parametrize("name", declarations())
def test_each_table_says_what_every_column_means(name: str):
    for column in declarations()[name]["columns"]:
        assert column["description"], column
        assert set(column) == {"name", "type", "nullable", "description", "unit"}


@pytest.mark.parametrize("name", declarations())
def test_keys_and_sort_orders_name_columns_that_are_never_null(name: str):
    table = tables()[name]
    known_or_not = {"first_id", "last_id"} if name == "stream_gaps" else set()  # decision 12
    for column in {*table.natural_key, *table.sort} - {*table.partitions, *known_or_not}:
        assert not table.schema.field(column).nullable, column


def test_no_file_repeats_a_partition_column():
    for table in catalog().values():
        assert not set(table.partitions) & set(table.schema.names), table.name


def test_money_is_exact_and_times_are_utc():
    quotes = tables()["quotes"].schema
    assert quotes.field("price").type == DECIMAL == pa.decimal128(38, 18)
    assert quotes.field("observed_at").type == TIMESTAMP == pa.timestamp("us", tz="UTC")


def test_only_what_refine_derives_has_floating_numbers():
    floating = {
        table.name
        for table in tables().values()
        if any(pa.types.is_floating(field.type) for field in table.schema)
    }
    assert all(tables()[name].location.startswith("refined/") for name in floating)


def test_the_bare_name_is_the_refined_table_and_trusted_is_said():
    assert catalog()["quotes"].location == "refined/quotes/"
    assert catalog()["trusted_quotes"].location == "trusted/quotes/"
    assert catalog()["trusted_quotes"].name == "trusted_quotes"
    assert catalog()["gaps"] == tables()["gaps"]
    assert "trusted_gaps" not in catalog()
    assert "gaps" not in refined()


def test_a_refined_table_has_the_columns_of_the_trusted_table_and_says_where_it_differs():
    assert refined()["quotes"].schema == tables()["quotes"].schema
    more = refined()["candles"].schema.names[len(tables()["candles"].schema.names) :]
    assert more == [
        *("derived_from", "parts", "coverage", "is_complete", "has_gap"),
        *("answered_from", "answered_until"),
    ]
    tickers = refined()["tickers"]
    assert tickers.partitions == ("stream", "symbol", "dt")
    assert tickers.partition_columns == {"stream": "stream", "symbol": "raw_symbol"}
    assert "stream" not in tickers.schema.names
    assert "stream" not in tickers.sort


@pytest.mark.parametrize("name", declarations())
def test_no_table_mixes_two_scales(name: str):
    decimals = [kind for kind in tables()[name].schema.types if pa.types.is_decimal(kind)]
    assert len({kind.scale for kind in decimals}) <= 1
