"""What each function does, path by path. Each scenario raises where its outcome is not right.

What a role does that is not in here, because the embedded AWS does not run it or does not ask IAM about it,
is in documented.py.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import boto3

from coinlake import keys
from coinlake.keys import Partition, RawKey, RefinedKey, Slot
from coinlake.records import LedgerEntry
from coinlake.stores import ObjectStore
from ops.local.laptop import REGION
from ops.stream.collector import Collector, _credentials
from stream.spool.files import SpoolFile
from stream.spool.uploader import upload
from tests.permissions.lab import HOUR, Lab

COLLECT_SECONDS: Final = 25


@dataclass(frozen=True, slots=True)
class Scenario:
    """``title`` is a sentence about ``role``, whose policy it is for; ``run`` raises where it goes wrong."""

    role: str
    title: str
    run: Callable[[Lab], None]


SCENARIOS: Final[list[Scenario]] = []


def scenario(role: str) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    """The function's name, read as a sentence, is the scenario's title."""

    def register(run: Callable[[Lab], None]) -> Callable[[Lab], None]:
        SCENARIOS.append(Scenario(role, run.__name__.replace("_", " "), run))
        return run

    return register


# ingest


@scenario("ingest")
def ingest_lands_a_run_of_a_feed(lab: Lab) -> None:
    lab.invoke("ingest", {"feed": "sentiment", "scheduled_time": lab.now()})


def _window(source: str, interval: str, end: datetime, count: int, **more: object) -> dict[str, object]:
    named = {"source": source, "dataset": "candles", "asset": "BTC", "quote": "USD", "interval": interval}
    return {"window": {**named, "end": f"{end:%Y-%m-%dT%H:%M:%SZ}", "count": count, **more}}


@scenario("ingest")
def ingest_fetches_a_window_and_asks_again_for_a_revision(lab: Lab) -> None:
    number = lab.number()
    end = datetime(2025, 1, 1, tzinfo=UTC) + number * HOUR
    for refresh in (False, True):
        answer = lab.invoke("ingest", _window("coinbase", "1h", end, 4, refresh=refresh))
        assert answer["outcome"] in ("landed", "exists"), answer


@scenario("ingest")
def ingest_asks_coingecko_with_its_key(lab: Lab) -> None:
    lab.invoke("ingest", {"feed": "coingecko_quotes", "scheduled_time": lab.now()})


@scenario("ingest")
def ingest_asks_coincap_with_its_key(lab: Lab) -> None:
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
        days=30 + lab.number()
    )
    event = _window("coincap", "1d", end, 30)
    answer = lab.invoke("ingest", {"window": {**event["window"], "dataset": "price_points"}})  # type: ignore[dict-item]
    assert answer["outcome"] in ("landed", "exists"), answer


@scenario("ingest")
def ingest_asks_coindesk_with_its_key(lab: Lab) -> None:
    number = lab.number()
    end = datetime(2025, 6, 1, tzinfo=UTC) + number * HOUR
    answer = lab.invoke("ingest", _window("coindesk", "1h", end, 4))
    assert answer["outcome"] in ("landed", "exists"), answer


# transform


@scenario("transform")
def transform_commits_good_and_bad_rows(lab: Lab) -> None:
    key = lab.trusted_candles(bad_rows=True)
    entry = LedgerEntry.from_json(lab.stack.lake.get(str(key.ledger()), 1 << 20).body)
    assert (entry.rows_trusted, entry.rows_quarantined) == (4, 1), entry


@scenario("transform")
def transform_deletes_what_newer_code_produces_no_more(lab: Lab) -> None:
    key = lab.candles()
    other = RawKey(key.source, key.dataset, Slot(key.slot.time, ("ETH-USD", "1h", "4")))
    stale = (
        str(other.trusted("candles", Partition.month("2020-01", interval="1h"))),
        str(other.quarantine()),
    )
    for name in stale:
        lab.stack.lake.put(name, b"old")
    older = LedgerEntry(str(key), "old", "older code", 0, 0, 0, outputs=stale)
    lab.stack.lake.put(str(key.ledger()), older.to_json(), metadata={"raw-etag": "old", "version": "older"})
    lab.deliver("transform", lab.object_created(lab.stack.raw_bucket, str(key)))
    left = [name for name in stale if name in set(lab.stack.lake.keys(name))]
    assert not left, left


@scenario("transform")
def transform_takes_a_raw_object_that_is_gone_for_done(lab: Lab) -> None:
    number = lab.number()
    key = RawKey(
        "coinbase", "candles", Slot(datetime(2019, 1, 1, tzinfo=UTC) + number * HOUR, ("X", "1h", "4"))
    )
    lab.deliver("transform", lab.object_created(lab.stack.raw_bucket, str(key)))


# refine


def _refine(lab: Lab, *trusted: str) -> None:
    """Refine the objects by a scheduled run; nothing may be left in the queue or in the answer's failures."""
    queue = lab.stack.queue("refine")
    lab.client("sqs").purge_queue(QueueUrl=queue.url)
    queue.send([lab.object_created(lab.stack.lake_bucket, key) for key in trusted])
    answer = lab.invoke("refine", {"refine": lab.now()})
    assert not answer["failed"], answer
    assert not queue.depth(in_flight=True), "messages are left in the queue"


@scenario("refine")
def refine_merges_a_new_trusted_file_and_derives(lab: Lab) -> None:
    key = lab.trusted_candles()
    trusted = str(key.trusted("candles", Partition.month(f"{key.slot.time:%Y-%m}", interval="1h")))
    for part in list(lab.stack.lake.keys(f"{keys.REFINED}candles/interval=1h/")):
        lab.stack.lake.delete(part)
    _refine(lab, trusted)
    assert list(lab.stack.lake.keys(f"{keys.REFINED}candles/interval=1h/"))


@scenario("refine")
def refine_looks_up_rejected_rows_where_a_candle_is_missing(lab: Lab) -> None:
    """An answer of fewer candles than were asked for, with rejected rows and without."""
    for bad_rows in (True, False):
        number = lab.number()
        end = datetime(2026, 3, 1, tzinfo=UTC) + 4 * HOUR * number
        rows: list[list[object]] = [[int((end - 2 * HOUR).timestamp()), 99.5, 101.25, 100, 100.5, 12.5]]
        if bad_rows:
            rows.append(["x", 1, 2, 1, 2, 3])
        key = RawKey("coinbase", "candles", Slot(end, ("BTC-USD", "1h", "4")))
        lab.stack.raw.put(str(key), lab.body(rows), metadata={"fetched_at": (end + HOUR).isoformat()})
        lab.deliver("transform", lab.object_created(lab.stack.raw_bucket, str(key)))
        _refine(lab, str(key.trusted("candles", Partition.month(f"{key.slot.time:%Y-%m}", interval="1h"))))


@scenario("refine")
def refine_takes_a_trusted_file_that_is_gone_for_done(lab: Lab) -> None:
    number = lab.number()
    gone = RawKey(
        "coinbase", "candles", Slot(datetime(2019, 1, 1, tzinfo=UTC) + number * HOUR, ("X", "1h", "4"))
    )
    _refine(lab, str(gone.trusted("candles", Partition.month("2019-01", interval="1h"))))


@scenario("refine")
def refine_heals_the_last_day(lab: Lab) -> None:
    answer = lab.invoke("refine", {"heal": lab.now()})
    assert not answer["failed"], answer


@scenario("refine")
def refine_publishes_the_dashboards_files(lab: Lab) -> None:
    """A publication that fails costs no message its success, so what counts is the file that must be new."""
    site, health = lab.stack.site, "data/health.json"
    site.delete(health)
    key = lab.trusted_candles(bad_rows=True)
    today, number = lab.now(), lab.number()
    rejected = RawKey(
        "coinbase", "candles", Slot(datetime.fromisoformat(today), ("BTC-USD", "1h", str(number)))
    )
    lab.stack.lake.put(str(rejected.quarantine()), lab.stack.lake.get(str(key.quarantine()), 1 << 20).body)
    _refine(lab)
    assert health in set(site.keys("data/")), "the dashboard's health was not published"


# notify


@scenario("notify")
def notify_mails_a_price_that_moved(lab: Lab) -> None:
    """Two quotes of a coin a minute apart, the second half as high again."""
    _forget_alerts(lab)
    sent = _mails(lab)
    number = lab.number()
    moment = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=2 * number)
    for step, price in enumerate((100.0, 150.0 + number)):
        at = moment + timedelta(minutes=step)
        key = RawKey("coingecko", "quotes", Slot(at, ("coingecko_quotes", "usd", "p1")))
        row = {
            "id": "bitcoin",
            "symbol": "btc",
            "name": "Bitcoin",
            "current_price": price,
            "last_updated": at.isoformat(),
        }
        lab.stack.raw.put(str(key), lab.body([row]), metadata={"fetched_at": at.isoformat()})
        lab.deliver("transform", lab.object_created(lab.stack.raw_bucket, str(key)))
        trusted = LedgerEntry.from_json(lab.stack.lake.get(str(key.ledger()), 1 << 20).body).outputs[0]
        lab.deliver("notify", lab.object_created(lab.stack.lake_bucket, trusted))
    assert _mails(lab) > sent, "no mail was sent"


def _forget_alerts(lab: Lab) -> None:
    """End cooldowns, and the leases of runs that were stopped midway by a refusal."""
    table, dynamodb = lab.stack.state_table, lab.client("dynamodb")
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if item["sk"]["S"] == "state":
                dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})


def _mails(lab: Lab) -> int:
    """How many mails the state table says were sent."""
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "sent"}}}
    return int(
        lab.client("dynamodb").query(TableName=lab.stack.state_table, Select="COUNT", **query)["Count"]
    )


@scenario("notify")
def notify_takes_a_trusted_file_that_is_gone_for_done(lab: Lab) -> None:
    slot = Slot(datetime.fromisoformat(lab.now()), ("gone", "usd", "p1"))
    key = RawKey("coingecko", "quotes", slot).trusted("quotes", Partition.day(slot.dt))
    lab.deliver("notify", lab.object_created(lab.stack.lake_bucket, str(key)))


@scenario("notify")
def notify_tells_of_rejected_rows(lab: Lab) -> None:
    """One that is there, and one that a rerun deleted."""
    _forget_alerts(lab)
    key = lab.trusted_candles(bad_rows=True)
    now, number = datetime.fromisoformat(lab.now()), str(lab.number())
    body = lab.stack.lake.get(str(key.quarantine()), 1 << 20).body
    for name, there in (("there", True), ("gone", False)):
        recent = RawKey("coinbase", "candles", Slot(now, (name, "1h", number))).quarantine()
        if there:
            lab.stack.lake.put(str(recent), body)
        lab.deliver("notify", lab.object_created(lab.stack.lake_bucket, str(recent)))


@scenario("notify")
def notify_reads_spreads_and_days(lab: Lab) -> None:
    month = Partition.month(datetime.now(UTC).date())
    for table in ("spreads", "asset_days"):
        key = str(RefinedKey(table, month))
        lab.stack.lake.head(key)
        lab.deliver("notify", lab.object_created(lab.stack.lake_bucket, key))


@scenario("notify")
def notify_takes_a_refined_file_that_is_gone_for_done(lab: Lab) -> None:
    key = str(RefinedKey("spreads", Partition.month(datetime.now(UTC).date())))
    with _absent(lab, key):
        lab.deliver("notify", lab.object_created(lab.stack.lake_bucket, key))


@contextmanager
def _absent(lab: Lab, key: str) -> Iterator[None]:
    body = lab.stack.lake.get(key, 1 << 28).body
    lab.stack.lake.delete(key)
    try:
        yield
    finally:
        lab.stack.lake.put(key, body)


@scenario("notify")
def notify_watches_feeds_and_dead_letters_and_mails_the_digest(lab: Lab) -> None:
    at = datetime.now(UTC).replace(hour=7, minute=5, second=0, microsecond=0)
    lab.invoke("notify", {"watch": f"{at:%Y-%m-%dT%H:%M:%SZ}"})


# reconcile, audit, load


@scenario("reconcile")
def reconcile_sends_back_what_was_never_transformed(lab: Lab) -> None:
    key = lab.candles()
    day = str(key.slot.dt)
    report = lab.invoke("reconcile", {"start": day, "end": day, "in_flight_minutes": 0})
    assert str(key) in report["requeued"], report


@scenario("audit")
def audit_accounts_for_candles_and_refills_a_hole(lab: Lab) -> None:
    """Of three windows the middle one is missing: ingest is asked for it. Of the last the rows are."""
    committed = [lab.trusted_candles() for _ in range(3)]
    hole = committed[1]
    month = Partition.month(f"{hole.slot.time:%Y-%m}", interval="1h")
    lab.stack.lake.delete(str(committed[2].trusted("candles", month)))
    for name in (
        str(hole.ledger()),
        str(hole.trusted("candles", Partition.month(f"{hole.slot.time:%Y-%m}", interval="1h"))),
    ):
        lab.stack.lake.delete(name)
    lab.stack.raw.delete(str(hole))
    days = [str(key.slot.dt) for key in committed]
    counts = lab.invoke("audit", {"start": days[0], "end": days[-1], "again": True})
    assert counts["refilled"], counts


@scenario("audit")
def audit_reads_lists_of_markets_and_what_it_wrote_before(lab: Lab) -> None:
    counts = lab.invoke("audit", {"days": 1})
    assert counts["buckets"], counts


@scenario("load-postgres")
def load_mirrors_refined_tables(lab: Lab) -> None:
    report = lab.load("postgres")
    assert not report["failures"] and not report["partitions_left"], report
    assert report["partitions_loaded"] or report["partitions_equal"], report


# The collector, as a process with its role's policy


@scenario("stream")
def stream_keeps_frames_and_latest_prices(lab: Lab) -> None:
    """With an empty spool, as a new task has, which learns from the table what the one before it sent."""
    shutil.rmtree(lab.laptop.folder / "spool", ignore_errors=True)
    collector, table = Collector(lab.laptop), lab.stack.stream["latest_table"]
    mark, before = lab.mark(), set(lab.stack.raw.keys(keys.RAW))
    collector.start(lab.stack, live=False)
    try:
        deadline = time.monotonic() + COLLECT_SECONDS
        wanted = {"binance", "coinbase", "kraken"}
        while wanted:
            assert time.monotonic() < deadline, f"nothing of {wanted} is in raw and the table"
            refused = [request.action for request, allowed in lab.requests(mark) if not allowed]
            assert not refused, f"the collector would try {refused[0]} again for ever"
            time.sleep(0.5)
            landed = {RawKey.parse(key).source for key in set(lab.stack.raw.keys(keys.RAW)) - before}
            items = lab.client("dynamodb").scan(TableName=table)["Items"]
            wanted = (wanted - landed - {"prices"}) | ({"prices"} if not items else set())
    finally:
        collector.process.stop()


@scenario("stream")
def stream_takes_a_batch_that_is_there_already_for_sent(lab: Lab) -> None:
    """A collector that was killed between writing an object and forgetting its file sends the file again."""
    number = lab.number()
    moment = datetime(2026, 3, 1, tzinfo=UTC) + number * HOUR
    key = RawKey("binance", "stream", Slot(moment, ("permissions",)), "jsonl")
    keys_of_user = {name.lower(): value for name, value in _credentials(lab.stack).items()}
    s3 = boto3.client(
        "s3", REGION, endpoint_url=lab.stack.aws.endpoint, verify=lab.stack.aws.ca_bundle, **keys_of_user
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "batch"
        path.write_text('{"url": "wss://stream.example.com"}\n{"t": 1}\n')
        for _ in range(2):
            upload(ObjectStore(s3, lab.stack.raw_bucket), SpoolFile.recovered(path, key))
