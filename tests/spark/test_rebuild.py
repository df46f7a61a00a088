"""What Spark makes of a mixed raw zone is byte for byte what the functions make of it."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import boto3
import pytest

from coinlake.tables import Table, refined, tables
from tests.readers import spark_schema
from tests.spark.conftest import Lake

EVENT_SECONDS = 2


@pytest.fixture
def lake(new_lake, by_lambda):
    """A lake of the same raw objects, and nothing else."""
    lake: Lake = new_lake()
    source = f"{by_lambda.name}-raw"
    for key in by_lambda.store("raw").keys("raw/"):
        lake.s3.copy_object(Bucket=f"{lake.name}-raw", Key=key, CopySource={"Bucket": source, "Key": key})
    return lake


def differences(lake, by_lambda):
    ours, theirs = lake.objects(), by_lambda.objects()
    return {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)}


def written_at(lake):
    store = lake.store("lake")
    return {key: store.head(key).modified for key in store.keys("")}


def test_every_zone_has_the_bytes_of_the_functions_and_a_second_run_changes_none(lake, by_lambda):
    report = lake.rebuild(master="local[2]")
    assert differences(lake, by_lambda) == set()
    trusted = report["stages"]["trusted"]
    assert trusted["objects"] == len(list(lake.store("raw").keys("raw/")))
    assert trusted["rows_in"] == trusted["rows_trusted"] + trusted["rows_quarantined"] > 1000
    before = written_at(lake)
    again = lake.rebuild(master="local[1]")["stages"]
    assert (again["trusted"]["done"], again["refined"]["written"]) == (trusted["objects"], 0)
    assert written_at(lake) == before


def test_in_another_order_and_a_source_at_a_time_the_bytes_are_the_same(lake, by_lambda):
    lake.rebuild("--source", "kraken", "--slots", "7", master="local[1]")
    lake.rebuild("--only", "missing", master="local[2]")
    assert differences(lake, by_lambda) == set()


def test_killed_half_way_and_given_again_it_ends_in_the_same_bytes(lake, by_lambda):
    process = lake.process("--slots", "2", master="local[2]")
    while not any(lake.store("lake").keys("ledger/")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = len(list(lake.store("lake").keys("ledger/")))
    assert 0 < done < len(list(lake.store("raw").keys("raw/")))
    report = lake.rebuild()
    assert report["stages"]["trusted"]["done"] >= done - 1
    assert differences(lake, by_lambda) == set()


def test_the_functions_go_on_where_spark_stopped(lake, by_lambda):
    lake.rebuild("--stage", "trusted", "--source", "binance")
    before = {key: at for key, at in written_at(lake).items() if key.startswith("ledger/")}
    lake.by_lambda(lake)
    assert differences(lake, by_lambda) == set()
    after = written_at(lake)
    assert {key: after[key] for key in before} == before


def test_an_object_that_cannot_be_read_leaves_the_others_done_and_the_run_failed(lake, by_lambda):
    keys = list(lake.store("raw").keys("raw/source=coinbase"))
    lake.s3.copy_object(
        Bucket=f"{lake.name}-raw",
        Key=keys[0],
        CopySource={"Bucket": f"{by_lambda.name}-raw", "Key": keys[0]},
        StorageClass="GLACIER",
    )
    report = lake.rebuild("--stage", "trusted", code=1)
    trusted = report["stages"]["trusted"]
    assert (trusted["failed"], [fault["key"] for fault in trusted["faults"]]) == (1, [keys[0]])
    assert "1 failed, the others are done" in report["said"]
    assert "Traceback" not in report["said"]
    slot = keys[0].rsplit("/", 1)[1].removesuffix(".json.gz")
    assert all(slot in key for key in differences(lake, by_lambda) if not key.startswith("refined/"))


def test_a_rebuild_that_changes_nothing_sends_no_event(lake):
    lake.rebuild()
    sqs = boto3.client("sqs", "us-east-1", endpoint_url=lake.endpoint, **lake._keys())
    queue = sqs.create_queue(QueueName=lake.name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    zones = ("trusted/", "refined/", "quarantine/")
    lake.s3.put_bucket_notification_configuration(
        Bucket=f"{lake.name}-lake",
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "QueueArn": arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": zone}]}},
                }
                for zone in zones
            ]
        },
    )
    sqs.purge_queue(QueueUrl=queue)
    report = lake.rebuild("--only", "all")
    trusted = report["stages"]["trusted"]
    assert (trusted["done"], trusted["written"], report["stages"]["refined"]["written"]) == (0, 0, 0)
    assert trusted["unchanged"] > 50
    assert not sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=EVENT_SECONDS).get("Messages")
    lake.store("lake").put("trusted/canary", b"")  # the queue does hear of what is written
    assert sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=EVENT_SECONDS)["Messages"]


def saved(lake: Lake, table: Table, folder: Path) -> dict[str, object]:
    """A table's files on this machine, as the other program is told of them."""
    for key, body in lake.objects(table.location).items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    base = folder / table.location
    return {
        "base": str(base),
        "files": sorted(map(str, base.rglob("*.parquet"))),
        "schema": spark_schema(table),
    }


def test_spark_sql_finds_the_rows_that_refine_made(by_lambda, python, tmp_path):
    request = []
    for name, table in tables().items():
        if not table.location.startswith("trusted/") or not by_lambda.objects(table.location):
            continue
        result = refined()[name]
        # Uniqueness is within a refined partition. Of candles the source's own closed ones are compared: an
        # open one gives way to what shorter ones tell.
        keys = dict.fromkeys([*table.natural_key, *result.partitions])
        request.append(
            {
                "name": name,
                "key": list(keys),
                "partition_columns": dict(result.partition_columns),
                "keeps": "is_closed AND derived_from IS NULL" if name == "candles" else "TRUE",
                "keeps_trusted": "is_closed" if name == "candles" else "TRUE",
                "trusted": saved(by_lambda, table, tmp_path),
                "refined": saved(by_lambda, result, tmp_path),
            }
        )
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("cross_check.py"))],
        input=json.dumps(request),
        env={"PATH": os.environ["PATH"], "TZ": "UTC", "SPARK_LOCAL_IP": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name for name, (more, less, _) in found.items() if more or less} == set(), found
    assert {"candles", "quotes", "tickers", "trades", "stream_gaps"} <= found.keys()
    assert sum(rows for *_, rows in found.values()) > 1000
