"""Deliveries twice, out of order, half done or not ours at all; and S3 failing at any call."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from coinlake.batches import BatchFailed
from coinlake.keys import Partition
from coinlake.s3_events import ObjectRef, created_event
from transform import handler
from transform.parsers import coinbase
from transform.readers.documents import ListReader

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")  # of runs that died

PRODUCTS = ("BTC-USD", "ETH-USD", "SOL-USD")
GOOD = [1795132800, 77290.11, 77480.5, 77353.82, 77361.43, 301.88412077]
BAD = [1795129200, None, 77411.0, 77240.91, 77353.5, 254.10233145]
OCTOBER = [1793487600, 1, 2, 1, 2, 3]


def raw_key(product="BTC-USD"):
    return f"raw/source=coinbase/dataset=candles/dt=2026-11-20/20261120T010000Z.{product}.1h.24.json.gz"


def trusted_key(product="BTC-USD", month="2026-11"):
    return (
        f"trusted/candles/interval=1h/month={month}/coinbase.candles.20261120T010000Z.{product}.1h.24.parquet"
    )


LEDGER = "ledger/coinbase/candles/dt=2026-11-20/20261120T010000Z.BTC-USD.1h.24.json"
QUARANTINE = "quarantine/coinbase/candles/dt=2026-11-20/20261120T010000Z.BTC-USD.1h.24.jsonl"


def older(document):
    """A parser of another time: other partitions than today's."""
    parsed = coinbase.product_candles(document)
    moved = Partition.month("2025-01", interval="1h")
    return replace(parsed, slices=tuple(replace(part, partition=moved) for part in parsed.slices))


@pytest.fixture
def left_by_older_code(line, monkeypatch):
    """The message of an object whose outputs lie where today's code would not put them."""
    message = line.put_rows(raw_key(), [GOOD])
    with monkeypatch.context() as patched:
        patched.setitem(coinbase.DATASETS, "candles", ListReader(older, coinbase.error))
        line.run(message)
    assert set(line.everything()) == {trusted_key(month="2025-01"), LEDGER}
    line.start(CODE_VERSION="version-2")
    return message


def test_any_duplicates_in_any_order_end_in_the_same_bytes(line):
    messages = [line.put_rows(raw_key(product), [GOOD, BAD, OCTOBER]) for product in PRODUCTS]
    line.run(*messages)
    once = line.everything()
    for key in once:
        line.s3.delete_object(Bucket="lake", Key=key)
    shuffled = random.Random(7).sample(messages * 4, 12)
    for start in range(0, 12, 5):
        assert line.run(*shuffled[start : start + 5]) == []
    assert line.everything() == once
    assert len(once) == 4 * len(PRODUCTS)


def test_deliveries_at_the_same_time_end_in_the_same_bytes(line):
    messages = [line.put_rows(raw_key(product), [GOOD, BAD]) for product in PRODUCTS]
    line.run(*messages)
    once = line.everything()
    empty(line)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(handler.stage().process, messages * 4))
    assert line.everything() == once


@pytest.mark.parametrize(
    ("operation", "place"), [("GetObject", raw_key()), ("PutObject", trusted_key()), ("PutObject", LEDGER)]
)
def test_one_failing_message_of_ten_is_returned_and_nine_are_done(line, operation, place):
    products = [f"C{number}-USD" for number in range(10)]
    messages = [line.put_rows(raw_key(product), [GOOD]) for product in products]
    line.broken = (operation, place.replace("BTC-USD", "C3-USD"))
    assert line.run(*messages) == ["message-3"]
    assert {key for key in line.everything() if key.startswith("ledger/")} == {
        LEDGER.replace("BTC-USD", product) for product in products if product != "C3-USD"
    }
    line.broken = None
    assert line.run(messages[3]) == []
    assert trusted_key("C3-USD") in line.everything()


def test_a_bug_returns_its_message_to_the_queue_and_logs_the_type_of_error(line, monkeypatch):
    def broken(_):
        raise ZeroDivisionError

    messages = [line.put_rows(raw_key(), [GOOD]), line.put_rows(raw_key("ETH-USD"), [])]
    monkeypatch.setitem(coinbase.DATASETS, "candles", ListReader(broken, coinbase.error))
    assert line.run(*messages) == ["message-0"]
    (failed,) = line.logged("message failed")
    assert (failed["error"], failed["message_id"]) == ("ZeroDivisionError", "message-0")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{}", "not_s3_event"),
        ("not json", "bad_message"),
        (json.dumps({"Records": [{"eventName": "ObjectRemoved:Delete"}]}), "not_s3_event"),
        (
            created_event(ObjectRef("raw", raw_key())).replace("Created:Put", "Removed:Delete"),
            "ignored_event",
        ),
        (
            created_event(ObjectRef("raw", raw_key())).replace("raw/source", "raw%ZZsource"),
            "bad_key_encoding",
        ),
        (created_event(ObjectRef("other", raw_key())), "unexpected_bucket"),
        (created_event(ObjectRef("raw", "raw/notes.txt")), "unexpected_key"),
    ],
)
def test_a_message_that_is_not_for_us_is_acknowledged_and_counted(line, capsys, body, code):
    assert line.run(body) == []
    assert line.calls == []
    assert [entry["code"] for entry in line.logged("message ignored")] == [code]
    assert json.loads(capsys.readouterr().out)["MessagesIgnored"] == [1.0]


def beside(message: str, *foreign: object, first: bool = True) -> str:
    """A message of more than one record."""
    records = json.loads(message)["Records"]
    return json.dumps({"Records": [*foreign, *records] if first else [*records, *foreign]})


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("foreign", [None, {}, {"eventName": "ObjectRemoved:Delete"}, "x"])
def test_a_foreign_record_does_not_cost_the_good_one_of_its_message(line, capsys, foreign, first):
    assert line.run(beside(line.put_rows(raw_key(), [GOOD]), foreign, first=first)) == []
    assert line.ledger(LEDGER).rows_trusted == 1
    assert [entry["code"] for entry in line.logged("message ignored")] == ["not_s3_event"]
    assert json.loads(capsys.readouterr().out)["MessagesIgnored"] == [1.0]


def test_the_test_event_of_a_new_queue_is_acknowledged(line):
    assert line.run(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "raw"})) == []
    assert line.calls == []


def test_a_raw_object_that_was_deleted_unread_is_counted_and_not_committed(line, capsys):
    """An entry would say for ever that it is done, and reconcile would not see it come back."""
    message = line.put_rows(raw_key(), [GOOD])
    line.s3.delete_object(Bucket="raw", Key=raw_key())
    assert line.run(message) == []
    assert not line.everything()
    assert json.loads(capsys.readouterr().out)["ObjectsMissing"] == [1.0]
    line.run(line.put_rows(raw_key(), [GOOD]))
    assert line.ledger(LEDGER).rows_trusted == 1


def test_a_raw_object_that_was_deleted_afterwards_keeps_its_rows(line):
    message = line.put_rows(raw_key(), [GOOD])
    line.run(message)
    before = line.everything()
    line.s3.delete_object(Bucket="raw", Key=raw_key())
    line.start(CODE_VERSION="version-2")
    assert line.run(message) == []
    assert line.everything() == before


def test_newer_code_deletes_what_older_code_wrote_elsewhere(line, left_by_older_code):
    assert line.run(left_by_older_code) == []
    assert set(line.everything()) == {trusted_key(), LEDGER}
    entry = line.ledger(LEDGER)
    assert (entry.version, entry.outputs, entry.notes) == ("version-2", (trusted_key(),), ())


def test_newer_code_deletes_a_quarantine_that_is_no_longer_needed(line, monkeypatch):
    message = line.put_rows(raw_key(), [GOOD, [*OCTOBER, "new"]])
    with monkeypatch.context() as patched:
        patched.setattr(coinbase, "_CANDLE_FIELDS", (*coinbase._CANDLE_FIELDS, "more"))
        line.run(message)
    assert QUARANTINE in line.everything()
    line.start(CODE_VERSION="version-2")
    line.run(message)
    assert set(line.everything()) == {trusted_key(), trusted_key(month="2026-10"), LEDGER}


def test_the_same_outputs_under_newer_code_cost_two_more_calls(line):
    message = line.put_rows(raw_key(), [GOOD])
    line.run(message)
    line.start(CODE_VERSION="version-2")
    line.run(message)
    assert line.calls == ["GetObject", "PutObject", "PutObject", "GetObject", "PutObject"]


def test_a_rerun_of_what_is_done_may_die_at_any_call(line):
    message = line.put_rows(raw_key(), [GOOD, BAD, OCTOBER])
    line.run(message)
    before = line.everything()
    assert_any_death_is_repaired(line, message, lambda: None)
    assert line.everything() == before


def test_an_entry_that_vanishes_between_the_refusal_and_the_read_brings_the_message_back(line):
    """Nobody deletes entries while the function runs; if somebody does, nothing may be taken for done."""
    message = line.put_rows(raw_key(), [GOOD])
    line.run(message)

    def vanish(model, **_):
        if model.name == "GetObject" and "PutObject" in line.calls:
            line.s3.delete_object(Bucket="lake", Key=LEDGER)

    handler.stage().raw.client.meta.events.register("before-call.s3", vanish)
    with pytest.raises(BatchFailed):
        line.run(message)
    assert line.run(message) == []
    assert line.ledger(LEDGER).rows_trusted == 1


def assert_any_death_is_repaired(line, message, prepare):
    """Die before and after each AWS call of a run, each time from a lake that ``prepare`` makes."""
    prepare()
    line.run(message)
    count, done = len(line.calls), line.everything()
    for phase in ("before", "after"):
        for call in range(1, count + 1):
            prepare()
            line.run_and_die(message, phase, call)
            assert line.run(message) == []
            assert line.everything() == done, (phase, call)


def empty(line):
    for key in line.everything():
        line.s3.delete_object(Bucket="lake", Key=key)


def test_a_crash_before_or_after_any_call_is_repaired_by_the_next_delivery(line):
    message = line.put_rows(raw_key(), [GOOD, BAD, OCTOBER])
    assert_any_death_is_repaired(line, message, lambda: empty(line))


def test_a_crash_while_replacing_older_outputs_is_repaired_too(line, left_by_older_code):
    before = line.everything()
    metadata = line.s3.head_object(Bucket="lake", Key=LEDGER)["Metadata"]

    def as_older_code_left_it():
        empty(line)
        for key, body in before.items():
            line.s3.put_object(Bucket="lake", Key=key, Body=body, Metadata=metadata if key == LEDGER else {})

    assert_any_death_is_repaired(line, left_by_older_code, as_older_code_left_it)
