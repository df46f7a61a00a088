"""What a new task learns from the table of latest prices, however little DynamoDB answers at a time."""

import boto3
import pytest
from botocore.stub import Stubber

from coinlake.errors import StoreUnavailable
from coinlake.items import MAX_ROUNDS
from stream.latest import LatestTable


@pytest.fixture
def dynamodb():
    client = boto3.client(
        "dynamodb", "eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    with Stubber(client) as stubber:
        yield client, stubber


def keys(*streams):
    return {"latest": {"Keys": [{"stream": {"S": stream}} for stream in streams]}}


def row(stream, received_at):
    return {"stream": {"S": stream}, "received_at": {"N": str(received_at)}, "uploaded_id": {"N": "7"}}


def test_streams_that_an_answer_left_out_are_asked_for_again(dynamodb):
    client, stubber = dynamodb
    left_out = {"Responses": {"latest": [row("a@trade", 1)]}, "UnprocessedKeys": keys("b@trade")}
    stubber.add_response("batch_get_item", left_out, {"RequestItems": keys("a@trade", "b@trade")})
    rest = {"Responses": {"latest": [row("b@trade", 2)]}, "UnprocessedKeys": {}}
    stubber.add_response("batch_get_item", rest, {"RequestItems": keys("b@trade")})
    assert LatestTable(client, "latest", 60).recall({"a@trade": "a", "b@trade": "b"}) == {
        "a@trade": {"received_at": 1, "uploaded_id": 7},
        "b@trade": {"received_at": 2, "uploaded_id": 7},
    }
    stubber.assert_no_pending_responses()


def test_a_table_that_answers_nothing_again_and_again_is_unavailable(dynamodb):
    client, stubber = dynamodb
    for _ in range(MAX_ROUNDS):
        stubber.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": keys("a@trade")})
    with pytest.raises(StoreUnavailable, match="left keys unread"):
        LatestTable(client, "latest", 60).recall({"a@trade": "a"})


def test_a_row_of_another_source_is_not_recalled(dynamodb):
    """After the host was changed the table still has the other venue's trades under the stream's name."""
    client, stubber = dynamodb
    rows = [row("a@trade", 1) | {"source": {"S": "binance"}}, row("b@trade", 2) | {"source": {"S": "b"}}]
    stubber.add_response("batch_get_item", {"Responses": {"latest": rows}, "UnprocessedKeys": {}})
    table = LatestTable(client, "latest", 60)
    assert list(table.recall({"a@trade": "binance_us", "b@trade": "b"})) == ["b@trade"]
