"""A feed from its event to raw."""

import json
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

import boto3
import pytest

from coinlake.errors import BadConfiguration, BadEvent, NotFound
from ingest import handler as ingest
from ingest import wiring
from ingest.clock import Clock
from ingest.errors import IngestFailed
from ingest.settings import Settings
from tests.https_server import Reply
from tests.integration.ingest.deployment import KEY, body, configuration, keys, metric, source

# Powertools warns where a run fails before its first metric, as some runs here do on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

NOW = datetime(2024, 11, 21, 7, 36, tzinfo=UTC)
HOURLY = {"feed": "hourly", "scheduled_time": "2024-11-21T07:02:00Z"}
TOP = {"feed": "top", "scheduled_time": "2024-11-21T07:35:00Z"}
CANDLES = b"[[1732168800, 94000.5, 94500, 94100.25, 94400.75, 12.5]]"
RAW = "raw/source={}/dataset={}/dt=2024-11-21/"
BTC = RAW.format("coinbase", "candles") + "20241121T070000Z.BTC-USD.1h.24.json.gz"
ETH = RAW.format("coinbase", "candles") + "20241121T070000Z.ETH-USD.1h.24.json.gz"
PAGES = [
    RAW.format("coingecko", "quotes") + f"20241121T073500Z.top.usd.p{page}.json.gz" for page in (1, 2, 3)
]


@pytest.fixture
def at(monkeypatch):
    """Have the next invocations happen at a time."""

    def set_time(moment):
        built = cache(lambda: wiring.build(Settings.from_env(), Clock(now=lambda: moment)))
        monkeypatch.setattr(ingest, "stage", built)

    return set_time


@pytest.fixture(autouse=True)
def markets(server, at):
    at(NOW)
    for market in ("BTC-USD", "ETH-USD"):
        server.answer(f"/coinbase/products/{market}/candles", Reply(200, (CANDLES,)))


def test_an_event_lands_one_raw_object_for_each_market(deployed, server, context, capsys):
    ingest.handler(HOURLY, context)
    assert keys(deployed) == [BTC, ETH]
    assert body(deployed, BTC) == CANDLES
    (query,) = {json.dumps(request.query, sort_keys=True) for request in server.requests}
    assert json.loads(query) == {
        "granularity": ["3600"],
        "start": ["2024-11-20T07:00:00Z"],
        "end": ["2024-11-21T06:00:00Z"],
    }
    printed = capsys.readouterr().out
    assert metric(printed, "ObjectsLanded") == [2.0]
    assert '"RequestsFailed"' not in printed  # what did not happen is not paid for


def test_a_raw_object_records_where_its_bytes_came_from(deployed, server, context):
    ingest.handler(HOURLY, context)
    head = deployed.head_object(Bucket="raw", Key=BTC)
    told = head["Metadata"]
    assert told.pop("fetched_at").endswith("+00:00")
    assert told == {
        "url": f"{server.url}/coinbase/products/BTC-USD/candles"
        "?granularity=3600&start=2024-11-20T07%3A00%3A00Z&end=2024-11-21T06%3A00%3A00Z",
        "status": "200",
        "content-type": "application/json",
        "sha256": sha256(CANDLES).hexdigest(),
    }
    assert head["ContentType"] == "application/gzip"


def test_an_event_that_comes_twice_leaves_the_first_bytes(deployed, server, context):
    ingest.handler(HOURLY, context)
    before = {key: deployed.get_object(Bucket="raw", Key=key)["LastModified"] for key in keys(deployed)}
    server.answer("/coinbase/products/BTC-USD/candles", Reply(200, (b"[]",)))
    ingest.handler(HOURLY, context)
    assert {key: deployed.get_object(Bucket="raw", Key=key)["LastModified"] for key in before} == before
    assert (keys(deployed), body(deployed, BTC)) == ([BTC, ETH], CANDLES)


def test_a_failing_market_leaves_the_others_and_its_retry_heals_it(deployed, server, context, capsys):
    server.answer(
        "/coinbase/products/BTC-USD/candles", Reply(400, (b'{"message":"Unsupported granularity"}',))
    )
    with pytest.raises(
        IngestFailed, match=r"1 of 2 requests failed: BTC-USD \(give up\): coinbase: HTTP 400"
    ):
        ingest.handler(HOURLY, context)
    assert keys(deployed) == [ETH]
    assert metric(capsys.readouterr().out, "RequestsFailed") == [1.0]
    server.answer("/coinbase/products/BTC-USD/candles", Reply(200, (CANDLES,)))
    ingest.handler(HOURLY, context)
    assert keys(deployed) == [BTC, ETH]


def test_a_market_that_hangs_leaves_time_for_the_others(deployed, server, context):
    server.answer("/coinbase/products/BTC-USD/candles", Reply(200, (b"[", b"]"), delay_seconds=60))
    with pytest.raises(IngestFailed, match=r"BTC-USD \(retry later\): coinbase: no complete answer"):
        ingest.handler(HOURLY, replace(context, remaining_ms=8000))
    assert keys(deployed) == [ETH]


def test_a_function_with_a_short_timeout_still_has_time_to_ask(deployed, context):
    ingest.handler(HOURLY, replace(context, remaining_ms=3000))
    assert keys(deployed) == [BTC, ETH]


def test_pages_land_one_by_one_until_an_empty_one(deployed, server, context):
    full, empty = Reply(200, (b'[{"id":"bitcoin"}]',)), Reply(200, (b"[]",))
    server.answer("/coingecko/api/v3/coins/markets", full, full, empty)
    ingest.handler(TOP, context)
    assert keys(deployed) == PAGES[:2]
    assert [request.query["page"] for request in server.requests] == [["1"], ["2"], ["3"]]
    assert {request.headers["x-cg-demo-api-key"] for request in server.requests} == {KEY}


def test_an_error_page_with_status_200_is_kept_as_received(deployed, server, context):
    page = Reply(200, (b"<html>maintenance</html>",), {"Content-Type": "text/html; charset=UTF-8"})
    server.answer("/coingecko/api/v3/coins/markets", page)
    ingest.handler(TOP, context)
    assert body(deployed, PAGES[0]) == b"<html>maintenance</html>"
    told = deployed.head_object(Bucket="raw", Key=PAGES[0])["Metadata"]
    assert told["content-type"] == "text/html; charset=UTF-8"


def test_the_key_is_in_no_log_error_object_or_address(deployed, server, context, capsys, logs):
    error_body = json.dumps({"status": {"error_code": 1, "error_message": f"key {KEY} is bad"}}).encode()
    server.answer("/coingecko/api/v3/coins/markets", Reply(200, (b"[1]",)), Reply(401, (error_body,)))
    with pytest.raises(IngestFailed, match="set coingecko_api_key") as failed:
        ingest.handler(TOP, context)
    printed = capsys.readouterr()
    told = ["".join(traceback.format_exception(failed.value)), printed.out, printed.err, logs.getvalue()]
    told += [json.dumps(deployed.head_object(Bucket="raw", Key=key)["Metadata"]) for key in keys(deployed)]
    assert KEY not in "".join(told)
    assert "is bad" in str(failed.value)
    assert logs.getvalue().count('"request failed"') == 2


def test_logs_are_one_line_of_json_each_without_payloads(deployed, server, context, logs):
    broken = Reply(400, (json.dumps({"message": "first\nsecond\x1b[31m"}).encode(),))
    server.answer("/coinbase/products/BTC-USD/candles", broken)
    with pytest.raises(IngestFailed):
        ingest.handler(HOURLY, context)
    entries = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert [(entry["message"], entry["key"]) for entry in entries] == [
        ("request failed", BTC),
        ("landed", ETH),
    ]
    assert "94000.5" not in logs.getvalue()


def test_a_key_that_was_replaced_is_read_by_the_next_try(deployed, server, context):
    server.answer("/coingecko/api/v3/coins/markets", Reply(401, (b"{}",)), *[Reply(401, (b"{}",))] * 2)
    with pytest.raises(IngestFailed):
        ingest.handler(TOP, context)
    boto3.client("ssm").put_parameter(
        Name="/coinlake/test/key", Value="CG-new", Type="SecureString", Overwrite=True
    )
    server.answer("/coingecko/api/v3/coins/markets", Reply(200, (b"[1]",)))
    ingest.handler(TOP, context)
    assert server.requests[-1].headers["x-cg-demo-api-key"] == "CG-new"


def test_a_key_that_is_not_there_says_what_to_set(deployed, context):
    boto3.client("ssm").delete_parameter(Name="/coinlake/test/key")
    with pytest.raises(BadConfiguration, match="/coinlake/test/key cannot be read"):
        ingest.handler(TOP, context)


def test_a_private_address_is_refused_unless_the_configuration_allows_it(deployed, server, context):
    closed = configuration(server.url, private_sources=False)
    deployed.put_object(Bucket="artifacts", Key="config/1.json", Body=closed)
    with pytest.raises(IngestFailed, match="not a public address"):
        ingest.handler(HOURLY, context)
    assert (server.requests, keys(deployed)) == ([], [])


def test_without_its_configuration_a_run_fails_before_it_asks(deployed, server, context):
    deployed.delete_object(Bucket="artifacts", Key="config/1.json")
    with pytest.raises(NotFound, match="config/1.json"):
        ingest.handler(HOURLY, context)
    assert server.requests == []


@pytest.mark.parametrize(
    "event", [{}, {"feed": "hourly"}, {"feed": "hourly", "scheduled_time": "2999-01-01T00:00Z"}]
)
def test_an_event_that_names_no_past_slot_is_refused(deployed, context, event):
    with pytest.raises(BadEvent):
        ingest.handler(event, context)


def test_a_snapshot_that_comes_hours_late_is_missed_and_candles_of_any_age_are_not(
    deployed, context, at, capsys
):
    at(NOW + timedelta(days=3))
    ingest.handler(TOP, context)
    assert metric(capsys.readouterr().out, "SlotsMissed") == [1.0]
    assert keys(deployed) == []
    ingest.handler(HOURLY, context)
    assert keys(deployed) == [BTC, ETH]


def test_a_market_that_is_not_listed_is_a_warning_and_no_failure(deployed, server, context, capsys, logs):
    server.answer("/coinbase/products/BTC-USD/candles", Reply(404, (b'{"message":"NotFound"}',)))
    for _ in range(2):
        ingest.handler(HOURLY, context)
    assert keys(deployed) == [ETH]
    printed = capsys.readouterr().out
    assert printed.count('"MarketsUnsupported"') == 2 * 2  # its name and its value, once a run
    warnings = [json.loads(line) for line in logs.getvalue().splitlines() if "WARNING" in line]
    assert [(one["message"], one["market"]) for one in warnings] == [("market unsupported", "BTC-USD")] * 2


def test_a_run_with_all_markets_listed_has_no_metric_of_unsupported_ones(deployed, context, capsys):
    ingest.handler(HOURLY, context)
    assert "MarketsUnsupported" not in capsys.readouterr().out


def test_another_failure_is_raised_beside_an_unlisted_market(deployed, server, context, capsys):
    server.answer("/coinbase/products/BTC-USD/candles", Reply(404, (b'{"message":"NotFound"}',)))
    server.answer("/coinbase/products/ETH-USD/candles", Reply(403, (b"{}",)))
    with pytest.raises(IngestFailed, match=r"1 of 2 requests failed: ETH-USD \(give up\)"):
        ingest.handler(HOURLY, context)
    assert metric(capsys.readouterr().out, "MarketsUnsupported") == [1.0]


def test_a_wrong_address_is_not_mistaken_for_unlisted_markets(deployed, server, context):
    deployed.put_object(
        Bucket="artifacts",
        Key="config/1.json",
        Body=configuration(server.url, sources={"coinbase": source(f"{server.url}/gone")}),
    )
    for market in ("BTC-USD", "ETH-USD"):
        server.answer(f"/gone/products/{market}/candles", Reply(404, (b"<html>no such page</html>",)))
    with pytest.raises(IngestFailed, match="2 of 2 requests failed"):
        ingest.handler(HOURLY, context)


def test_one_unlisted_symbol_does_not_lose_the_others_their_tickers(deployed, server, context, capsys):
    invalid = Reply(400, (b'{"code":-1121,"msg":"Invalid symbol."}',))
    server.answer("/binance/api/v3/ticker/24hr", invalid, Reply(200, (b'[{"symbol":"BTCUSDT"}]',)))
    server.answer("/binance/api/v3/ticker/price", Reply(200, (b'[{"symbol":"BTCUSDT","price":"1"}]',)))
    ingest.handler({**TOP, "feed": "day"}, context)
    (landed,) = keys(deployed)
    assert landed.endswith("dataset=quotes/dt=2024-11-21/20241121T073500Z.day.usdt.p1.json.gz")
    assert server.requests[-1].query["symbols"] == ['["BTCUSDT"]']
    assert metric(capsys.readouterr().out, "MarketsUnsupported") == [1.0]


def test_without_its_table_nothing_is_asked(deployed, server, context):
    boto3.client("dynamodb").delete_table(TableName="state")
    with pytest.raises(IngestFailed, match=r"BTC-USD \(retry later\): could not limit coinbase in table"):
        ingest.handler(HOURLY, context)
    assert server.requests == []
