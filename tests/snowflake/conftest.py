"""A schema in fakesnow, the lake in moto, and the pipes between them."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from load.dialects import snowflake as sql
from load.hashing import row_hash
from ops.load.snowflake import COPIES, SnowflakeSetup, held
from tests.integration.conftest import aws, s3  # noqa: F401
from tests.integration.load.conftest import dynamodb  # noqa: F401
from tests.integration.load.handed_over import REPORT, Account

PYTHON = Path("build/snowflake/bin/python")
WORKER = Path(__file__).parent / "worker.py"
TABLES = ("candles", "latest", "quotes", "spreads")
# What fakesnow has not: roles, pipes, and blocks of Snowflake's own language.
LACKING = ("USE", "GRANT", "CREATE SCHEMA", "CREATE PIPE", "EXECUTE")


class FakeSnowflake:
    """fakesnow in its own environment, a statement at a time."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [PYTHON, WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def execute(self, statement: str) -> list[list[Any]]:
        """Its rows; decimals and times are texts. Fails the test with fakesnow's own error."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(statement) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            pytest.fail(f"{answer['error']}\n{statement}", pytrace=False)
        rows: list[list[Any]] = answer["rows"]
        return rows

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


@dataclass
class SnowflakeAccount(Account):
    """``Account`` whose copies Snowflake's own statements load, and whose report Snowflake writes."""

    snow: FakeSnowflake = field(kw_only=True)
    stage_folder: Path = field(kw_only=True)
    delivered: set[str] = field(default_factory=set)

    @cached_property
    def setup(self) -> SnowflakeSetup:
        return SnowflakeSetup("test", "lake", "role", "external", "topic", self.tables, "COINLAKE_TEST")

    def set_up(self, setup: SnowflakeSetup | None = None) -> None:
        """Run the second file, as far as fakesnow can; the stage of copies is a folder."""
        for statement in (setup or self.setup).make_tables():
            if not statement.startswith(LACKING):
                local = statement.replace("s3://lake/handoff/snowflake/", f"file://{self.stage_folder}/")
                self.snow.execute(local)

    def pending(self) -> list[str]:
        """The copies that no pipe has heard of, by their keys."""
        return [key for key in self.keys() if key not in self.delivered]

    def keys(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket="lake", Prefix="handoff/snowflake/").get("Contents", ())
        return [entry["Key"] for entry in listed]

    def deliver(self, *keys: str, anew: bool = False) -> None:
        """An event for each copy, all that are pending without any; ``anew`` as a pipe without a memory."""
        for key in keys or self.pending():
            table, name = key.split("/")[2], key.replace("/", "-")
            file = self.stage_folder / table / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(self.s3.get_object(Bucket="lake", Key=key)["Body"].read())
            sink = next(sink for sink in self.setup.sinks if sink.name == table)
            copy = f"{sql.copy_parts(sink, COPIES)} FILES = ('{name}')"
            self.snow.execute(f"{copy} FORCE = TRUE" if anew else copy)
            self.delivered.add(key)

    def purge(self) -> None:
        for sink in self.setup.sinks:
            self.snow.execute(sql.delete_replaced(sink))

    def report_held(self) -> None:
        """The third file's second task."""
        header = ["TABLE_NAME", "PARTITION", "VERSION", "ROWS", "HASH"]
        lines = [header, *self.snow.execute(held())]
        text = "\n".join(",".join(f'"{value}"' for value in line) for line in lines)
        self.s3.put_object(Bucket="lake", Key=REPORT, Body=f"{text}\n".encode())

    def shown(self, table: str) -> list[dict[str, Any]]:
        """The rows of a view, in order, with the names of the lake's columns; values as texts."""
        sink = next(sink for sink in self.setup.sinks if sink.name == table)
        names = [column.name for column in sink.columns]
        chosen = ", ".join(f"TO_VARCHAR({sql.quoted(name)})" for name in names)
        rows = self.snow.execute(f"SELECT {chosen} FROM {sql.quoted(table)}")  # noqa: S608
        return sorted((dict(zip(names, row, strict=True)) for row in rows), key=str)

    def in_lake(self) -> dict[str, tuple[int, int]]:
        """Rows and hash of each part of the lake."""
        stage, parts = self.stage(), {}
        for where in stage._listing(_Everything(self.tables)):
            part = stage.read(where)
            assert part
            parts[str(where)] = part.rows.num_rows, row_hash(part.rows)
        return parts

    def in_snowflake(self) -> dict[str, tuple[int, int]]:
        """Rows and hash of each partition, as Snowflake counts and hashes them; none of what is empty."""
        return {
            "/".join(filter(None, [table, partition])): (int(rows), int(total))
            for table, partition, _, rows, total in self.snow.execute(held())
            if table != "probe"
        }


@dataclass(frozen=True)
class _Everything:
    tables: tuple[str, ...]


@pytest.fixture(scope="session")
def snow() -> Iterator[FakeSnowflake]:
    fake = FakeSnowflake()
    yield fake
    fake.close()


@pytest.fixture
def account(s3: Any, dynamodb: Any, snow: FakeSnowflake, tmp_path: Path) -> SnowflakeAccount:  # noqa: F811
    schema = f"T{uuid4().hex[:12]}".upper()
    snow.execute(f"CREATE SCHEMA {schema}")
    snow.execute(f"USE SCHEMA {schema}")
    made = SnowflakeAccount(s3, dynamodb, TABLES, snow=snow, stage_folder=tmp_path)
    made.set_up()
    return made
