"""ingest from its event to raw, against moto's S3 and SSM and a source on 127.0.0.1."""

import gzip
import io
import json
import logging
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import boto3
import pytest

from coinlake.errors import BadConfiguration, BadEvent, NotFound
from coinlake.observability import logger
from ingest import handler as ingest
from ingest import wiring
from ingest.errors import IngestFailed
from ingest.http import Clock
from tests.unit.ingest.https_server import Reply, serving, write_certificate

# Powertools warns where a run fails before its first metric, as some runs here do on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

NOW = datetime(2024, 11, 21, 7, 36, tzinfo=UTC)
KEY = "CG-sentinel-0123456789"
HOURLY = {"feed": "hourly", "scheduled_time": "2024-11-21T07:02:00Z"}
TOP = {"feed": "top", "scheduled_time": "2024-11-21T07:35:00Z"}
CANDLES = b"[[1732168800, 94000.5, 94500, 94100.25, 94400.75, 12.5]]"
RAW = "raw/source={}/dataset={}/dt=2024-11-21/"
BTC = RAW.format("coinbase", "candles") + "20241121T070000Z.BTC-USD.1h.24.json.gz"
ETH = RAW.format("coinbase", "candles") + "20241121T070000Z.ETH-USD.1h.24.json.gz"
PAGES = [
    RAW.format("coingecko", "quotes") + f"20241121T073500Z.top.usd.p{page}.json.gz" for page in (1, 2, 3)
]


def feed(**changes):
    fields = {"quote": "USD", "assets": [], "top": None, "lookback": 24, "stale_after_minutes": 20}
    return {**fields, "enabled": True, **changes}


def source(url, per_minute, **secret):
    return {
        "base_url": url,
        "requests_per_minute": per_minute,
        "api_key_header": None,
        "api_key_parameter": None,
        **secret,
    }


def configuration(url, **changes):
    secret = {"api_key_header": "x-cg-demo-api-key", "api_key_parameter": "/coinlake/test/key"}
    document = {
        "assets": {"BTC": {"coinbase": "BTC"}, "ETH": {"coinbase": "ETH"}, "TRX": {"coingecko": "tron"}},
        "sources": {
            "coinbase": source(f"{url}/coinbase", 6000),
            "coingecko": source(f"{url}/coingecko/api/v3", 6000, **secret),
        },
        "feeds": {
            "hourly": feed(source="coinbase", dataset="candles", interval="1h", assets=["BTC", "TRX", "ETH"]),
            "top": feed(source="coingecko", dataset="quotes", interval="5m", top=750),
        },
        "price_rules": {},
        "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
        "private_sources": True,
        "environment": "local",
    }
    return json.dumps({**document, **changes}).encode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    write_certificate(file)
    return file


@pytest.fixture
def server(certificate):
    with serving(certificate) as running:
        for market in ("BTC-USD", "ETH-USD"):
            running.answer(f"/coinbase/products/{market}/candles", Reply(200, (CANDLES,)))
        yield running


@pytest.fixture
def deployed(s3, server, certificate, monkeypatch):
    """The environment, the configuration object and the key, as Terraform leaves them."""
    environment = {"RAW_BUCKET": "raw", "CONFIG_BUCKET": "artifacts", "CONFIG_KEY": "config/1.json"}
    for name, value in {**environment, "REQUESTS_CA_BUNDLE": str(certificate)}.items():
        monkeypatch.setenv(name, value)
    s3.put_object(Bucket="artifacts", Key="config/1.json", Body=configuration(server.url))
    monkeypatch.setattr(ingest, "clock", Clock(now=lambda: NOW))
    boto3.client("ssm").put_parameter(Name="/coinlake/test/key", Value=KEY, Type="SecureString")
    wiring.lake.cache_clear()
    wiring.source.cache_clear()
    return s3


def keys(s3):
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket="raw").get("Contents", ())]


def body(s3, key):
    return gzip.decompress(s3.get_object(Bucket="raw", Key=key)["Body"].read())


def metric(printed, name):
    (line,) = (line for line in printed.splitlines() if f'"{name}"' in line)
    return json.loads(line)[name]


def test_an_event_lands_one_raw_object_for_each_market(deployed, server, context, capsys):
    ingest.handler(HOURLY, context)
    assert keys(deployed) == [BTC, ETH]
    assert body(deployed, BTC) == CANDLES
    (query,) = {json.dumps(asked.query, sort_keys=True) for asked in server.asked}
    assert json.loads(query) == {
        "granularity": ["3600"],
        "start": ["2024-11-20T07:00:00Z"],
        "end": ["2024-11-21T06:00:00Z"],
    }
    printed = capsys.readouterr().out
    assert metric(printed, "ObjectsLanded") == [2.0]
    assert '"RequestsFailed"' not in printed  # what did not happen is not paid for


def test_a_raw_object_tells_where_its_bytes_came_from(deployed, server, context):
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
    server.answer("/coinbase/products/BTC-USD/candles", Reply(200, (b"[", b"]"), delay_seconds=9))
    with pytest.raises(IngestFailed, match=r"BTC-USD \(retry later\): coinbase: no whole answer"):
        ingest.handler(HOURLY, replace(context, remaining_ms=4000))
    assert keys(deployed) == [ETH]


def test_a_function_with_a_short_timeout_still_has_time_to_ask(deployed, context):
    ingest.handler(HOURLY, replace(context, remaining_ms=2500))
    assert keys(deployed) == [BTC, ETH]


def test_pages_land_one_by_one_until_an_empty_one(deployed, server, context):
    full, empty = Reply(200, (b'[{"id":"bitcoin"}]',)), Reply(200, (b"[]",))
    server.answer("/coingecko/api/v3/coins/markets", full, full, empty)
    ingest.handler(TOP, context)
    assert keys(deployed) == PAGES[:2]
    assert [asked.query["page"] for asked in server.asked] == [["1"], ["2"], ["3"]]
    assert {asked.headers["x-cg-demo-api-key"] for asked in server.asked} == {KEY}


def test_an_error_page_with_status_200_is_kept_as_received(deployed, server, context):
    page = Reply(200, (b"<html>maintenance</html>",), {"Content-Type": "text/html; charset=UTF-8"})
    server.answer("/coingecko/api/v3/coins/markets", page)
    ingest.handler(TOP, context)
    assert body(deployed, PAGES[0]) == b"<html>maintenance</html>"
    told = deployed.head_object(Bucket="raw", Key=PAGES[0])["Metadata"]
    assert told["content-type"] == "text/html; charset=UTF-8"


@pytest.fixture
def logs():
    """Everything that the function logs, as it is written; stdout is not pytest's any more."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logger.registered_formatter)
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


def test_the_key_is_in_no_log_error_object_or_address(deployed, server, context, capsys, logs):
    complaint = json.dumps({"status": {"error_code": 1, "error_message": f"key {KEY} is bad"}}).encode()
    server.answer("/coingecko/api/v3/coins/markets", Reply(200, (b"[1]",)), Reply(401, (complaint,)))
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
    assert server.asked[-1].headers["x-cg-demo-api-key"] == "CG-new"


def test_a_key_that_is_not_there_says_what_to_set(deployed, context):
    boto3.client("ssm").delete_parameter(Name="/coinlake/test/key")
    with pytest.raises(BadConfiguration, match="/coinlake/test/key cannot be read"):
        ingest.handler(TOP, context)


def test_a_private_address_is_refused_unless_the_configuration_allows_it(deployed, server, context):
    closed = configuration(server.url, private_sources=False)
    deployed.put_object(Bucket="artifacts", Key="config/1.json", Body=closed)
    with pytest.raises(IngestFailed, match="not a public address"):
        ingest.handler(HOURLY, context)
    assert (server.asked, keys(deployed)) == ([], [])


def test_without_its_configuration_a_run_fails_before_it_asks(deployed, server, context):
    deployed.delete_object(Bucket="artifacts", Key="config/1.json")
    with pytest.raises(NotFound, match="config/1.json"):
        ingest.handler(HOURLY, context)
    assert server.asked == []


@pytest.mark.parametrize(
    "event", [{}, {"feed": "hourly"}, {"feed": "hourly", "scheduled_time": "2999-01-01T00:00Z"}]
)
def test_an_event_that_names_no_past_slot_is_refused(deployed, context, event):
    with pytest.raises(BadEvent):
        ingest.handler(event, context)


def test_a_snapshot_that_comes_hours_late_is_missed_and_candles_of_any_age_are_not(
    deployed, context, monkeypatch, capsys
):
    monkeypatch.setattr(ingest, "clock", Clock(now=lambda: NOW + timedelta(days=3)))
    ingest.handler(TOP, context)
    assert metric(capsys.readouterr().out, "SlotsMissed") == [1.0]
    assert keys(deployed) == []
    ingest.handler(HOURLY, context)
    assert keys(deployed) == [BTC, ETH]
