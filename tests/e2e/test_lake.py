"""The deployed line, driven with good, bad, duplicated and reordered events.

Rows in = trusted + quarantined; nothing twice; one mail per alert; what failed comes back.
The tests share one deployment and run in this order, each on days of its own.
"""

import json
import os
import random
import signal
import subprocess
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake import keys, parquet
from coinlake.keys import GapsKey, Partition, RawKey, Slot
from coinlake.records import LedgerEntry
from coinlake.s3_events import ObjectRef, created_event
from coinlake.tables import catalog, tables
from ops import dates
from ops.backfill import runner
from ops.backfill.request import BackfillRequest
from ops.dates import DateRange
from ops.deploy.terraform import Changes
from ops.listing import entries
from ops.load import load
from ops.load.load import LoadOptions
from ops.local import lifecycle as local
from ops.local.emulator import Emulator
from ops.local.laptop import Laptop
from ops.local.processes import Process
from ops.local.source_keys import SourceKeys
from ops.query import athena as athena_engine
from ops.query import duckdb, postgres
from ops.query.lake_files import LakeFiles
from ops.query.questions import questions
from ops.rebuild import zones
from ops.rebuild.comparison import Comparison, State
from ops.repair.redrive import RedriveResult, redrive
from ops.repair.schedules import set_schedule
from ops.stack import FunctionFailed
from ops.verify.verify import Verification
from tests import readers

from . import backfills
from .conftest import API_KEY, OVERRIDES
from .lake import CAP, REDELIVERED_SECONDS, Lake

pytestmark = pytest.mark.e2e

DAY = datetime(2026, 3, 1, tzinfo=UTC)  # before anything that the schedules land
HOUR = timedelta(hours=1)


def candles_key(n: int, market: str = "BTC-USD", day: datetime = DAY) -> RawKey:
    return RawKey("coinbase", "candles", Slot(day + n * HOUR, (market, "1h", "4")))


def candles(n: int, day: datetime = DAY, close: str = "100.5") -> bytes:
    """Four closed hours before ``day + n`` hours, newest first, as Coinbase answers."""
    opens = [int((day + (n - back) * HOUR).timestamp()) for back in range(1, 5)]
    return f"[{', '.join(f'[{at}, 99.5, 101.25, 100, {close}, 12.5]' for at in opens)}]".encode()


def quotes_key(minute: int, feed: str = "coingecko_quotes") -> RawKey:
    return RawKey("coingecko", "quotes", Slot(DAY + timedelta(minutes=minute), (feed, "usd", "p1")))


def quote(coin: str, price: object, at: datetime) -> dict[str, object]:
    return {
        "id": coin,
        "symbol": coin[:4],
        "name": coin,
        "current_price": price,
        "last_updated": at.isoformat(),
    }


def received(key: RawKey) -> str:
    return (key.slot.time + timedelta(seconds=30)).isoformat()


def test_schedules_land_every_source_and_every_raw_object_is_committed(lake: Lake):
    landed = [RawKey.parse(key) for key in lake.raw_keys()]
    assert lake.committed(landed)
    rows = lake.rows()
    for key in landed:
        entry = lake.ledger(key)
        assert entry.rows_in == entry.rows_trusted + entry.rows_quarantined
        assert rows[str(key)] == entry.rows_trusted
    assert sum(rows.values()) > 100


def test_refined_follows_by_schedule_and_is_what_trusted_gives_computed_anew(lake: Lake, tmp_path):
    wanted = {"quotes", "candles", "sentiment", "asset_days", "spreads", "market_days", "latest"}
    lake.wait("the schedule to refine and derive", lambda: lake.refined() >= wanted)
    lake.refine()
    before = list(entries(lake.stack.lake, keys.REFINED))
    scratch = zones.rebuild_refined(lake.stack, tmp_path, lambda _done, _all: None)
    compared = list(Comparison.of(lake.stack.lake, scratch, before))
    assert [one for one in compared if one.state is not State.EQUAL] == []
    assert lake.depth(lake.stack.dead_letters("refine")) == 0


def test_good_bad_duplicated_and_reordered_events_end_in_the_same_bytes(lake: Lake):
    bodies = {candles_key(n): candles(n) for n in range(4, 34)}
    bodies[candles_key(4, "ETH-USD")] = b"<html>Bad gateway</html>"
    bodies[candles_key(5, "ETH-USD")] = b"[]"
    bodies[candles_key(6, "ETH-USD")] = (
        b'[[1772323200, 1, 2, 1, 2, 3], [1772319600, 5, 2, 3, 3, 1], ["x", 1, 2, 1, 2, 3]]'
    )
    shuffled = list(bodies.items())
    random.Random(7).shuffle(shuffled)
    for key, body in shuffled:
        lake.put_raw(key, body, received(key))
    lake.wait("every ledger entry", lambda: lake.committed(bodies))
    lake.settle()
    before = lake.fingerprint()

    again = [key for key in bodies for _ in range(3)]
    random.Random(8).shuffle(again)
    lake.redeliver(again)
    lake.settle()

    assert lake.fingerprint() == before
    entries = {key: lake.ledger(key) for key in bodies}
    rows = lake.rows()
    assert all(rows[str(key)] == entry.rows_trusted for key, entry in entries.items())
    assert sum(entry.rows_in for entry in entries.values()) == 30 * 4 + 1 + 0 + 3
    assert sum(entry.rows_trusted for entry in entries.values()) == 30 * 4 + 1
    assert [rejection.code for rejection in lake.rejected(candles_key(4, "ETH-USD"))] == ["not_json"]
    assert entries[candles_key(5, "ETH-USD")].notes == ("no_rows",)
    assert entries[candles_key(6, "ETH-USD")].reasons == {"inconsistent": 1, "bad_type": 1}


def test_a_window_over_the_end_of_a_month_writes_one_file_in_each(lake: Lake):
    day = datetime(2026, 4, 1, tzinfo=UTC)
    key = candles_key(2, day=day)
    lake.put_raw(key, candles(2, day), received(key))
    lake.wait("its ledger entry", lambda: lake.committed([key]))
    outputs = lake.ledger(key).outputs
    assert [output.split("/")[3] for output in outputs] == ["month=2026-03", "month=2026-04"]
    assert [lake.table(output).num_rows for output in outputs] == [2, 2]


def test_numbers_keep_every_digit_from_the_source_to_the_parquet(lake: Lake):
    key = candles_key(3, "SHIB-USD")
    lake.put_raw(key, candles(3, close="100.123456789012345678"), received(key))
    lake.wait("its ledger entry", lambda: lake.committed([key]))
    (output,) = {output for output in lake.ledger(key).outputs if "month=2026-03" in output}
    assert set(lake.table(output).column("close").to_pylist()) == {Decimal("100.123456789012345678")}


def test_each_alert_is_mailed_once_however_often_its_events_come(lake: Lake):
    rule = next(rule for rule in lake.stack.config().price_rules if rule.above is not None)
    coin = lake.stack.config().assets[rule.asset]["coingecko"]
    feed = next(feed.name for feed in lake.stack.feeds() if feed.source == "coingecko")
    at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(
        minutes=rule.cooldown.total_seconds() // 60 + 1
    )
    key = RawKey("coingecko", "quotes", Slot(at, (feed, "usd", "p1")))
    body = json.dumps([quote(coin, float(rule.above) * 2, at)]).encode()
    before = len(lake.received())
    lake.put_raw(key, body, received(key))
    lake.wait("its ledger entry", lambda: lake.committed([key]))
    trusted = lake.ledger(key).outputs[0]
    redeliver_trusted(lake, trusted, times=5)
    lake.settle()
    about = [mail for mail in lake.received()[before:] if rule.asset in mail.subject]
    assert len(about) == 1, [mail.subject for mail in about]
    assert about[0].subject.isascii()
    assert len(about[0].subject) <= 100
    assert "CoinGecko" in about[0].body


def redeliver_trusted(lake: Lake, key: str, times: int) -> None:
    entry = {"key": key, "size": 1, "eTag": lake.stack.lake.head(key).etag}
    record = {
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": lake.stack.lake_bucket}, "object": entry},
    }
    for _ in range(times):
        lake.stack.queue("notify").send([json.dumps({"Records": [record]})])


def test_functions_that_are_killed_midway_lose_and_double_nothing(laptop: Laptop, lake: Lake):
    bodies = {candles_key(n, "DOGE-USD"): candles(n) for n in range(4, 34)}
    with lake.redelivery("transform", seconds=20):
        for number, (key, body) in enumerate(bodies.items()):
            lake.put_raw(key, body, received(key))
            if number == len(bodies) // 2:
                assert kill_workers(laptop, lake.stack.functions["transform"])
        lake.wait("every ledger entry", lambda: lake.committed(bodies))
        lake.settle()
    rows = lake.rows()
    assert {str(key): rows[str(key)] for key in bodies} == {str(key): 4 for key in bodies}


def kill_workers(laptop: Laptop, function: str) -> int:
    """SIGKILL the processes that run a function; how many there were."""
    command = ["pgrep", "-P", str(Emulator(laptop).process.pid()), "-f", function]
    pids = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)
    return len(pids)


def test_a_backfill_that_is_killed_midway_and_given_again_ends_in_the_same_bytes(laptop: Laptop, lake: Lake):
    days, assets = DateRange(date(2023, 1, 1), date(2023, 12, 31)), "BTC,ETH,SOL"
    config = lake.stack.config()
    request = BackfillRequest.of(config, source="binance", assets=assets, interval="1h", days=days)
    priced = runner.show_plan(lake.stack, request, dates.now())
    windows = len(priced.plan.windows)
    assert runner.execute(lake.stack, priced).outcomes == {"landed": windows}
    alone = backfills.left(lake, priced.plan)
    backfills.forget(lake, priced.plan, alone)

    arguments = ["backfill", "--source", "binance", "--assets", assets, "--interval", "1h"]
    arguments += ["--start", str(days.start), "--end", str(days.end), "--yes"]
    landed = backfills.kill_midway(laptop, lake, priced.plan, arguments)
    assert backfills.LEFT_MIDWAY <= len(landed) < windows
    before = {key: lake.stack.raw.get(key, CAP).metadata["fetched_at"] for key in landed}

    again = backfills.command_line(laptop, arguments)
    output = again.communicate(timeout=300)[0]
    assert again.returncode == 0, output
    assert f"{len(landed)} of {windows} windows are already here" in output
    killed = backfills.left(lake, priced.plan)
    assert killed.raw == alone.raw
    assert killed.ledger == alone.ledger
    assert killed.trusted == alone.trusted
    assert {key: killed.fetched[key] for key in landed} == before


def test_sources_that_want_a_key_are_asked_with_the_one_that_the_simulator_grants(lake: Lake):
    """The simulator answers any other with 401 (tests/unit/simulator)."""
    feeds = {feed.name: feed for feed in lake.stack.feeds() if feed.source in ("coincap", "coindesk")}
    assert set(feeds) == {"coincap_quotes", "coindesk_quotes"}
    sql = "SELECT source, count(DISTINCT base) FROM trusted_quotes GROUP BY source"
    rows = dict(duckdb.query(lake.stack, sql).rows)
    assert rows["coincap"] >= rows["coindesk"] == len(feeds["coindesk_quotes"].assets)


def api_keys(laptop: Laptop) -> dict[str, bytes]:
    """By source: the one that a user passes, and those that the simulator grants."""
    return {"coingecko": API_KEY.encode()} | {
        source: key.encode() for source, key in SourceKeys.of(laptop).keys.items()
    }


def test_the_api_keys_are_where_they_belong_and_nowhere_else(laptop: Laptop, lake: Lake):
    ssm, s3, functions = (lake.client(service) for service in ("ssm", "s3", "lambda"))
    keys_of = api_keys(laptop)
    assert set(keys_of) == {"coingecko", "coincap", "coindesk"}
    for source, key in keys_of.items():
        parameter = lake.stack.config().sources[source].api_key_parameter
        stored = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]
        assert (stored["Type"], stored["Value"].encode()) == ("SecureString", key)
    assert (laptop.folder / "source_keys.json").stat().st_mode & 0o777 == 0o600
    kept = ("outputs.json", "machine.tfvars.json", "aws.env", "simulator.code")
    places = [(laptop.folder / name).read_bytes() for name in kept]
    places += [file.read_bytes() for folder in ("logs", "terraform") for file in files(laptop, folder)]
    for bucket in s3.list_buckets()["Buckets"]:
        for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            places.append(s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read())
    for name in lake.stack.functions.values():
        places.append(str(functions.get_function_configuration(FunctionName=name)).encode())
    for process in ("simulator", "ministack"):
        places.append(Path(f"/proc/{Process(process, laptop.folder).pid()}/cmdline").read_bytes())
    assert len(places) > 100
    assert not [source for source, key in keys_of.items() if any(key in place for place in places)]


def files(laptop: Laptop, folder: str) -> list[Path]:
    """All that lie below a folder of the laptop's, the provider's own program left out."""
    return [
        path
        for path in (laptop.folder / folder).rglob("*")
        if path.is_file() and "providers" not in path.parts
    ]


def test_a_lost_event_is_found_by_reconcile(lake: Lake):
    key = candles_key(10)
    entry = lake.ledger(key)
    for lost in (*entry.outputs, str(key.ledger())):
        lake.stack.lake.delete(lost)
    answer = lake.client("lambda").invoke(
        FunctionName=lake.stack.functions["reconcile"],
        Payload=json.dumps({"start": str(DAY.date()), "end": "2026-04-02", "in_flight_minutes": 0}),
    )
    report = json.loads(answer["Payload"].read())
    assert report.get("requeued") == [str(key)], report
    lake.wait("its ledger entry", lambda: lake.committed([key]))
    assert lake.ledger(key) == entry


def test_what_a_missing_permission_stops_waits_in_the_dead_letter_queue_and_redrive_brings_it_back(
    lake: Lake,
):
    iam, role = lake.client("iam"), lake.stack.functions["transform"]
    policy = iam.get_role_policy(RoleName=role, PolicyName="permissions")["PolicyDocument"]
    without = {**policy, "Statement": [one for one in policy["Statement"] if one["Sid"] != "WriteLake"]}
    assert len(without["Statement"]) == len(policy["Statement"]) - 1
    key = candles_key(8, "SOL-USD")
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=json.dumps(without))
    try:
        dead = lake.stack.dead_letters("transform")
        with lake.redelivery("transform", seconds=1):
            lake.put_raw(key, candles(8), received(key))
            lake.wait("the message to reach the dead letter queue", lambda: lake.depth(dead) == 1)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=json.dumps(policy))
    assert not lake.committed([key])
    assert redrive(lake.stack, "transform", lambda _: None) == RedriveResult(sent=1)
    lake.wait("its ledger entry", lambda: lake.committed([key]))
    assert lake.depth(dead) == 0


@pytest.mark.parametrize(
    ("stage", "sid", "event"),
    [
        ("notify", "CountDeadLetters", {"watch": "2026-03-01T12:00:00Z"}),
        ("transform", "KnowThatRawIsGone", {"Records": []}),
    ],
)
def test_a_function_fails_without_a_permission_that_it_needs(lake: Lake, stage: str, sid: str, event: dict):
    """Two of those that `make prove-permissions` takes away, all of them in docs/permissions.md."""
    if "Records" in event:
        gone = ObjectRef(lake.stack.raw_bucket, str(candles_key(1, "GONE-USD")))
        event = {"Records": [{"messageId": "1", "body": created_event(gone)}]}
    lake.stack.invoke(stage, event)
    iam, role = lake.client("iam"), lake.stack.functions[stage]
    policy = iam.get_role_policy(RoleName=role, PolicyName="permissions")["PolicyDocument"]
    without = {**policy, "Statement": [one for one in policy["Statement"] if one["Sid"] != sid]}
    assert len(without["Statement"]) == len(policy["Statement"]) - 1
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=json.dumps(without))
    try:
        with pytest.raises(FunctionFailed):
            lake.stack.invoke(stage, event)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=json.dumps(policy))
    lake.stack.invoke(stage, event)


def test_raw_is_written_once(lake: Lake):
    key = str(candles_key(4))
    before = lake.stack.raw.head(key).etag
    with pytest.raises(lake.client("s3").exceptions.ClientError, match="PreconditionFailed"):
        lake.client("s3").put_object(Bucket=lake.stack.raw_bucket, Key=key, Body=b"other", IfNoneMatch="*")
    assert lake.stack.raw.head(key).etag == before


def test_athena_and_the_files_agree(lake: Lake):
    sql = (
        "SELECT count(*), sum(volume) FROM trusted_candles "
        "WHERE interval = '1h' AND month = '2026-03' AND base = 'BTC'"
    )
    tables = [
        lake.table(key)
        for key in lake.stack.lake.keys(f"{keys.TRUSTED}candles/interval=1h/month=2026-03/")
        if ".BTC-USD." in key
    ]
    rows = sum(table.num_rows for table in tables)
    volume = sum(value for table in tables for value in table.column("volume").to_pylist())
    assert answer_of_athena(lake, ask_athena(lake, sql)) == [str(rows), str(volume)]


def test_the_ready_questions_are_answered_alike_by_both_engines(lake: Lake, monkeypatch, tmp_path):
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    lake.settle()
    for name, question in questions().items():
        asked, here = (ask(lake.stack, question.sql) for ask in (athena_engine.query, duckdb.query))
        known = [column.name for column in question.columns]
        assert (asked.columns, here.columns) == (known, known), name
        assert len(asked.rows) == len(here.rows), name


def test_the_warehouse_holds_the_lake_exactly_and_answers_as_the_other_engines_do(
    laptop: Laptop, lake: Lake, monkeypatch, tmp_path
):
    """The deployed load from its zip, into the embedded PostgreSQL."""
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    lake.settle()
    lake.refine()
    loaded = load.run(lake.stack, "postgres", LoadOptions(again=True))
    assert (loaded["failures"], loaded["partitions_left"]) == ({}, 0)
    assert loaded["rows_loaded"] > 100
    compared = load.check(lake.stack, "postgres", LoadOptions())
    assert [entry for entry in compared if not entry["equal"]] == []
    assert load.probe(lake.stack, "postgres") == {"rows": 20, "equal": True}
    sql = (
        "SELECT base, quote, count(*) AS n, min(low) AS low, sum(volume) AS volume "
        "FROM candles GROUP BY base, quote"
    )
    answers = [
        sorted(engine(sql).rows)
        for engine in (
            partial(duckdb.query, lake.stack),
            partial(athena_engine.query, lake.stack),
            partial(postgres.query, laptop),
        )
    ]
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]) > 3


def test_every_reader_reads_what_the_line_wrote(lake: Lake, tmp_path):
    written = []
    for name, table in catalog().items():
        if files := LakeFiles(lake.stack, tmp_path).refresh(name):
            written.append((table, files))
    assert {"quotes", "candles", "trusted_quotes", "latest", "asset_days"} <= {
        table.name for table, _ in written
    }
    for table, files in written:
        wanted = readers.expected(files, tmp_path, table)
        exact = readers.sums(wanted)
        columns = [f"CAST(sum({column}) AS varchar)" for column in exact]
        sql = f"SELECT count(*), {', '.join(columns)} FROM {table.name}"  # noqa: S608 - our own names
        query = ask_athena(lake, sql)  # which answers while the others read
        for reader in readers.READERS:
            readers.assert_reads_alike(reader, wanted, files, tmp_path, table)
        for column, total in readers.fastparquet_sums(files, table).items():
            assert total == pytest.approx(float(exact[column] or 0), rel=1e-9), (table.name, column)
        count, *totals = answer_of_athena(lake, query)
        assert int(count) == wanted.num_rows, table.name
        assert [Decimal(total or 0) for total in totals] == list(exact.values()), table.name
    if readers.spark_available():
        for name, rows in readers.spark(written, tmp_path).items():
            table, files = next(entry for entry in written if entry[0].name == name)
            assert rows == readers.rows(readers.expected(files, tmp_path, table)), name


def test_an_older_file_beside_a_newer_one_is_read_alike_by_both_engines(lake: Lake, monkeypatch, tmp_path):
    """Times as deltas, and without columns that came later, as an earlier version may have written it.

    Of the gap ledger, whose files make no event.
    """
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)
    table, march = tables()["gaps"], Partition.month("2019-03", interval="1h")
    row = {"source": "coinbase", "base": "BTC", "quote": "USD", "buckets": 2, "state": "no_trade"}
    newer = {**row, "open_time": datetime(2019, 3, 1, tzinfo=UTC), "evidence": "none", "raw_key": "raw/x"}
    older = {**row, "open_time": datetime(2019, 3, 2, tzinfo=UTC)}
    schema = pa.schema([field for field in table.schema if field.name in older])
    pq.write_table(
        pa.Table.from_pylist([older], schema),
        tmp_path / "older",
        use_dictionary=False,
        column_encoding={"open_time": "DELTA_BINARY_PACKED"},
    )
    files = {
        str(GapsKey("coinbase", march)): parquet.encode(table, pa.Table.from_pylist([newer], table.schema)),
        str(GapsKey("binance", march)): (tmp_path / "older").read_bytes(),
    }
    for key, body in files.items():
        lake.stack.lake.put(key, body)
    sql = "SELECT open_time, buckets, evidence, raw_key FROM gaps WHERE month = '2019-03' ORDER BY open_time"
    try:
        here, there = (engine.query(lake.stack, sql).rows for engine in (duckdb, athena_engine))
    finally:
        for key in files:
            lake.stack.lake.delete(key)
    assert here == there
    assert [row[1:] for row in here] == [(2, "none", "raw/x"), (2, None, None)]


def ask_athena(lake: Lake, sql: str) -> str:
    """The id of a query that has begun."""
    query: str = lake.client("athena").start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": lake.stack.database},
        WorkGroup=lake.stack.workgroup,
    )["QueryExecutionId"]
    return query


def answer_of_athena(lake: Lake, query: str) -> list[str]:
    """The first row of an answer."""
    client = lake.client("athena")

    def state() -> str:
        return str(client.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"])

    lake.wait("Athena", lambda: state() in ("SUCCEEDED", "FAILED"))
    assert state() == "SUCCEEDED"
    rows = client.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    return [cell.get("VarCharValue", "") for cell in rows[1]["Data"]]


def test_a_verification_sends_a_row_through_the_line_and_leaves_nothing(lake: Lake):
    def versions() -> set[tuple[str, str]]:
        s3 = lake.client("s3")
        return {
            (bucket, version["Key"])
            for bucket in (lake.stack.raw_bucket, lake.stack.lake_bucket, lake.stack.artifacts_bucket)
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        }

    verification = Verification(lake.stack)
    before = versions()
    steps = verification.run(mail=True)
    assert [step.name.split(":")[0] for step in steps] == [
        "raw", "transform", "refine", "Athena", "Athena", "SNS", "removed",
    ]  # fmt: skip
    assert all(step.seconds >= 0 for step in steps)
    new = {key for _, key in versions() - before}
    day = str(verification.marker.partition)
    assert not {key for key in new if day in key or verification.marker.rate_id in key}
    assert any("verified" in mail.subject for mail in lake.received())


def test_a_second_plan_changes_nothing(laptop: Laptop, lake: Lake):
    variables = local.checked_variables(laptop, live=False, overrides=OVERRIDES)
    for feed in lake.stack.feeds():
        set_schedule(lake.stack, feed.name, enabled=True)
    terraform = local.stack_terraform(laptop, lake.stack.aws, variables, live=False)
    try:
        assert terraform.plan(lambda _: None) == Changes(add=0, change=0, remove=0)
        with zipfile.ZipFile(laptop.folder / "terraform" / "coinlake.tfplan") as plan:
            keys = api_keys(laptop).values()
            assert not [name for name in plan.namelist() if any(key in plan.read(name) for key in keys)]
    finally:
        for feed in lake.stack.feeds():
            set_schedule(lake.stack, feed.name, enabled=False)


def test_no_raw_object_is_left_without_a_ledger_entry(lake: Lake):
    names: set[str] = set()
    while names != (now := set(lake.raw_keys())):  # a run that was under way may land while we look
        names = now
        lake.wait("the last runs to end", lake.at_rest, REDELIVERED_SECONDS)
        lake.settle()
        ledger, rows = set(lake.stack.lake.keys(keys.LEDGER)), lake.rows()
    raw = {str(RawKey.parse(key).ledger()) for key in names}
    assert raw == ledger
    entries = [LedgerEntry.from_json(lake.stack.lake.get(key, CAP).body) for key in raw]
    assert {entry.raw_key: entry.rows_trusted for entry in entries if entry.rows_trusted} == dict(rows)
