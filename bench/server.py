"""The bench's S3 in a process, and where there are two, on a core, of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import boto3

from bench.measure import environment
from bench.paths import ROOT

RAW: Final = "raw"
LAKE: Final = "lake"
CONFIG: Final = "config.json"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server listens."""

    endpoint: str

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="bench",
            aws_secret_access_key="bench",  # noqa: S106 - it takes any
        )

    def put(self, key: str, body: bytes, fetched_at: datetime) -> str:
        """A raw object as ingest writes it; its etag, without quotes."""
        answer = self.client().put_object(
            Bucket=RAW, Key=key, Body=body, Metadata={"fetched_at": fetched_at.isoformat()}
        )
        etag: str = answer["ETag"].strip('"')
        return etag


@contextmanager
def serving() -> Iterator[Server]:
    """An empty S3 while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.s3"],
        env=environment(),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout and process.stdin  # noqa: S101 - both are pipes
        server = Server(process.stdout.readline().strip())
        yield server
        process.stdin.close()
