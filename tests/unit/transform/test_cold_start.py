"""What a container loads: pandas and awswrangler, 0.3 s and 50 MB, for an answer only, never for frames."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.unit.transform.conftest import COINS, TICKERS
from tests.unit.transform.readers.test_json_lines import SENT, line

HEAVY = ("pandas", "awswrangler", "pyarrow.pandas_compat", "pyarrow.dataset", "requests")
PROBE = """
import json, sys
from pathlib import Path
from types import SimpleNamespace

import boto3
from moto import mock_aws

from coinlake.s3_events import ObjectRef, created_event
from transform import handler

HEAVY = sys.argv[1].split(",")
names = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
context = SimpleNamespace(**dict.fromkeys(names, "x"))
with mock_aws():
    s3 = boto3.client("s3")
    for bucket in ("raw", "lake"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="lake", Key="config.json", Body=sys.argv[2])
    before = set(sys.modules)  # moto is heavy itself
    for path in sys.argv[3:]:
        key, body = Path(path).read_text(), Path(path).with_suffix(".gz").read_bytes()
        s3.put_object(Bucket="raw", Key=key, Body=body)
        message = {"messageId": "1", "body": created_event(ObjectRef("raw", key))}
        assert handler.handler({"Records": [message]}, context) == {"batchItemFailures": []}
        print("loaded", *(name for name in HEAVY if name in set(sys.modules) - before))
    print("keys", len(s3.list_objects_v2(Bucket="lake", Prefix="trusted/")["Contents"]))
"""
CONFIG = {
    **{name: {} for name in ("assets", "sources", "feeds", "alert_rules")},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
    "environment": "local",
}


def test_live_frames_load_neither_pandas_nor_awswrangler_and_an_answer_after_them_does(tmp_path: Path):
    frames = [*(line(E=SENT + number) for number in range(50)), "{", line(E=SENT + 50, v="1e-9")]
    page = [{"id": "bitcoin", "current_price": 1.5, "last_updated": "2026-11-20T00:59:58.599Z"}]
    objects = {"live": (TICKERS, "\n".join(frames)), "answer": (COINS, json.dumps(page))}
    for name, (key, text) in objects.items():
        (tmp_path / name).with_suffix(".key").write_text(key)
        (tmp_path / name).with_suffix(".gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    environment = {
        "RAW_BUCKET": "raw",
        "LAKE_BUCKET": "lake",
        "CONFIG_BUCKET": "lake",
        "CONFIG_KEY": "config.json",
        "CODE_VERSION": "1",
        "MAX_RAW_MB": "1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_SERVICE_NAME": "test",
        "POWERTOOLS_METRICS_NAMESPACE": "coinlake",
    }
    paths = [str(tmp_path / f"{name}.key") for name in objects]
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, ",".join(HEAVY), json.dumps(CONFIG), *paths],
        env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    live, page, keys = [text for text in answer.stdout.splitlines() if text.split()[0] in ("loaded", "keys")]
    assert live == "loaded"
    assert {"pandas", "awswrangler"} <= set(page.split())
    assert keys == "keys 2"
