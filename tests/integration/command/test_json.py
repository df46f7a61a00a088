"""What each command prints for programs: one document, with the fields that docs/commands.md lists."""

import io
import json
import re
from contextlib import nullcontext
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from coinlake import parquet
from coinlake.keys import Partition, RefinedKey
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from coinlake.windows import Window
from ops import cli, dashboard
from ops.backfill import existing, plan
from ops.backfill.plan import Plan
from ops.local.lifecycle import Stopped
from ops.paths import ROOT
from ops.query import duckdb
from ops.stack import Stack
from refine.tables.candles import with_derived
from tests.integration.command.query.sample_lake import fill
from tests.unit.refine.rows import DAY, answer, nothing, window

from .landing import NOW, land
from .states import machine

SECTION = re.compile(r"^### ([a-z ]+)\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTIONS = dict(SECTION.findall((ROOT / "docs" / "commands.md").read_text()))
EXAMPLES = {name: [json.loads(text) for text in EXAMPLE.findall(body)] for name, body in SECTIONS.items()}
# Objects whose names are data: reasons, outcomes, columns.
BY_NAME = {"outcomes", "verdicts", "usage", "rows", "totals", "status"}
ALIASES = {"resume": "pause"}


def shape(document: Any) -> Any:
    """The fields of a document, and of the first entry of each list."""
    if isinstance(document, dict):
        return {name: None if name in BY_NAME else shape(value) for name, value in document.items()}
    return [shape(document[0])] if isinstance(document, list) and document else None


def assert_documented(document: Any, command: str, example: int = 0) -> None:
    """Whether each field is documented and each documented one is there, where there are values for it."""
    _assert_alike(shape(document), shape(EXAMPLES[ALIASES.get(command, command)][example]), command)


def _assert_alike(here: Any, documented: Any, place: str) -> None:
    if here is None or documented is None:
        return
    if isinstance(here, list):
        _assert_alike(here[0], documented[0], f"{place}[]")
        return
    assert set(here) == set(documented), place
    for name in here:
        _assert_alike(here[name], documented[name], f"{place}.{name}")


@pytest.fixture
def run(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Run a command with --json: its document, which is all that is on standard output."""
    monkeypatch.setattr(Stack, "find", classmethod(lambda _cls, _environment: stack))
    monkeypatch.setattr("ops.dates.now", lambda: NOW)
    monkeypatch.setattr(duckdb, "BUILD", tmp_path)

    def invoke(*arguments: str, code: int = 0) -> Any:
        done: Result = CliRunner().invoke(cli.app, [*arguments, "--json"])
        assert done.exit_code == code, (done.output, done.exception)
        assert done.stdout, done.exception
        return json.loads(done.stdout)

    return invoke


def test_every_command_has_its_document_in_the_docs():
    import typer.main  # noqa: PLC0415 - with it

    from tests.unit.ops.test_cli import leaves  # noqa: PLC0415 - of another folder

    commands = {name for name, _ in leaves(typer.main.get_command(cli.app))}
    assert {ALIASES.get(name, name) for name in commands} == set(EXAMPLES)


def test_status(stack, run):
    land(stack, NOW - timedelta(minutes=1))
    land(stack, NOW, quarantined=3)
    item = {"pk": "sent", "sk": f"{NOW.isoformat()}#id", "subject": "s", "rule": "r"}
    typed = {name: {"S": value} for name, value in item.items()}
    stack.aws.client("dynamodb").put_item(TableName="state", Item=typed)
    document = run("status")
    assert_documented(document, "status")
    assert document["as_of"] == "2026-11-21T07:36:00.000000Z"
    assert document["mails"][0]["sent_at"] == "2026-11-21T07:36:00.000000Z"
    assert document["quarantine"] == [{"reason": "nonfinite", "rows": 3}]


def test_query_and_its_list(stack, run):
    fill(stack.lake)
    document = run("query", "SELECT base, price, observed_at, INTERVAL 1 DAY AS d FROM latest LIMIT 1")
    assert_documented(document, "query")
    assert document["rows"][0]["price"] == "100"
    assert document["rows"][0]["d"] == "1 day"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", document["rows"][0]["observed_at"])
    assert_documented(run("query", "--list"), "query", example=1)


@pytest.mark.parametrize("to", ["-", "file"])
def test_csv_goes_to_standard_output_alone_or_to_a_file(stack, run, tmp_path, to):
    fill(stack.lake)
    target = to if to == "-" else str(tmp_path / "[bold]x.csv")
    sql = "SELECT base, price FROM latest ORDER BY price DESC LIMIT 2"
    done = CliRunner().invoke(cli.app, ["query", "--csv", target, sql])
    written = done.stdout if to == "-" else (tmp_path / "[bold]x.csv").read_text()
    assert written == "base,price\nBTC,101\nBTC,100\n"
    assert (done.stdout == written) == (to == "-")


def test_parquet_goes_to_standard_output(stack, run):
    done = CliRunner().invoke(cli.app, ["query", "--parquet", "-", "SELECT 1 AS x"])
    assert done.stdout_bytes[:4] == done.stdout_bytes[-4:] == b"PAR1"


def test_alerts(stack, run):
    assert_documented(run("alerts", "test"), "alerts test")


def test_gaps(stack, run):
    days = {"start": "2026-10-18", "end": "2026-11-21"}
    assert run("gaps") == {"audit": None, **days, "markets": [], "derived": []}
    fill(stack.lake)
    put_derived_candles(stack.lake)
    document = run("gaps", "--days", "3653")
    assert_documented(document, "gaps")


def put_derived_candles(lake: ObjectStore) -> None:
    """Quarters of an hour of which one lacks six minutes."""
    minutes = answer(window(30, 30, source="binance"), range(6, 30))
    quarters = with_derived(nothing("candles"), minutes, "1m", "15m")
    key = RefinedKey("candles", Partition.month(DAY, interval="15m"))
    lake.put(str(key), parquet.encode(refined()["candles"], quarters))


def test_assets(stack, run):
    document = run("assets")
    assert_documented(document, "assets")
    assert {entry["state"] for entry in document} == {"unknown"}


def test_backfill_also_where_a_window_fails(stack, s3, run, monkeypatch):
    stack, _ = machine(stack, s3, ETH=99)
    monkeypatch.setattr(Stack, "find", classmethod(lambda _cls, _environment: stack))
    end = NOW.replace(hour=0, minute=0)
    windows = tuple(Window("coinbase", "candles", asset, "USD", "1d", end, 300) for asset in ("BTC", "ETH"))
    monkeypatch.setattr(plan, "plan", lambda *_: Plan(windows))
    monkeypatch.setattr(existing, "windows_in_raw", lambda *_: set())
    document = run("backfill", "--source", "coinbase", "--start", "2026-11-01", code=1)
    assert_documented(document, "backfill")
    assert document["outcomes"] == {"landed": 1, "failed": 1}


def answering(stack: Stack, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]) -> None:
    """Any function of the stack returns the document."""

    def invoke(**_: Any) -> dict[str, Any]:
        return {"Payload": io.BytesIO(json.dumps(document).encode())}

    monkeypatch.setitem(stack.aws.clients, "lambda", SimpleNamespace(invoke=invoke))


def test_the_repairs(stack, run, monkeypatch):
    answering(stack, monkeypatch, {"raw": 2, "ledger": 1, "requeued_count": 1, "requeued": ["raw/[x]"]})
    assert_documented(run("reconcile"), "reconcile")
    land(stack, NOW)
    replayed = run("replay", "--start", "2026-11-21", "--yes", "--no-wait")
    assert_documented(replayed, "replay")
    assert replayed["queued"] == replayed["objects"] == 1
    stack.dead_letters("notify").send(["m"])
    assert run("redrive", "notify") == {"stage": "notify", "sent": 1, "kept": 0}
    assert run("pause", "quotes") == {"feed": "quotes", "paused": True}
    assert run("resume", "quotes") == {"feed": "quotes", "paused": False}


def test_the_laptop(stack, run, monkeypatch, tmp_path):
    monkeypatch.setenv("COINLAKE_LOCAL", str(tmp_path))
    monkeypatch.setattr("ops.local.lifecycle.up", lambda *_, **__: stack)
    assert_documented(run("up"), "up")
    monkeypatch.setattr("ops.local.lifecycle.down", lambda *_, **__: Stopped(["ministack"], ["/x"]))
    assert_documented(run("down"), "down")
    monkeypatch.setattr("ops.demo.demo.run", lambda *_, **__: [])
    document = run("demo")
    assert_documented(document, "demo")
    assert_documented(document["status"], "status")
    monkeypatch.setattr(dashboard, "serve", lambda _store, _port, announce, **_: announce("http://x/"))
    monkeypatch.setattr(Stack, "site", None)
    assert run("dashboard") == {"address": "http://x/", "public_address": None}


def test_airflow_says_where_it_is(stack, run, monkeypatch, tmp_path):
    monkeypatch.setenv("COINLAKE_LOCAL", str(tmp_path))
    monkeypatch.setattr(Stack, "embedded", classmethod(lambda _cls, _laptop: stack))
    monkeypatch.setattr("ops.commands.airflow.Airflow", lambda _laptop: SimpleNamespace(**installed))
    installed = {
        "venv": SimpleNamespace(installed=True),
        "log": "airflow.log",
        "running": lambda _stack, port: nullcontext(f"http://127.0.0.1:{port}"),
    }
    monkeypatch.setattr("ops.commands.airflow.signal.pause", lambda: None)
    document = run("airflow", "--port", "8081")
    assert_documented(document, "airflow")
    assert document == {"address": "http://127.0.0.1:8081"}


def test_the_set_up_of_snowflake(run, monkeypatch):
    files = dict.fromkeys(("1-account.sql", "2-tables.sql", "3-tasks.sql"), "SELECT 1;")
    setup = SimpleNamespace(files=lambda: files)
    monkeypatch.setattr("ops.load.snowflake.SnowflakeSetup.of", lambda *_: setup)
    document = run("snowflake", "sql")
    assert_documented(document, "snowflake sql")
    assert document == {"files": files}


def test_outputs(stack, run):
    document = run("outputs")
    assert set(document) == set(EXAMPLES["outputs"][0])
    assert document["raw_bucket"] == stack.raw_bucket


def test_the_collector(stack, run, monkeypatch, tmp_path):
    monkeypatch.setenv("COINLAKE_LOCAL", str(tmp_path))
    monkeypatch.setattr("ops.local.lifecycle.up", lambda *_, **__: stack)
    row = {"source": "binance", "stream": "s", "symbol": "BTCUSDT", "price": "1.5", "frames": 1}
    stopped = SimpleNamespace(stop=lambda: True)
    collector = SimpleNamespace(
        start=lambda *_, **__: None,
        process=stopped,
        totals=lambda: {"frames": 1},
        streams=lambda: [row | {"event_time": 1_795_246_559_120_000, "received_at": 1_795_246_559_201_000}],
    )
    monkeypatch.setattr("ops.commands.stream.Collector", lambda _: collector)
    monkeypatch.setattr("ops.stream.tables.watch", lambda *_: None)
    document = run("stream")
    assert_documented(document, "stream")
    assert document["streams"][0]["event_time"] == "2026-11-21T07:35:59.120000Z"


def test_deployments(stack, run, monkeypatch):
    monkeypatch.setattr("ops.deploy.environments.plan", lambda _: "Terraform will")
    assert run("plan", "dev") == {"environment": "dev", "folder": None, "plan": "Terraform will"}
    monkeypatch.setattr("ops.deploy.environments.apply_plan", lambda *_: {"region": "eu-west-1"})
    assert_documented(run("apply", "dev", "--from", "plan"), "apply")
    monkeypatch.setattr("ops.deploy.environments.deploy", lambda *_: {"region": "eu-west-1"})
    assert_documented(run("deploy", "dev"), "deploy")
    for name, arguments in {"destroy": ["dev"], "unlock": ["dev", "id"], "bootstrap": ["dev"]}.items():
        monkeypatch.setattr(f"ops.deploy.environments.{name}", lambda *_: "bucket")
        assert_documented(run(name, *arguments), name)


def test_decimals_are_text_so_that_no_reader_rounds_them(stack, run):
    rows = run("query", "SELECT CAST('0.000000000000000001' AS DECIMAL(38,18)) AS p")["rows"]
    assert Decimal(rows[0]["p"]) == Decimal("1E-18")


@pytest.mark.parametrize("text", ["-- x", ";", "/* nothing */", "("])
def test_text_that_asks_for_nothing_is_one_sentence(run, text):
    done = CliRunner().invoke(cli.app, ["query", "--", text])
    assert re.match(r"not_a_query: |DuckDB: ", str(done.exception))
