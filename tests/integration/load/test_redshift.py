"""Redshift by its Data API: boto3, the rendered SQL and COPY against a service over a real PostgreSQL."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import uuid4

import boto3
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coinlake import parquet
from coinlake.errors import BadConfiguration, CoinlakeError, StoreUnavailable
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from load import handler
from load.ddl import SinkTable
from load.handoff import Handoff
from load.planning import TablePartition
from load.probe import probe_rows
from load.stage import Load, LoadFailed
from load.targets import Part
from load.targets.redshift import Redshift, StatementFailed
from tests.examples import examples
from tests.integration.conftest import FakeContext
from tests.integration.load.conftest import Lake, Server, Warehouse, observer, place
from tests.integration.load.redshift_server import LOCATION, ROLE, FakeRedshift, serving
from tests.integration.load.rows import candle, quote
from tests.patience import PATIENCE_SECONDS, wait_until

DAY = place("quotes", "dt=2026-11-20")
NEXT_DAY = place("quotes", "dt=2026-11-21")
MONTH = place("candles", "interval=1h/month=2026-11")
LATEST = place("latest")
QUOTES = SinkTable.of(refined()["quotes"])


@dataclass
class RedshiftWarehouse(Warehouse):
    """As ``Warehouse``, with the stage's Redshift between lake and PostgreSQL."""

    service: FakeRedshift = field(default=None)  # type: ignore[assignment]
    client: Any = None
    handoff: Handoff = field(default=None)  # type: ignore[assignment]

    def redshift(self, client: Any = None) -> Redshift:
        return Redshift(
            client or self.client,
            LOCATION,
            self.handoff,
            ROLE,
            schema=self.schema,
            sleep=lambda seconds: time.sleep(seconds / 10),
        )

    def stage(self, tables: tuple[str, ...] = ("quotes", "candles", "latest"), client: Any = None) -> Load:
        sinks = {name: SinkTable.of(refined()[name]) for name in tables}
        return Load(self.lake, self.redshift(client), sinks, time.monotonic)  # type: ignore[arg-type]

    def copies(self) -> int:
        """How many COPYs were run so far."""
        return sum(statement.startswith("COPY") for batch in self.service.history for statement in batch)


@pytest.fixture
def service(server: Server) -> FakeRedshift:
    return FakeRedshift(server.url)


@pytest.fixture
def endpoint(service: FakeRedshift) -> Iterator[str]:
    with serving(service) as url:
        yield url


@pytest.fixture
def warehouse(
    s3: Any, state_table: str, server: Server, service: FakeRedshift, endpoint: str
) -> Iterator[RedshiftWarehouse]:
    handoff = Handoff(ObjectStore(s3, "lake"), boto3.client("dynamodb"), state_table, "redshift", zoned=True)
    client = boto3.client("redshift-data", endpoint_url=endpoint)
    made = RedshiftWarehouse(server.url, service=service, client=client, handoff=handoff)
    yield made
    made.sql("DROP SCHEMA IF EXISTS {s} CASCADE")


def test_a_first_run_loads_every_partition_and_a_second_only_lists(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, "1.5"), quote(1, "2")])
    warehouse.lake.put(NEXT_DAY, [])
    warehouse.lake.put(MONTH, [candle(0, "100")])
    warehouse.lake.put(LATEST, [quote(1, "2", open_interest=None)])
    first = warehouse.run()
    assert first["failures"] == {}
    assert first["loaded"] == {
        **{"candles/interval=1h/month=2026-11": 1, "latest": 1},
        **{"quotes/dt=2026-11-20": 2, "quotes/dt=2026-11-21": 0},
    }
    gets, copies = warehouse.lake.gets, warehouse.copies()
    second = warehouse.run()
    assert (second["partitions_loaded"], second["partitions_equal"]) == (0, 4)
    assert (warehouse.lake.gets, warehouse.copies()) == (gets, copies)
    assert warehouse.prices() == [
        ("2026-11-20", "BTC", "coingecko", "1.500000000000000000"),
        ("2026-11-20", "BTC", "coingecko", "2.000000000000000000"),
    ]
    assert all(compared["equal"] for compared in warehouse.run(check=True)["partitions"])


def test_changed_new_and_vanished_rows_follow_the_newest_part(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, "1"), quote(1, "2"), quote(2, "3")])
    warehouse.run()
    warehouse.lake.put(DAY, [quote(0, "1"), quote(1, "2.000000000000000001"), quote(3, "4")])
    assert warehouse.run()["rows_loaded"] == 3
    assert [price for *_, price in warehouse.prices()] == [
        "1.000000000000000000",
        "2.000000000000000001",
        "4.000000000000000000",
    ]


def test_an_unchanged_part_that_is_loaded_again_writes_no_row(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(minute, minute) for minute in range(100)])
    warehouse.run()
    versions, copies = warehouse.versions(), warehouse.copies()
    assert warehouse.run(again=True)["loaded"] == {"quotes/dt=2026-11-20": 100}
    assert (warehouse.versions(), warehouse.copies()) == (versions, copies)
    assert warehouse.sql("SELECT version FROM {s}.loads") == [(2,)]


def test_a_deleted_part_disappears_with_its_ledger_entry(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.lake.put(NEXT_DAY, [quote(1440, 2)])
    warehouse.run()
    warehouse.lake.delete(DAY)
    assert warehouse.run()["partitions_removed"] == 1
    assert [dt for dt, *_ in warehouse.prices()] == ["2026-11-21"]
    assert warehouse.ledger() == [("quotes", "dt=2026-11-21", 1)]


def test_a_quote_may_lie_in_two_days(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.lake.put(NEXT_DAY, [quote(0, 1)])
    warehouse.run()
    assert [dt for dt, *_ in warehouse.prices()] == ["2026-11-20", "2026-11-21"]


def test_texts_with_quotes_and_backslashes_survive(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1, base="A'B\\C"), quote(0, 1, base="~|~"), quote(0, 1, base="Ð🚀")])
    assert warehouse.run()["failures"] == {}
    assert {base for _, base, *_ in warehouse.prices()} == {"A'B\\C", "~|~", "Ð🚀"}


def test_the_probe_of_extreme_values_holds(warehouse: RedshiftWarehouse) -> None:
    rows = probe_rows()
    assert warehouse.run(probe=True) == {"probe": {"rows": rows.num_rows, "equal": True}}


def test_a_load_that_read_an_older_part_never_replaces_a_newer_one(warehouse: RedshiftWarehouse) -> None:
    """The first claims its number and reads; before it writes, a second loads the part that came since."""
    warehouse.lake.put(DAY, [quote(0, 1)])
    stage = warehouse.stage()
    stage.target.prepare([QUOTES])

    def slow_read(where: TablePartition) -> Part | None:
        part = stage.read(where)
        warehouse.lake.put(DAY, [quote(0, 2)])
        assert warehouse.run()["failures"] == {}
        return part

    loaded = stage.target.load(QUOTES, DAY, slow_read)
    assert loaded is not None
    assert loaded.etag == warehouse.lake.objects[DAY.key].etag
    assert [price[:1] for *_, price in warehouse.prices()] == ["2"]


def test_a_removal_that_comes_late_removes_nothing_that_came_since(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.run()
    stage = warehouse.stage()

    def gone(where: TablePartition) -> None:
        warehouse.lake.put(where, [quote(0, 3)])
        warehouse.run()

    assert stage.target.load(QUOTES, DAY, gone) is not None
    assert [price[:1] for *_, price in warehouse.prices()] == ["3"]


def test_two_batches_that_meet_wait_for_each_other(warehouse: RedshiftWarehouse) -> None:
    """The first is held before its commit; the second waits for its lock and then wins."""
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.stage().target.prepare([QUOTES])
    warehouse.service.hold = threading.Event()
    first = threading.Thread(target=warehouse.redshift().load, args=(QUOTES, DAY, warehouse.stage().read))
    first.start()
    wait_until("a batch with the lock", lambda: len(warehouse.service.batches) > 2 and _locked(warehouse))
    warehouse.lake.put(DAY, [quote(0, 2)])
    second = threading.Thread(target=warehouse.redshift().load, args=(QUOTES, DAY, warehouse.stage().read))
    second.start()
    wait_until("a batch that waits for it", lambda: _waiting(warehouse))
    warehouse.service.hold.set()
    first.join(PATIENCE_SECONDS)
    second.join(PATIENCE_SECONDS)
    assert [price[:1] for *_, price in warehouse.prices()] == ["2"]


def test_four_loaders_racing_a_writer_end_at_its_last_part(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [])
    warehouse.run()
    done, failures = threading.Event(), list[object]()

    def keep_loading() -> None:
        while not done.is_set():
            failures.extend(warehouse.run(tables=["quotes"])["failures"].values())

    loaders = [threading.Thread(target=keep_loading) for _ in range(4)]
    for loader in loaders:
        loader.start()
    for version in range(8):
        warehouse.lake.put(DAY, [quote(minute, version) for minute in range(1 + version % 3)])
        time.sleep(0.05)
    done.set()
    for loader in loaders:
        loader.join(PATIENCE_SECONDS)
    warehouse.run()
    assert failures == []
    assert {price[:1] for *_, price in warehouse.prices()} == {"7"}
    (compared,) = warehouse.run(check=True)["partitions"]
    assert compared["equal"]


def test_first_runs_that_meet_create_the_tables_once(warehouse: RedshiftWarehouse) -> None:
    for _ in range(3):
        warehouse.sql("DROP SCHEMA IF EXISTS {s} CASCADE")
        with ThreadPoolExecutor(4) as threads:
            for prepared in [threads.submit(warehouse.redshift().prepare, [QUOTES]) for _ in range(4)]:
                prepared.result(PATIENCE_SECONDS)
        assert warehouse.redshift().loaded() == {}


def test_a_schema_that_is_always_made_meanwhile_is_left_to_the_next_run(
    warehouse: RedshiftWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def meet(*_: Any) -> None:
        tries.append(1)
        raise StatementFailed(0, 'Schema "coinlake" already exists')

    monkeypatch.setattr(Redshift, "_make_missing", meet)
    with pytest.raises(StoreUnavailable, match='could not prepare the schema: .* "coinlake" already exists'):
        warehouse.redshift().prepare([QUOTES])
    assert len(tries) == 4


def test_a_stack_that_was_made_anew_counts_on_from_what_the_warehouse_holds(
    warehouse: RedshiftWarehouse,
) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.run()
    warehouse.sql("UPDATE {s}.loads SET version = 17")
    warehouse.lake.put(DAY, [quote(0, 2)])
    assert warehouse.run()["partitions_loaded"] == 1
    assert warehouse.sql("SELECT version FROM {s}.loads") == [(18,)]


def test_rows_changed_by_hand_are_seen_by_check_and_mended_by_again(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1), quote(1, 2)])
    warehouse.run()
    warehouse.sql("UPDATE {s}.quotes SET price = price + 0.000000000000000001 WHERE price = 2")
    (compared,) = warehouse.run(check=True)["partitions"]
    assert not compared["equal"]
    assert warehouse.run()["partitions_loaded"] == 0  # the ledger cannot know
    warehouse.run(again=True)
    (compared,) = warehouse.run(check=True)["partitions"]
    assert compared["equal"]


def test_a_digit_lost_on_the_way_is_found_before_commit(
    warehouse: RedshiftWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.lake.put(DAY, [quote(0, "1.000000000000000001")])
    write = Handoff.write

    def lossy(self: Handoff, where: TablePartition, number: int, etag: str, rows: pa.Table) -> str:
        index = rows.schema.get_field_index("price")
        rounded = pa.array([Decimal(1)], rows.schema.field("price").type)
        return write(self, where, number, etag, rows.set_column(index, "price", rounded))

    monkeypatch.setattr(Handoff, "write", lossy)
    (reason,) = warehouse.run()["failures"].values()
    assert "nothing was committed" in reason
    assert warehouse.prices() == []
    assert warehouse.ledger() == []


def test_a_new_column_appears_and_an_older_part_has_nulls(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.run()
    new = SinkTable("quotes", QUOTES.schema.append(pa.field("mood", pa.string())), ("dt",), QUOTES.key)
    target, stage = warehouse.redshift(), warehouse.stage()
    target.prepare([new])
    part = stage.read(DAY)
    assert part is not None
    rows = part.rows.append_column(new.schema.field("mood"), pa.array(["calm"]))
    target.load(new, DAY, lambda _: Part(part.etag, rows))
    assert warehouse.sql("SELECT mood FROM {s}.quotes") == [("calm",)]
    assert warehouse.run()["partitions_loaded"] == 1  # a declaration without it, whose rows have nulls
    assert warehouse.sql("SELECT mood FROM {s}.quotes") == [(None,)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("ALTER TABLE {s}.quotes ALTER price TYPE double precision", "price is double precision, and the"),
        ("ALTER TABLE {s}.quotes DROP base", "has no column 'base', which is of its key"),
        ("DROP TABLE {s}.quotes; CREATE VIEW {s}.quotes AS SELECT 1 AS base", "is a view or another"),
    ],
)
def test_a_table_that_is_otherwise_than_the_lake_is_refused_in_one_sentence(
    warehouse: RedshiftWarehouse, change: str, sentence: str
) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.run()
    for statement in change.split("; "):
        warehouse.sql(statement)
    with pytest.raises(BadConfiguration, match=sentence):
        warehouse.run()


def test_a_table_that_was_dropped_is_loaded_anew(warehouse: RedshiftWarehouse) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.run()
    warehouse.sql("DROP TABLE {s}.quotes")
    assert warehouse.run()["partitions_loaded"] == 1
    assert len(warehouse.prices()) == 1


def test_every_refined_table_and_the_discounts_have_a_place(warehouse: RedshiftWarehouse) -> None:
    stage = warehouse.stage(tuple(refined()))
    for _ in range(2):  # the second time there is nothing to change
        stage.target.prepare(list(stage.tables.values()))
    names = warehouse.sql("SELECT table_name::text FROM information_schema.tables WHERE table_schema = '{s}'")
    assert sorted(name for (name,) in names) == sorted([*refined(), "loads", "discounts"])
    assert len(warehouse.service.history[-1]) == 3  # it only looked


@pytest.mark.parametrize(
    ("code", "message", "kind", "sentence"),
    [
        (
            "AccessDeniedException",
            "User is not authorized",
            BadConfiguration,
            "role may not use this workgroup",
        ),
        ("ValidationException", "Cluster is paused.", StoreUnavailable, "the cluster is paused: resume it"),
        (
            "ValidationException",
            "Redshift endpoint doesn't exist in this region.",
            BadConfiguration,
            "no such",
        ),
        ("ValidationException", "Database name is wrong", BadConfiguration, "Database name is wrong"),
        ("ActiveStatementsExceededException", "too many", StoreUnavailable, "too many"),
    ],
)
def test_a_request_that_is_refused_is_one_sentence_with_the_remedy(
    warehouse: RedshiftWarehouse, code: str, message: str, kind: type[CoinlakeError], sentence: str
) -> None:
    warehouse.service.refusals.append((code, message))
    with pytest.raises(CoinlakeError, match=sentence) as caught:
        warehouse.redshift().loaded()
    assert type(caught.value) is kind
    assert str(caught.value).startswith("could not read the ledger: ")


def test_another_workgroup_is_named_as_unknown(warehouse: RedshiftWarehouse) -> None:
    target = warehouse.redshift()
    target.location = {**LOCATION, "WorkgroupName": "other"}
    with pytest.raises(BadConfiguration, match="there is no such workgroup or cluster in this region"):
        target.loaded()


def test_another_role_for_copy_and_a_text_that_is_too_long_are_sentences(
    warehouse: RedshiftWarehouse,
) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.stage().target.prepare([QUOTES])
    target = warehouse.redshift()
    target.copy_role_arn = f"{ROLE}-other"
    with pytest.raises(BadConfiguration, match="it may not use COPY's role"):
        target.load(QUOTES, DAY, warehouse.stage().read)
    warehouse.lake.put(DAY, [quote(0, 1, raw_key="x" * 1025)])
    (reason,) = warehouse.run()["failures"].values()
    assert "a text is longer than its column" in reason


@pytest.mark.parametrize(
    "words",
    [
        "1023 DETAIL: Serializable isolation violation on table - 100, transactions forming the cycle are: 1",
        "deadlock detected",
    ],
)
def test_a_transaction_that_was_in_anothers_way_is_tried_again(
    warehouse: RedshiftWarehouse, words: str
) -> None:
    warehouse.lake.put(DAY, [quote(0, 1)])
    warehouse.run()
    warehouse.lake.put(DAY, [quote(0, 2)])
    target, stage = warehouse.redshift(), warehouse.stage()
    target.loaded()
    warehouse.service.aborts += [words] * 3
    assert target.load(QUOTES, DAY, stage.read) is not None
    warehouse.lake.put(DAY, [quote(0, 3)])
    warehouse.service.aborts += [words] * 4
    with pytest.raises(StoreUnavailable):
        target.load(QUOTES, DAY, stage.read)
    assert [price[:1] for *_, price in warehouse.prices()] == ["2"]


def test_a_statement_that_does_not_end_is_left_to_the_next_run(warehouse: RedshiftWarehouse) -> None:
    target = warehouse.redshift()
    target.prepare([])
    target.sleep = lambda _: None
    warehouse.service.hold = threading.Event()
    with pytest.raises(StoreUnavailable, match="more than 600 seconds; it ends by itself"):
        target.loaded()
    warehouse.service.hold.set()


class Killed(BaseException):
    """The function's end, which nothing in it handles."""


@dataclass
class DyingClient:
    """A client whose caller is killed at its call number ``at``, before or after the call."""

    client: Any
    at: int
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls += 1
            if self.calls == self.at:
                raise Killed
            answer = getattr(self.client, name)(**request)
            if self.calls == -self.at:
                raise Killed
            return answer

        return call


PLACES = [DAY, NEXT_DAY, LATEST]
STEP = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(PLACES), st.dictionaries(st.integers(0, 3), st.integers(0, 3))),
    st.tuples(st.just("delete"), st.just(NEXT_DAY), st.just({})),
    st.tuples(st.sampled_from(["run", "again", "late"]), st.sampled_from(PLACES), st.just({})),
    st.tuples(st.just("kill"), st.sampled_from(PLACES), st.dictionaries(st.just(0), st.integers(-30, 30))),
)


@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=6))
def test_any_order_of_writes_deletions_runs_and_kills_ends_in_the_lakes_state(
    warehouse: RedshiftWarehouse, steps: list[tuple[str, TablePartition, dict[int, int]]]
) -> None:
    warehouse.lake, warehouse.schema = Lake(), f"t{uuid4().hex[:12]}"
    for first in (DAY, LATEST):
        warehouse.lake.put(first, [])
    tables = ("quotes", "latest")
    for action, where, numbers in steps:
        if action == "put":
            warehouse.lake.put(where, [quote(minute, price) for minute, price in numbers.items()])
        elif action == "delete":
            warehouse.lake.delete(where)
        elif action == "kill":
            dying = warehouse.stage(tables, DyingClient(warehouse.client, numbers.get(0, 1)))
            with suppress(Killed):
                dying.handle({"load": "x", "by_hand": True}, 900)
        else:
            event: dict[str, Any] = {"load": "x", "by_hand": True, "again": action == "again"}
            if action == "late":
                event |= {"tables": [where.table], "partition": str(where.partition)}
            warehouse.stage(tables).handle(event, 900)
    warehouse.stage(tables).handle({"load": "x"}, 900)
    compared = warehouse.stage(tables).handle({"load": "x", "check": True}, 900)["partitions"]
    assert [entry for entry in compared if not entry["equal"]] == []
    assert len(compared) == len(warehouse.lake.objects)
    warehouse.sql("DROP SCHEMA {s} CASCADE")


def test_the_function_reads_workgroup_and_role_from_its_environment(
    s3: Any, state_table: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, database = Warehouse(server.url), f"d{uuid4().hex[:12]}"
    admin.sql(f"CREATE DATABASE {database}")
    url = server.url.replace("/postgres?", f"/{database}?")
    table = refined()["quotes"]
    row = {name: quote(0, "1.5").get(name) for name in table.schema.names}
    s3.put_object(
        Bucket="lake",
        Key=DAY.key,
        Body=parquet.encode(table, pa.Table.from_pylist([row], table.schema)),
    )
    options = {"workgroup": "coinlake", "cluster": None, "database": "lake", "copy_role_arn": ROLE}
    for name, value in {
        **{"LAKE_BUCKET": "lake", "STATE_TABLE": state_table, "TABLES": "quotes"},
        **{"WAREHOUSE": "redshift", "OPTIONS": json.dumps(options)},
    }.items():
        monkeypatch.setenv(name, value)
    service = FakeRedshift(url)
    with serving(service) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT_DATA", endpoint)
        handler.stage.cache_clear()
        event = {"load": "2026-11-20T00:04:00Z"}
        assert handler.handler(event, FakeContext(remaining_ms=900_000))["rows_loaded"] == 1
        s3.put_object(Bucket="lake", Key=NEXT_DAY.key, Body=b"no parquet")
        with pytest.raises(LoadFailed, match="is no file of the table quotes"):
            handler.handler(event, FakeContext(remaining_ms=900_000))
    handler.stage.cache_clear()
    assert Warehouse(url, "coinlake").prices() == [("2026-11-20", "BTC", "coingecko", "1.500000000000000000")]
    observer(url).close()
    admin.sql(f"DROP DATABASE {database} WITH (FORCE)")


def _locked(warehouse: RedshiftWarehouse) -> bool:
    """Whether a batch holds the ledger's lock."""
    return bool(warehouse.sql(f"{_LOCKS} AND granted"))


def _waiting(warehouse: RedshiftWarehouse) -> bool:
    return bool(warehouse.sql(f"{_LOCKS} AND NOT granted"))


_LOCKS = "SELECT 1 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = '{s}.loads'::regclass::oid"
