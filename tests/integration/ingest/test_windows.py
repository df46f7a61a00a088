"""A window of history from its event to its outcome."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace

import boto3
import pytest

from coinlake.errors import BadEvent, SourceUnavailable, StoreUnavailable
from coinlake.keys import RawKey
from ingest import handler as ingest
from ingest import windows
from ingest.rate_limits import MAX_HOLD
from tests.https_server import Reply
from tests.integration.ingest.deployment import KEY, body, keys, metric

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

FIRST, SECOND = b"[[1732168800, 1, 2, 1, 2, 3]]", b"[[1732168800, 1, 2, 1, 2, 4]]"
PATH = "/coinbase/products/BTC-USD/candles"
HOUR = {"source": "coinbase", "dataset": "candles", "asset": "BTC", "quote": "USD", "interval": "1h"}
HOUR |= {"end": "2024-11-21T07:00:00Z", "count": 300}
AT = "raw/source=coinbase/dataset=candles/dt=2024-11-21/20241121T070000Z.BTC-USD.1h.300"
ARCHIVE = {**HOUR, "source": "binance_archive", "quote": "USDT", "period": "2024-12-31"}
FILE = "/archive/data/spot/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-12-31.zip"


@pytest.fixture
def fill(deployed, server, context):
    """Ask for a window; keywords change its event."""
    server.answer(PATH, Reply(200, (FIRST,)))

    def ask(window=HOUR, *, remaining_ms=30_000, **changes):
        return ingest.handler({"window": {**window, **changes}}, replace(context, remaining_ms=remaining_ms))

    return ask


def outcome(key, word, detail=None):
    return {"key": key, "outcome": word, "rows_hint": None, "detail": detail}


def summary(outcome):
    return outcome["outcome"], outcome["detail"]


def zipped(text):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo("BTCUSDT-1h-2024-12-31.csv"), text)  # without the time of day
    return written.getvalue()


def published(server, content, checksum=None):
    vouched = f"{checksum or hashlib.sha256(content).hexdigest()}  {FILE.rsplit('/', 1)[1]}\n"
    server.answer(FILE, Reply(200, (content,), {"Content-Type": "application/zip"}))
    server.answer(f"{FILE}.CHECKSUM", Reply(200, (vouched.encode(),)))


def test_a_window_lands_once_and_is_not_asked_for_again(fill, server, deployed, capsys):
    assert fill() == outcome(f"{AT}.json.gz", "landed")
    assert metric(capsys.readouterr().out, "ObjectsLanded") == [1.0]
    server.answer(PATH, Reply(200, (SECOND,)))
    assert fill() == outcome(f"{AT}.json.gz", "exists")
    assert len(server.requests) == 1
    assert body(deployed, f"{AT}.json.gz") == FIRST


def test_an_outcome_is_json_for_the_state_machine(fill):
    assert json.loads(json.dumps(fill())) == fill() | {"outcome": "landed"}


def test_a_window_that_another_invocation_lands_first_exists(fill, deployed, monkeypatch):
    fill()
    monkeypatch.setattr(windows, "revisions", lambda *_: [])
    assert fill() == outcome(f"{AT}.json.gz", "exists")


def test_a_refresh_writes_a_revision_only_where_the_bytes_differ(fill, server, deployed):
    assert fill(refresh=True) == outcome(f"{AT}.json.gz", "landed")
    assert fill(refresh=True) == outcome(f"{AT}.json.gz", "exists", "unchanged")
    server.answer(PATH, Reply(200, (SECOND,)))
    assert fill(refresh=True) == outcome(f"{AT}.r1.json.gz", "landed")
    assert fill(refresh=True) == outcome(f"{AT}.r1.json.gz", "exists", "unchanged")
    server.answer(PATH, Reply(200, (FIRST,)))
    assert fill(refresh=True) == outcome(f"{AT}.r2.json.gz", "landed")
    assert fill() == outcome(f"{AT}.r2.json.gz", "exists")
    assert body(deployed, f"{AT}.json.gz") == FIRST


def test_refreshes_pass_their_tenth_revision(fill, server, deployed):
    fill()
    key = RawKey.parse(f"{AT}.json.gz")
    for revision in (2, 10):
        deployed.put_object(Bucket="raw", Key=str(key.revised(revision)), Body=b"", Metadata={"sha256": "x"})
    assert fill(refresh=True)["key"] == f"{AT}.r11.json.gz"


def test_two_concurrent_refreshes_are_resolved_by_a_retry(fill, server, deployed, monkeypatch):
    fill()
    first = RawKey.parse(f"{AT}.json.gz")
    server.answer(PATH, Reply(200, (SECOND,)))
    with monkeypatch.context() as patched:
        patched.setattr(windows, "revisions", lambda *_: [first])
        fill(refresh=True)
        with pytest.raises(StoreUnavailable, match="another refresh has just written"):
            fill(refresh=True)
    assert fill(refresh=True) == outcome(f"{AT}.r1.json.gz", "exists", "unchanged")


def test_a_window_that_is_not_over_is_left_to_the_schedule(fill, server):
    outcome = fill(end="2999-01-01T00:00:00Z")
    assert summary(outcome) == ("not_closed", "the window is complete at 2999-01-01T00:00:00Z")
    assert server.requests == []


@pytest.mark.parametrize(
    ("quote", "path", "reply"),
    [
        ("USD", PATH, Reply(404, (b'{"message":"NotFound"}',))),
        ("USDT", "/binance/api/v3/klines", Reply(400, (b'{"code":-1121,"msg":"Invalid symbol."}',))),
    ],
)
def test_a_market_that_is_not_listed_is_an_outcome(fill, server, quote, path, reply):
    server.answer(path, reply)
    outcome = fill(source=path.split("/")[1], quote=quote)
    assert outcome["outcome"] == "unlisted"
    assert f"there is no market BTC-{quote}" in outcome["detail"]


def test_an_asset_without_an_id_at_the_source_is_unlisted_and_not_asked_for(fill, server):
    assert summary(fill(asset="TRX")) == ("unlisted", "TRX has no id at coinbase in assets")
    assert server.requests == []


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (Reply(400, (b'{"message":"Unsupported granularity"}',)), "Unsupported granularity"),
        (Reply(403, (b"{}",)), "HTTP 403"),
        (Reply(302, (b"",), {"Location": "https://example.com/"}), "redirects are not followed"),
    ],
)
def test_what_no_retry_can_heal_is_refused_with_its_reason(fill, server, deployed, reply, detail):
    server.answer(PATH, reply)
    outcome = fill()
    assert outcome["outcome"] == "refused"
    assert detail in outcome["detail"]
    assert keys(deployed) == []


def test_a_window_that_cannot_be_planned_is_refused(fill, server):
    assert summary(fill(count=301)) == ("refused", "the window asks for 301 buckets; set count to 1 to 300")
    assert summary(fill(dataset="quotes"))[0] == "refused"
    assert server.requests == []


def test_a_key_that_was_replaced_is_read_by_the_next_window(fill, server):
    path = "/coincap/v3/assets/bitcoin/history"
    points = {**HOUR, "source": "coincap", "dataset": "price_points"}
    server.answer(path, Reply(401, (b'{"error":"Unauthorized"}',)))
    assert "set coincap_api_key" in fill(points)["detail"]
    boto3.client("ssm").put_parameter(
        Name="/coinlake/test/key", Value="new", Type="SecureString", Overwrite=True
    )
    server.answer(path, Reply(200, (b"{}",)))
    assert fill(points)["outcome"] == "landed"
    assert [request.headers["Authorization"] for request in server.requests] == [
        f"Bearer {KEY}",
        "Bearer new",
    ]


@pytest.mark.parametrize("reply", [Reply(503, (b"",)), Reply(429, (b"",), {"Retry-After": "99"})])
def test_what_a_retry_may_heal_is_raised(fill, server, deployed, reply):
    server.answer(PATH, reply)
    with pytest.raises(SourceUnavailable, match=f"HTTP {reply.status}"):
        fill(remaining_ms=1200)
    assert keys(deployed) == []


def test_a_limit_that_others_use_up_is_raised_within_the_time_that_is_left(fill, server):
    ingest.stage().source("coinbase").client.limiter.hold(MAX_HOLD.total_seconds())
    with pytest.raises(SourceUnavailable, match="coinbase: rate limited by ourselves until 20"):
        fill(remaining_ms=5000)
    assert server.requests == []


def test_a_ban_is_raised_and_nobody_asks_before_it_ends(fill, server):
    banned = Reply(418, (b'{"code":-1003,"msg":"IP banned."}',), {"Retry-After": "300"})
    server.answer("/binance/api/v3/klines", banned)
    window = {"source": "binance", "quote": "USDT"}
    with pytest.raises(SourceUnavailable, match="nothing is asked before the ban ends at 20"):
        fill(**window)
    with pytest.raises(SourceUnavailable, match="rate limited by ourselves"):
        fill(**window, asset="ETH")
    assert len(server.requests) == 1


def test_a_failing_store_is_raised(fill, deployed):
    deployed.delete_bucket(Bucket="raw")
    with pytest.raises(StoreUnavailable, match="s3://raw"):
        fill()


@pytest.mark.parametrize("changes", [{"end": "2024-11-21T07:30:00Z"}, {"asset": None}, {"period": "soon"}])
def test_an_event_that_names_no_window_is_raised(fill, changes):
    with pytest.raises(BadEvent, match="bad_window"):
        fill(**changes)


def test_a_file_of_the_archive_lands_as_the_zip_that_matches_its_checksum(fill, server, deployed):
    published(server, zipped("1735603200000000,1\n"))
    outcome = fill(ARCHIVE)
    assert outcome["outcome"] == "landed"
    assert outcome["key"].endswith("dt=2025-01-01/20250101T000000Z.BTC-USDT.1h.2024-12-31.zip.gz")
    assert body(deployed, outcome["key"]) == zipped("1735603200000000,1\n")
    head = deployed.head_object(Bucket="raw", Key=outcome["key"])["Metadata"]
    assert head["url"].endswith("/BTCUSDT-1h-2024-12-31.zip")


def test_a_file_that_was_uploaded_again_lands_as_a_revision(fill, server, deployed):
    published(server, zipped("1\n"))
    first = fill(ARCHIVE)["key"]
    published(server, zipped("2\n"))
    assert fill(ARCHIVE) == outcome(first, "exists")
    again = fill(ARCHIVE, refresh=True)
    assert (again["outcome"], again["key"]) == ("landed", first.replace(".zip.gz", ".r1.zip.gz"))


def test_a_file_with_another_checksum_is_raised_and_never_lands(fill, server, deployed):
    published(server, zipped("1\n"), checksum="0" * 64)
    with pytest.raises(SourceUnavailable, match="does not match its checksum"):
        fill(ARCHIVE)
    assert len(server.requests) == 4
    assert keys(deployed) == []


def test_a_file_that_the_archive_does_not_have_is_unlisted(fill, server):
    outcome = fill(ARCHIVE)
    assert outcome["outcome"] == "unlisted"
    assert "there is no such file" in outcome["detail"]
