"""The ready questions and what was known at a time, answered by the embedded Athena over the same Parquet."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

from coinlake.stores import ObjectStore
from coinlake.tables import Table, catalog
from ops.aws import Aws
from ops.local.emulator import Emulator
from ops.local.laptop import Laptop
from ops.query import athena
from ops.query.questions import question, questions
from ops.query.result import QueryFailed

from . import sample_lake
from .test_as_of import OPEN, candle, trusted
from .test_questions import agrees

GLUE = {"string": "string", "bool": "boolean", "int32": "int", "int64": "bigint", "double": "double"}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """MiniStack with the sample lake, a catalog as Terraform declares it, and a workgroup."""
    emulator = Emulator(Laptop(Path(tmp_path_factory.mktemp("laptop")), free_port()))
    emulator.venv.install()
    emulator.start()
    try:
        aws = Aws.embedded(emulator.laptop)
        lake = ObjectStore(aws.client("s3"), "lake")
        lake.client.create_bucket(Bucket="lake")
        lake.client.create_bucket(Bucket="artifacts")
        sample_lake.fill(lake)
        declare(aws)
        yield SimpleNamespace(aws=aws, lake=lake, database="coinlake_test", workgroup="coinlake")
    finally:
        emulator.stop()


def declare(aws: Aws) -> None:
    glue, athena_client = aws.client("glue"), aws.client("athena")
    glue.create_database(DatabaseInput={"Name": "coinlake_test"})
    for table in catalog().values():
        glue.create_table(DatabaseName="coinlake_test", TableInput=declaration(table))
    results = {"OutputLocation": "s3://artifacts/athena/"}
    athena_client.create_work_group(Name="coinlake", Configuration={"ResultConfiguration": results})


def declaration(table: Table) -> dict[str, Any]:
    columns = [{"Name": field.name, "Type": glue_type(str(field.type))} for field in table.schema]
    return {
        "Name": table.name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "parquet"},
        "PartitionKeys": [{"Name": name, "Type": "string"} for name in table.partitions],
        "StorageDescriptor": {"Columns": columns, "Location": f"s3://lake/{table.location.rstrip('/')}"},
    }


def glue_type(arrow: str) -> str:
    return GLUE.get(arrow, arrow.replace("decimal128", "decimal").replace(", ", ",").split("[")[0])


def test_every_question_is_answered_as_by_duckdb(stack: Any) -> None:
    for name in questions():
        answer = athena.query(stack, question(name).sql)
        assert answer.columns == [column.name for column in question(name).columns], name
        assert agrees(answer, sample_lake.ANSWERS[name]), name


def test_a_question_is_a_table_for_sql_too(stack: Any) -> None:
    answer = athena.query(stack, "SELECT base FROM movers WHERE change_24h_percent > 0")
    assert answer.rows == [("DOGE",)]


def test_the_folders_of_a_stream_are_columns(stack: Any) -> None:
    [row] = athena.query(stack, sample_lake.TICKERS).rows
    assert row == (sample_lake.STREAM, "BTCUSDT", sample_lake.DAY, 100)


def test_as_of_a_time_rows_come_from_trusted(stack: Any) -> None:
    rows = (candle(8, "10", 61, closed=False), candle(8, "11", 90), candle(9, "20", 121, revision=".r1"))
    key, body = trusted("a", *rows)
    stack.lake.put(key, body)
    sql = "SELECT close, is_closed FROM candles WHERE month = '2026-11'"
    known = [athena.query(stack, sql, OPEN + timedelta(minutes=at)).rows for at in (60, 61, 90, 121)]
    assert known == [[], [(10, False)], [(11, True)], [(20, True)]]


def test_an_answer_goes_into_parquet_with_its_types(stack: Any, tmp_path: Path) -> None:
    athena.query(stack, question("latest_prices").sql).write_parquet(tmp_path / "a.parquet")
    schema = pq.read_schema(tmp_path / "a.parquet")
    assert [str(kind) for kind in schema.types[3:5]] == ["decimal128(38, 18)", "double"]
    assert str(schema.field("observed_at").type) == "timestamp[us]"


def test_the_embedded_athena_knows_no_views_so_the_command_brings_their_sql(stack: Any) -> None:
    """Should this fail, MiniStack has learned views, and what is deployed can be asked as it stands."""
    view = {"Name": "seen", "TableType": "VIRTUAL_VIEW", "StorageDescriptor": {"Columns": []}}
    view |= {"ViewOriginalText": "/* Presto View: e30= */", "ViewExpandedText": "/* Presto View */"}
    stack.aws.client("glue").create_table(DatabaseName="coinlake_test", TableInput=view)
    with pytest.raises(QueryFailed, match="seen does not exist"):
        athena.query(stack, "SELECT * FROM seen")
