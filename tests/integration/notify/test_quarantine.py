"""Quarantine objects in, notices out."""

from datetime import datetime, timedelta

from coinlake.records import Rejection
from notify import quarantine
from tests.integration.notify.conftest import configuration, now

ROWS = [Rejection.of("missing_price", row, "price", None) for row in range(11)] + [
    Rejection.of("nonfinite", 11, "price", "NaN\x1b[31m")
]


def test_quarantined_rows_are_mailed_with_counts_samples_and_where_to_look(line):
    key = line.quarantine(*ROWS)
    assert line.announce(key, key) == line.announce(key) == []
    [mail] = line.mails()
    assert mail["Subject"] == (
        "[coinlake] 12 rows of coingecko quotes quarantined (missing_price 11, nonfinite 1)"
    )
    for text in ("row 0: missing_price", "and 7 more", f"aws s3 cp s3://lake/{key} -", "coinlake status"):
        assert text in mail["Message"]
    assert "raw/source=coingecko/dataset=quotes/" in mail["Message"]


def test_one_source_and_dataset_is_mailed_once_within_the_cooldown(line):
    first = line.quarantine(*ROWS)
    line.announce(first)
    line.quarantine(ROWS[0])  # the same key with other bytes, as a replay under newer code writes it
    line.announce(first)
    assert len(line.mails()) == 1


def test_the_cooldown_counts_from_when_the_object_was_written(line):
    key = line.quarantine(*ROWS)
    line.announce(key)
    written = line.s3.head_object(Bucket="lake", Key=key)["LastModified"]
    [state] = line.items("notice#quarantine#coingecko.quotes")
    assert datetime.fromisoformat(state["sent_at"]["S"]) == written


def test_an_answer_that_is_rejected_as_a_whole_gets_one_notice(line):
    line.announce(line.quarantine(Rejection.of("not_json", value="<html>")))
    [mail] = line.mails()
    assert mail["Subject"] == "[coinlake] a whole answer of coingecko quotes quarantined (not_json 1)"
    assert "it is kept in raw as it was received" in mail["Message"]


def test_a_quarantine_too_large_to_read_is_mailed_without_counts(line, monkeypatch):
    monkeypatch.setattr(quarantine, "MAX_QUARANTINE_BYTES", 10)
    line.announce(line.quarantine(*ROWS))
    assert line.mails()[0]["Subject"] == "[coinlake] very many rows of coingecko quotes quarantined"


def test_a_quarantine_object_of_another_shape_or_gone_is_done_with(line):
    key = line.quarantine(*ROWS)
    for body in (b"", b"no json", b'{"raw_key": "x"}', b"[1]"):
        line.s3.put_object(Bucket="lake", Key=key, Body=body)
        assert line.announce(key) == []
    line.s3.delete_object(Bucket="lake", Key=key)
    assert line.announce(key) == []
    assert line.mails() == []


def test_quarantine_notices_can_be_turned_off(line):
    document = configuration()
    document["notices"]["quarantine"] = False
    line.configure(document)
    assert line.announce(line.quarantine(*ROWS)) == []
    assert line.mails() == []


def test_a_replay_of_old_objects_mails_nothing(line):
    line.announce(line.quarantine(Rejection("missing_price", 0), due=now() - timedelta(days=2)))
    assert line.mails() == []
