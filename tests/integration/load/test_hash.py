"""The hash of rows is the same in Arrow and in PostgreSQL, and values survive the way there to the digit."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coinlake.tables import DECIMAL, LIVE_PRICE, LIVE_VOLUME, TIMESTAMP
from load.hashing import row_hash
from load.probe import probe_rows
from tests.examples import examples
from tests.integration.load.conftest import Server, Warehouse


def _decimals(kind: pa.DataType) -> st.SearchStrategy[Decimal | None]:
    unscaled = st.integers(-(10**kind.precision) + 1, 10**kind.precision - 1)
    small = st.integers(-(10**12), 10**12)
    return st.none() | st.builds(lambda digits: Decimal(f"{digits}E-{kind.scale}"), small | unscaled)


SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("wide", DECIMAL),
        ("price", LIVE_PRICE),
        ("volume", LIVE_VOLUME),
        ("moment", TIMESTAMP),
        ("flag", pa.bool_()),
        ("count", pa.int64()),
        ("parts", pa.int32()),
        ("ratio", pa.float64()),
    ]
)
ROW = st.fixed_dictionaries(
    {
        "text": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
        "wide": _decimals(DECIMAL),
        "price": _decimals(LIVE_PRICE),
        "volume": _decimals(LIVE_VOLUME),
        "moment": st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),
        "flag": st.none() | st.booleans(),
        "count": st.none() | st.integers(-(2**63), 2**63 - 1),
        "parts": st.none() | st.integers(-(2**31), 2**31 - 1),
        "ratio": st.none() | st.floats(-1e15, 1e15) | st.floats(-10, 10).map(lambda x: round(x, 10)),
    }
)
SMALLEST = dict.fromkeys(SCHEMA.names) | {"text": "a|b~", "wide": Decimal("1E-18"), "ratio": -0.0}
LARGEST = dict.fromkeys(SCHEMA.names) | {"text": "🚀", "wide": Decimal("9" * 20 + "." + "9" * 18)}
TIE = dict.fromkeys(SCHEMA.names) | {"wide": Decimal("-" + "9" * 20 + "." + "9" * 18), "ratio": 0.12345678905}


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(rows=[SMALLEST, LARGEST, TIE])
@example(rows=[])
@given(rows=st.lists(ROW, max_size=30))
def test_arrow_and_postgres_compute_the_same_hash(
    warehouse: Warehouse, rows: list[dict[str, object]]
) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    assert warehouse.shared_postgres().probe(table) == (len(rows), row_hash(table))


def test_the_probe_of_extreme_values_holds_on_this_server(warehouse: Warehouse) -> None:
    rows = probe_rows()
    assert rows.num_rows == 20
    assert warehouse.run(probe=True) == {"probe": {"rows": 20, "equal": True}}


def test_values_are_read_back_digit_by_digit(server: Server) -> None:
    warehouse = Warehouse(server.url)
    target = warehouse.postgres()
    rows = probe_rows()
    with target._transaction("read back") as cursor:
        cursor.adbc_ingest("probe_values", rows.select(["wide", "moment"]), mode="create", temporary=True)
        cursor.execute("SELECT wide::text, (extract(epoch FROM moment) * 1000000)::bigint FROM probe_values")
        read = cursor.fetchall()
    target.close()
    expected = [
        (None if wide is None else wide, moment)
        for wide, moment in zip(
            rows["wide"].to_pylist(), rows["moment"].cast(pa.int64()).to_pylist(), strict=True
        )
    ]
    assert [(None if wide is None else Decimal(wide), moment) for wide, moment in read] == expected
