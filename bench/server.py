"""S3 for the bench: a moto server in a process, and where there are two, on a core, of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import boto3

from bench.measure import cores, environment
from bench.paths import ROOT

RAW: Final = "raw"
LAKE: Final = "lake"
CONFIG: Final = "config.json"


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server listens; it has the buckets ``raw`` and ``lake``."""

    endpoint: str

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="bench",
            aws_secret_access_key="bench",  # noqa: S106 - moto takes any
        )

    def put(self, key: str, body: bytes, fetched_at: datetime) -> None:
        """A raw object as ingest writes it."""
        self.client().put_object(
            Bucket=RAW, Key=key, Body=body, Metadata={"fetched_at": fetched_at.isoformat()}
        )


@contextmanager
def serving() -> Iterator[Server]:
    """A server with empty buckets while the block runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.server"],
        env=environment(),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout and process.stdin  # noqa: S101 - both are pipes
        server = Server(process.stdout.readline().strip())
        for bucket in (RAW, LAKE):
            server.client().create_bucket(Bucket=bucket)
        yield server
        process.stdin.close()


def main() -> None:
    """Serve until standard input closes, as it does when the bench ends in any way."""
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer  # noqa: PLC0415 - not for clients

    os.sched_setaffinity(0, {cores()[1]})
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
