import pytest

from coinlake.batches import BatchFailed, batch_answer

RECORDS = [{"messageId": "a"}, {"messageId": "b"}]


def test_only_the_messages_that_failed_come_again():
    assert batch_answer(RECORDS, ["b"]) == {"batchItemFailures": [{"itemIdentifier": "b"}]}


@pytest.mark.parametrize("records", [RECORDS, []])
def test_a_batch_without_failures_is_done(records: list[dict[str, str]]):
    assert batch_answer(records, []) == {"batchItemFailures": []}


def test_a_batch_that_failed_whole_is_an_error_that_the_alarm_counts():
    with pytest.raises(BatchFailed, match="all 2 messages"):
        batch_answer(RECORDS, ["a", "b"])
