"""Two runs at once, deliveries in any order, deaths at any call, and files that nobody can read."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from coinlake.batches import BatchFailed
from coinlake.keys import RawKey, Slot
from coinlake.queues import Message
from coinlake.retries import Backoff
from coinlake.s3_events import ObjectRef, created_event
from refine import handler
from refine.partitions import RefinedZone
from tests.integration.refine.conftest import Killed
from tests.unit.refine.rows import DAY, candle, quote, raw_key

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

MINUTES, HOURS = "interval=1m/month=2026-11", "interval=1h/month=2026-11"
QUOTES = "refined/quotes/dt=2026-11-20/part.parquet"


def page(number: int) -> RawKey:
    return RawKey("coingecko", "quotes", Slot(DAY, ("usd", f"p{number}")))


def day_of_events(line) -> list[str]:
    """Minutes in overlapping windows, a revision of one, the venue's own hours, quotes."""
    messages = []
    for number in range(4):
        key = raw_key(30 * (number + 1))
        rows = [candle(minute, number + 1, key) for minute in range(30 * number, 30 * number + 45)]
        messages.append(line.put("candles", MINUTES, key, rows))
    revised = raw_key(60, revision=1)
    messages.append(line.put("candles", MINUTES, revised, [candle(31, 99, revised)]))
    own = raw_key(121)
    messages.append(line.put("candles", HOURS, own, [candle(60, 7, own)]))
    messages += [
        line.put("quotes", "dt=2026-11-20", page(n), [quote(1, n, page(n)), quote(n + 1, n, page(n))])
        for n in range(3)
    ]
    return messages


def forget(line) -> None:
    for key in line.refined():
        line.s3.delete_object(Bucket="lake", Key=key)


def different(line, expected: dict[str, bytes]) -> list[str]:
    """The keys that are not as expected."""
    found = line.refined()
    return sorted(key for key in found.keys() | expected if found.get(key) != expected.get(key))


def test_any_order_in_any_batches_any_number_of_times_ends_in_the_same_bytes(line):
    messages, dice = day_of_events(line), random.Random(5)
    assert line.run(*messages) == []
    expected = line.refined()
    parts = [key for key in expected if key.startswith(("refined/quotes/", "refined/candles/"))]
    assert len(parts) == 9  # quotes, minutes, hours, and six intervals between them and above
    for _ in range(3):
        forget(line)
        delivered = messages + dice.choices(messages, k=4)
        dice.shuffle(delivered)
        while delivered:
            size = dice.randint(1, 5)
            assert line.run(*delivered[:size]) == []
            delivered = delivered[size:]
        assert different(line, expected) == []


def test_a_run_killed_at_any_call_is_repaired_by_the_next(line):
    messages = day_of_events(line)
    line.run(*messages)
    expected, calls = line.refined(), len(line.calls)
    assert calls > 20
    for phase, first in (("before", 1), ("after", 7)):
        for call in range(first, calls + 1, 13):
            forget(line)
            line.kill = (phase, call)
            with pytest.raises(Killed):
                line.run(*messages)
            line.kill = None
            line.run(*messages)
            assert different(line, expected) == [], (phase, call)


def test_a_run_killed_before_it_deleted_its_messages_gets_them_again(line):
    line.send(*day_of_events(line))
    line.kill = ("before", 5)
    with pytest.raises(Killed):
        line.run_scheduled()
    line.kill = None
    assert line.waiting() == 9


def test_two_runs_that_race_for_a_partition_never_lose_a_row(line):
    messages = [line.put("quotes", "dt=2026-11-20", page(n), [quote(n, n, page(n))]) for n in range(12)]
    pipeline = handler.stage().pipeline

    def run(body: str) -> set[str]:
        return pipeline.process([Message("one", body, "")]).failed

    with ThreadPoolExecutor(4) as pool:
        failed = set().union(*pool.map(run, messages))
    assert not failed
    assert len(line.rows(QUOTES)) == 12
    raced = line.counted("PutObject")[QUOTES]
    assert raced > 12, "nobody raced: the test proves nothing"


def test_a_run_that_lost_the_race_reads_the_winners_rows(line, monkeypatch):
    """The other run writes between this one's read and its write, once."""
    mine, theirs = (line.put("quotes", "dt=2026-11-20", page(n), [quote(n, n, page(n))]) for n in (1, 2))
    pipeline, turns = handler.stage().pipeline, count()
    original = RefinedZone._put

    def interrupted(zone, partition, body, etag):
        if next(turns) == 0:
            pipeline.process([Message("theirs", theirs, "")])
        original(zone, partition, body, etag)

    monkeypatch.setattr(RefinedZone, "_put", interrupted)
    assert line.run(mine) == []
    assert [row["price"] for row in line.rows(QUOTES)] == [1, 2]


def test_a_partition_that_others_never_stop_writing_fails_its_messages_only(line, monkeypatch):
    monkeypatch.setattr("refine.partitions.REFINED_WRITE", Backoff(0.001, 0.001, attempts=3))
    line.run(line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 1, page(1))]))
    original, turns = RefinedZone._get, count()

    def always_older(zone, partition):
        body, etag = original(zone, partition)
        return body, f"other-{next(turns)}" if partition.key == QUOTES else etag

    monkeypatch.setattr(RefinedZone, "_get", always_older)
    bad = line.put("quotes", "dt=2026-11-20", page(2), [quote(2, 2, page(2))])
    good = line.put("quotes", "dt=2026-11-19", page(3), [quote(3, 3, page(3))])
    assert line.run(bad, good) == ["message-0"]
    assert "refined/quotes/dt=2026-11-19/part.parquet" in line.refined()


def test_an_unreadable_file_blocks_neither_its_partition_nor_another(line):
    poison = line.put_body(str(page(9).trusted("quotes", "dt=2026-11-20")), b"no parquet at all")
    good = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 1, page(1))])
    other = line.put("candles", MINUTES, raw_key(0), [candle(0, 1, raw_key(0))])
    assert line.run(poison, good, other) == ["message-0"]
    assert len(line.rows(QUOTES)) == 1
    assert f"refined/candles/{MINUTES}/part.parquet" in line.refined()


def test_only_the_messages_that_failed_stay_in_the_queue(line):
    poison = line.put_body(str(page(9).trusted("quotes", "dt=2026-11-20")), b"no parquet at all")
    line.send(poison, line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 1, page(1))]))
    assert line.run_scheduled()["failed"] == 1
    assert line.waiting() == 1


def test_a_run_in_which_everything_fails_is_an_error_of_the_function(line):
    line.send(line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 1, page(1))]))
    line.broken = ("PutObject", "refined/")
    with pytest.raises(BatchFailed, match="all 1 messages"):
        line.run_scheduled()
    assert line.waiting() == 1


def test_a_file_that_transform_deleted_meanwhile_needs_no_merging(line):
    key = str(page(1).trusted("quotes", "dt=2026-11-20"))
    assert line.run(created_event(ObjectRef("lake", key))) == []
    assert line.refined() == {}
