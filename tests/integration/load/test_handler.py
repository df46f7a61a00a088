"""The handler as Lambda calls it: its URL out of SSM, the lake in S3, the warehouse a real PostgreSQL."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pyarrow as pa
import pytest

from coinlake import parquet
from coinlake.errors import BadConfiguration
from coinlake.tables import refined
from load import handler
from load.stage import LoadFailed
from tests.integration.conftest import REGION, FakeContext
from tests.integration.load.conftest import Server, Warehouse, observer, place
from tests.integration.load.rows import quote

PARAMETER = "/coinlake/test/postgres-url"
DAY = place("quotes", "dt=2026-11-20")


@pytest.fixture
def deployed(s3: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """The function's environment, in a database of its own: the deployed schema is always coinlake."""
    admin, database = Warehouse(server.url), f"d{uuid4().hex[:12]}"
    admin.sql(f"CREATE DATABASE {database}")
    url = server.url.replace("/postgres?", f"/{database}?")
    boto3.client("ssm", region_name=REGION).put_parameter(Name=PARAMETER, Value=url, Type="SecureString")
    monkeypatch.setenv("LAKE_BUCKET", "lake")
    monkeypatch.setenv("TABLES", "candles,quotes")
    monkeypatch.setenv("STATE_TABLE", "state")
    monkeypatch.setenv("WAREHOUSE", "postgres")
    monkeypatch.setenv("OPTIONS", json.dumps({"url_parameter": PARAMETER, "ca_parameter": None}))
    handler.stage.cache_clear()
    yield Warehouse(url, "coinlake")
    handler.stage.cache_clear()
    observer(url).close()
    admin.sql(f"DROP DATABASE {database} WITH (FORCE)")


def put(s3: Any, price: str) -> None:
    table = refined()["quotes"]
    row = {name: quote(0, price).get(name) for name in table.schema.names}
    body = parquet.encode(table, pa.Table.from_pylist([row], table.schema))
    s3.put_object(Bucket="lake", Key=DAY.key, Body=body)


def run(**event: Any) -> dict[str, Any]:
    return handler.handler({"load": "2026-11-20T00:04:00Z", **event}, FakeContext(remaining_ms=900_000))


def test_a_scheduled_run_loads_what_s3_has_and_the_next_what_changed(s3: Any, deployed: Warehouse) -> None:
    put(s3, "1.5")
    assert run()["loaded"] == {"quotes/dt=2026-11-20": 1}
    put(s3, "2.5")
    assert run()["rows_loaded"] == 1
    assert run()["partitions_equal"] == 1
    assert [price for *_, price in deployed.prices()] == ["2.500000000000000000"]
    s3.delete_object(Bucket="lake", Key=DAY.key)
    put_other = {**{"Bucket": "lake", "Key": place("quotes", "dt=2026-11-21").key}, "Body": b"no parquet"}
    s3.put_object(**put_other)
    with pytest.raises(LoadFailed, match="is no file of the table quotes"):
        run()
    assert deployed.prices() == []  # the other partition's removal went on


def test_a_metric_says_how_far_the_warehouse_is_behind(
    s3: Any, deployed: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    put(s3, "1")
    s3.put_object(Bucket="lake", Key=place("quotes", "dt=2026-11-21").key, Body=b"no parquet")
    capsys.readouterr()
    with pytest.raises(LoadFailed):
        run()
    metrics = capsys.readouterr().out
    assert '"PartsLoaded":[1.0]' in metrics
    assert '"PartsBehind":[1.0]' in metrics
    assert '"PartsFailed":[1.0]' in metrics


def test_without_the_parameter_the_sentence_names_it(s3: Any, deployed: Warehouse) -> None:
    boto3.client("ssm", region_name=REGION).delete_parameter(Name=PARAMETER)
    with pytest.raises(BadConfiguration, match=f"the SSM parameter {PARAMETER} cannot be read"):
        run()


def test_a_table_that_refined_lacks_is_named(
    s3: Any, deployed: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLES", "quotes,candle")
    with pytest.raises(BadConfiguration, match="load names the table 'candle', which refined lacks"):
        run()
