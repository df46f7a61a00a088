"""The one file that speaks to S3: what each of S3's answers becomes."""

import io
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from coinlake.errors import NotFound, PreconditionFailed, StoreUnavailable, TooLarge
from coinlake.stores import ObjectStore, compressed

ONCE = Config(retries={"max_attempts": 0})
KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


@pytest.fixture
def client() -> Any:
    return boto3.client("s3", region_name="us-east-1", config=ONCE, **KEYS)


@pytest.fixture
def stub(client: Any):
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def store(client: Any) -> ObjectStore:
    return ObjectStore(client, "raw")


def answer(body: bytes, length: int) -> dict[str, Any]:
    return {
        "Body": StreamingBody(io.BytesIO(body), length),
        "ContentLength": length,
        "ETag": '"abc"',
        "Metadata": {},
        "LastModified": datetime(2026, 11, 21, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("SlowDown", 503, StoreUnavailable),
        ("InternalError", 500, StoreUnavailable),
        ("AccessDenied", 403, StoreUnavailable),
        ("ConditionalRequestConflict", 409, StoreUnavailable),
        ("PreconditionFailed", 412, PreconditionFailed),
    ],
)
def test_a_refused_write_says_whether_a_retry_helps(stub, store, code, status, error):
    stub.add_client_error("put_object", code, http_status_code=status)
    with pytest.raises(error, match="s3://raw/key"):
        store.put("key", b"", IfNoneMatch="*")


@pytest.mark.parametrize(("verb", "code"), [("get_object", "NoSuchKey"), ("head_object", "404")])
def test_an_object_that_is_gone_is_not_found(stub, store, verb, code):
    stub.add_client_error(verb, code, http_status_code=404)
    with pytest.raises(NotFound, match="s3://raw/key does not exist"):
        store.get("key", 10) if verb == "get_object" else store.head("key")


def test_a_right_that_is_missing_is_named_and_never_taken_for_a_missing_object(stub, store):
    stub.add_client_error("head_object", "403", http_status_code=403)
    with pytest.raises(StoreUnavailable, match="could not head s3://raw/key: 403"):
        store.head("key")


def test_a_body_that_is_cut_midway_is_tried_again_not_read_short(stub, store):
    stub.add_response("get_object", answer(b"half", 8))
    with pytest.raises(StoreUnavailable, match="could not get s3://raw/key: IncompleteReadError"):
        store.get("key", 10)


def test_an_object_over_its_cap_is_never_read(stub, store):
    body = answer(b"x" * 11, 11)
    stub.add_response("get_object", body)
    with pytest.raises(TooLarge, match="11 bytes"):
        store.get("key", 10)
    assert body["Body"]._raw_stream.closed


def test_a_network_that_is_down_is_a_fault_that_a_retry_may_heal():
    nowhere = boto3.client(
        "s3", region_name="us-east-1", config=ONCE, endpoint_url="http://127.0.0.1:9", **KEYS
    )
    with pytest.raises(StoreUnavailable, match=EndpointConnectionError.__name__):
        ObjectStore(nowhere, "raw").head("key")


def test_a_listing_that_fails_on_a_later_page_raises_and_never_ends_early(stub, store):
    page = {"Contents": [{"Key": "a"}], "IsTruncated": True, "NextContinuationToken": "t"}
    stub.add_response("list_objects_v2", page)
    stub.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)
    listing = store.keys("raw/")
    assert next(listing) == "a"
    with pytest.raises(StoreUnavailable, match="could not list s3://raw/raw/: SlowDown"):
        next(listing)


def test_equal_bodies_compress_to_equal_bytes():
    assert compressed(b"body") == compressed(b"body")
    assert compressed(b"body")[4:8] == bytes(4)  # no time
