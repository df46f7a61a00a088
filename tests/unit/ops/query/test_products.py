"""Products of prices and amounts: decimal(38,18) times decimal(38,18) has two integer digits in Trino."""

from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from coinlake.tables import catalog
from ops.paths import ROOT
from ops.query.questions import questions

DECIMAL = {
    field.name for table in catalog().values() for field in table.schema if pa.types.is_decimal(field.type)
}


def exact(side: exp.Expression) -> bool:
    """Whether a decimal column goes into this side of a product as it is."""
    return any(
        column.name in DECIMAL and not isinstance(column.find_ancestor(exp.Cast), exp.Cast)
        for column in side.find_all(exp.Column)
    )


@pytest.mark.parametrize("name", questions())
def test_no_question_multiplies_two_exact_columns(name: str) -> None:
    products = sqlglot.parse_one(questions()[name].sql, read="trino").find_all(exp.Mul)
    assert [str(product) for product in products if exact(product.this) and exact(product.expression)] == []


def test_the_check_would_see_one() -> None:
    product = sqlglot.parse_one("SELECT price * quantity FROM trades", read="trino").find(exp.Mul)
    assert product
    assert exact(product.this)
    assert exact(product.expression)


def test_the_cast_that_the_docs_name_keeps_what_they_say() -> None:
    assert (
        "CAST(price AS decimal(19,9)) * CAST(quantity AS decimal(19,9))"
        in (ROOT / "docs" / "queries.md").read_text()
    )
    [(value, kind)] = duckdb.sql(
        "SELECT p, typeof(p) FROM (SELECT 98765.4321::decimal(19,9) * 1234567.890123456::decimal(19,9) AS p)"
    ).fetchall()
    assert (kind, value) == ("DECIMAL(38,18)", Decimal("98765.4321") * Decimal("1234567.890123456"))
