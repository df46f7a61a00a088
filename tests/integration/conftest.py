"""AWS in process: each test gets an empty account of moto's, with the lake's three buckets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

REGION = "us-east-1"


@dataclass(frozen=True)
class FakeContext:
    """What a handler reads of Lambda's context; ``remaining_ms`` is what is left of its time."""

    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"
    remaining_ms: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@cache
def _session() -> boto3.Session:
    """One for all tests: a session of its own would parse the services' models again in each."""
    return boto3.Session("testing", "testing", "testing", REGION)


def _one_at_a_time() -> Callable[..., Any]:
    """moto's answering, a request at a time as AWS's own are atomic: moto itself is not safe for
    threads, and closes a body that another thread's write replaces while it is hashed."""
    answer, lock = BotocoreStubber.process_request, Lock()

    def process_request(*arguments: Any) -> Any:
        with lock:
            return answer(*arguments)

    return process_request


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials of nobody, and moto in place of every AWS endpoint."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", _session())
    monkeypatch.setattr(BotocoreStubber, "process_request", _one_at_a_time())
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield


@pytest.fixture
def s3(aws: None) -> Any:
    """An S3 client with the buckets ``raw``, ``lake`` and ``artifacts``."""
    client = boto3.client("s3", region_name=REGION)
    for bucket in ("raw", "lake", "artifacts"):
        client.create_bucket(Bucket=bucket)
    return client
