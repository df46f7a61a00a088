"""A lake on an S3 over HTTP, and `spark/rebuild.py` as a process of its own between its buckets."""

import gzip
import json
import logging
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from coinlake.config import LakeConfig
from coinlake.keys import RawKey
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from coinlake.stores import ObjectStore
from ops.local.spark import require_java, spark_venv
from refine.partitions import RefinedZone, TrustedFiles
from refine.pipeline import Pipeline
from spark.report import Journal
from tests.integration.transform.conftest import CONFIG
from tests.integration.transform.test_golden_bytes import CASES
from transform import wiring

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = "COINLAKE_SPARK_REQUIRED"
CONFIG_KEY = "config/test.json"
VERSION = "version-1"
MAX_RAW_MB = 4


@pytest.fixture(scope="session", autouse=True)
def python() -> Path:
    """Spark's own interpreter; without one the tests are skipped, or fail where they are required."""
    venv = spark_venv()
    if not venv.installed and not os.environ.get(REQUIRED):
        pytest.skip("PySpark has an environment of its own: make spark-test")
    require_java()
    return venv.python


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass
class Lake:
    """Three buckets of their own; ``name`` keeps them from those of other tests."""

    endpoint: str
    name: str
    python: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    @property
    def s3(self) -> Any:
        return boto3.client("s3", "us-east-1", endpoint_url=self.endpoint, **self._keys())

    @staticmethod
    def _keys() -> dict[str, str]:
        return {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

    def store(self, bucket: str) -> ObjectStore:
        return ObjectStore(self.s3, f"{self.name}-{bucket}")

    def create(self) -> None:
        for bucket in ("raw", "lake", "artifacts"):
            self.s3.create_bucket(Bucket=f"{self.name}-{bucket}")
        self.store("artifacts").put(CONFIG_KEY, json.dumps(CONFIG).encode())

    def settings(self, version: str = VERSION) -> str:
        env = {f"{zone.upper()}_BUCKET": f"{self.name}-{zone}" for zone in ("raw", "lake")}
        env |= {"CONFIG_BUCKET": f"{self.name}-artifacts", "CONFIG_KEY": CONFIG_KEY}
        env |= {"CODE_VERSION": version, "MAX_RAW_MB": str(MAX_RAW_MB), "AWS_DEFAULT_REGION": "us-east-1"}
        return json.dumps(env)

    def process(
        self, *arguments: str, master: str = "local[2]", version: str = VERSION
    ) -> subprocess.Popen[str]:
        code = [ROOT, ROOT / "functions", ROOT / "layers" / "coinlake" / "python"]
        env = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **self.environment,
            "PYSPARK_SUBMIT_ARGS": f"--master {master} --conf spark.driver.memory=1g pyspark-shell",
            "PYSPARK_PYTHON": str(self.python),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYTHONPATH": os.pathsep.join(map(str, code)),
        }
        command = [str(self.python), str(ROOT / "spark" / "rebuild.py"), "--settings", self.settings(version)]
        return subprocess.Popen(
            [*command, "--JOB_NAME", "ours", *arguments],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def rebuild(self, *arguments: str, code: int = 0, **options: str) -> dict[str, Any]:
        """Run to the end, which must be ``code``; the report, with what was said at the end as ``said``."""
        process = self.process("--run", "run", *arguments, **options)
        try:
            _, said = process.communicate()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        assert process.returncode == code, said[-3000:]
        report = self.store("artifacts").get(Journal(self.store("artifacts"), "run").key("report"), 1 << 20)
        return {**json.loads(report.body), "said": said}

    def by_lambda(self, source: "Lake", *, refined: bool = True) -> None:
        """What the functions make of the raw objects of ``source``, one by one."""
        config = LakeConfig.load(self.store("artifacts"), CONFIG_KEY)
        transform = wiring.assemble(
            source.store("raw"), self.store("lake"), config, VERSION, MAX_RAW_MB << 20
        )
        for entry in source.store("raw").entries("raw/"):
            transform.process(
                created_event(ObjectRef(f"{source.name}-raw", entry.key, entry.size, entry.etag))
            )
        if refined:
            self.refined_by_lambda()

    def refined_by_lambda(self) -> None:
        lake = self.store("lake")
        pipeline = Pipeline(lake.bucket, TrustedFiles(lake), RefinedZone(lake))
        keys = list(lake.keys("trusted/"))
        messages = [Message(key, created_event(ObjectRef(lake.bucket, key)), "") for key in keys]
        for start in range(0, len(messages), 40):
            assert not pipeline.process(messages[start : start + 40]).failed

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        lake = self.store("lake")
        return {key: lake.get(key, 1 << 30).body for key in lake.keys(prefix)}

    def land(self, cases: dict[str, tuple[str, bytes | None]]) -> list[str]:
        """The cases as raw objects; those of one key are revisions of it. The keys."""
        keys = list[str]()
        for key, body in cases.values():
            parsed = RawKey.parse(key)
            revision = next(n for n in range(1000) if str(parsed.revised(n)) not in keys)
            keys.append(str(parsed.revised(revision)))
            packed = b"" if body is None else gzip.compress(body, mtime=0)
            metadata = {
                "fetched_at": f"2026-11-20T12:00:{revision % 60:02d}+00:00",
                "url": "https://x.test/?ids=",
            }
            self.store("raw").put(keys[-1], packed, metadata=metadata)
        return keys


@pytest.fixture(scope="session")
def new_lake(endpoint: str, python: Path) -> Any:
    count = iter(range(1000))

    def new() -> Lake:
        lake = Lake(endpoint, f"lake{next(count)}", python)
        lake.create()
        return lake

    return new


@pytest.fixture
def lake(new_lake: Any) -> Lake:
    return new_lake()


def mixed(step: int = 1) -> dict[str, tuple[str, bytes | None]]:
    """Every ``step``-th recorded answer and live frame of every source, damaged ones among them.

    But for two objects of one slot, which no source has: the outcome is that of the last.
    """
    cases = {name: case for name, case in CASES.items() if name != "no such extension"}
    return dict(list(cases.items())[::step])


@pytest.fixture(scope="session")
def by_lambda(new_lake: Any) -> Lake:
    """The lake that the functions made; its raw objects are those that Spark is given."""
    lake: Lake = new_lake()
    lake.land(mixed(6))
    lake.by_lambda(lake)
    return lake
