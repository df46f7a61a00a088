import csv
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ops.query.result import QueryResult, format_decimal, format_value, spreadsheet_safe


def safe(value: Any) -> Any:
    return spreadsheet_safe(pa.array([value]))[0].as_py()


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@sum", "\tx", "\rx", "\nx"])
def test_text_that_a_spreadsheet_would_run_is_made_text_again(text):
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1, -2.5, None, True, "BTC", "a=b", "a\n=b"])
def test_numbers_and_plain_text_are_untouched(value):
    assert safe(value) == value


def test_decimals_are_written_exactly_and_without_an_exponent(tmp_path):
    path = tmp_path / "answer.csv"
    price = Decimal("-0.000000000000000001")
    QueryResult.from_rows(["p"], [[price]], [pa.decimal128(38, 18)]).write_csv(path)
    assert path.read_text() == "p\n-0.000000000000000001\n"


def test_a_csv_file_holds_every_row_and_only_safe_cells(tmp_path):
    path = tmp_path / "answer.csv"
    rows = [["BTC", Decimal("-1.50")], ["=HYPERLINK(1)", None], ['a "quoted", text', Decimal("2.00")]]
    QueryResult.from_rows(["base", "=x"], rows).write_csv(path)
    assert list(csv.reader(path.open(newline=""))) == [
        ["base", "'=x"],
        ["BTC", "-1.5"],
        ["'=HYPERLINK(1)", ""],
        ['a "quoted", text', "2"],
    ]


def test_times_in_a_csv_file_are_iso_8601_with_one_precision_and_decimals_have_no_zeros(tmp_path):
    path = tmp_path / "answer.csv"
    at = datetime(2026, 11, 21, 17, 42, 4, 656_000)
    rows = [
        [at, Decimal("100"), 100],
        [at.replace(second=0, microsecond=0), Decimal("0.50"), 1_000],
        [None] * 3,
    ]
    QueryResult.from_rows(
        ["t", "p", "n"], rows, [pa.timestamp("us"), pa.decimal128(38, 18), pa.int64()]
    ).write_csv(path)
    assert path.read_text().splitlines() == [
        "t,p,n",
        "2026-11-21T17:42:04.656000Z,100,100",
        "2026-11-21T17:42:00.000000Z,0.5,1000",
        ",,",
    ]


def test_a_repeated_column_name_gets_a_number_everywhere(tmp_path):
    result = QueryResult(pa.table([[1], [2], [3]], names=["x", "x", "x_1"]))
    assert result.columns == ["x", "x_2", "x_1"]
    assert result.document()["rows"] == [{"x": 1, "x_2": 2, "x_1": 3}]
    result.write_csv(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "x,x_2,x_1\n1,2,3\n"
    result.write_parquet(tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").column_names == ["x", "x_2", "x_1"]


def test_an_enum_that_starts_a_formula_is_made_text_again(tmp_path):
    column = pa.array(["=1+1"]).dictionary_encode()
    QueryResult(pa.table([column], names=["e"])).write_csv(tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == "e\n'=1+1\n"


def test_parquet_keeps_values_and_types_and_takes_a_scale_that_the_engine_omits(tmp_path):
    path = tmp_path / "answer.parquet"
    at = datetime(2026, 11, 21, 7, 35)
    types = [pa.string(), pa.decimal128(38, 0), pa.timestamp("us"), pa.int64()]
    rows = [["=BTC", Decimal("0.10"), at, None], [None, None, None, None]]
    QueryResult.from_rows(["base", "price", "at", "n"], rows, types).write_parquet(path)
    table = pq.read_table(path)
    assert table.schema.types == [pa.string(), pa.decimal128(38, 2), pa.timestamp("us"), pa.int64()]
    assert [list(row.values()) for row in table.to_pylist()] == rows


def test_parquet_of_no_rows_has_the_columns(tmp_path):
    path = tmp_path / "answer.parquet"
    QueryResult.from_rows(["price"], [], [pa.decimal128(38, 18)]).write_parquet(path)
    assert pq.read_table(path).schema.types == [pa.decimal128(38, 18)]


@given(st.text())
def test_no_text_cell_starts_a_formula(text):
    assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1234.500000000000000000", "1,234.5"),
        ("100", "100"),
        ("0E-18", "0"),
        ("1E+3", "1,000"),
        ("NaN", "NaN"),
    ],
)
def test_numbers_read_without_trailing_zeros(number, text):
    assert format_decimal(Decimal(number)) == text


def test_null_is_a_dash_and_times_have_no_fraction():
    assert format_value(None) == "–"
    assert format_value(datetime(2026, 11, 21, 7, 35, 1, 5)) == "2026-11-21 07:35:01"


def test_markup_in_data_is_shown_and_long_answers_say_what_is_left_out():
    console = Console(width=100)
    with console.capture() as captured:
        console.print(QueryResult.from_rows(["[red]x"], [["[bold]"]] * 60).table("t"))
    assert "[bold]" in captured.get()
    assert "[red]x" in captured.get()
    assert "10 more rows" in captured.get()
