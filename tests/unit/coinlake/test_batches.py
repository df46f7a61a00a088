import pytest

from coinlake.batches import BatchFailed, batch_response, process

RECORDS = [{"messageId": "a", "body": "1"}, {"messageId": "b", "body": "2"}]


def test_only_the_messages_that_failed_come_again():
    assert batch_response(RECORDS, ["b"]) == {"batchItemFailures": [{"itemIdentifier": "b"}]}


@pytest.mark.parametrize("records", [RECORDS, []])
def test_a_batch_without_failures_is_done(records: list[dict[str, str]]):
    assert batch_response(records, []) == {"batchItemFailures": []}


def test_a_batch_that_failed_whole_is_an_error_that_the_alarm_counts():
    with pytest.raises(BatchFailed, match="all 2 messages"):
        batch_response(RECORDS, ["a", "b"])


def test_one_message_that_raises_does_not_keep_the_others_from_being_handled():
    handled: list[str] = []

    def handle(body: str) -> None:
        if body == "1":
            raise RuntimeError("poisoned")
        handled.append(body)

    assert process(RECORDS, handle) == {"batchItemFailures": [{"itemIdentifier": "a"}]}
    assert handled == ["2"]


def test_a_record_without_a_body_fails_by_itself():
    records = [{"messageId": "bad"}, RECORDS[0]]
    assert process(records, lambda _: None) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}


def test_a_batch_whose_every_message_raises_raises():
    def handle(_: str) -> None:
        raise RuntimeError("everything is down")

    with pytest.raises(BatchFailed, match="all 2 messages"):
        process(RECORDS, handle)
