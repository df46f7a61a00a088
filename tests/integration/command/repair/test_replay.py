"""What `coinlake replay` chooses, sends and forgets."""

from datetime import timedelta
from typing import Any

import pytest

from coinlake.errors import BadConfiguration
from coinlake.s3_events import created_objects
from ops import waiting
from ops.dates import DateRange
from ops.repair import replay
from ops.stack import Stack

from ..landing import NOW, bodies, land


def choose(stack: Stack, **kinds: Any) -> list[Any]:
    days = DateRange.parse("2026-11-20", "2026-11-21", NOW.date())
    return replay.Selection(kinds.get("source"), kinds.get("dataset"), days).of(stack)


def test_replay_sends_the_chosen_days_as_s3_would(stack):
    wanted = [land(stack, NOW - timedelta(days=days)) for days in (0, 1)]
    land(stack, NOW - timedelta(days=2))
    counts: list[int] = []
    replay.send(stack, choose(stack), counts.append)
    refs = [
        ref for body in bodies(stack, stack.queue("transform").url) for ref in created_objects(body).objects
    ]
    assert sorted(ref.key for ref in refs) == sorted(str(key) for key in wanted)
    assert {(ref.bucket, ref.size) for ref in refs} == {("raw", 3)}
    assert refs[0].etag == stack.raw.head(refs[0].key).etag
    assert counts == [2]


def test_replay_takes_only_the_source_and_dataset_asked_for(stack):
    land(stack, NOW)
    assert choose(stack, source="coinbase") == []
    assert len(choose(stack, source="coingecko", dataset="quotes")) == 1
    with pytest.raises(BadConfiguration, match="there are coinbase/candles, coingecko/quotes"):
        choose(stack, source="coingeko")


def test_a_forced_replay_takes_the_version_off_the_chosen_entries_only_and_keeps_what_they_say(stack):
    chosen, other = land(stack, NOW), land(stack, NOW - timedelta(days=5))
    before = {key: stack.lake.get(str(key.ledger()), 9999) for key in (chosen, other)}
    replay.clear_version(stack, choose(stack))
    after = {key: stack.lake.get(str(key.ledger()), 9999) for key in (chosen, other)}
    assert after[chosen].metadata == {**before[chosen].metadata, "version": "replayed"}
    assert after[chosen].body == before[chosen].body
    assert after[other].metadata == before[other].metadata


def test_an_object_that_is_not_committed_yet_needs_no_clearing(stack):
    key = land(stack, NOW)
    stack.lake.delete(str(key.ledger()))
    replay.clear_version(stack, choose(stack))
    assert list(stack.lake.keys("ledger/")) == []


def test_waiting_ends_when_the_queue_is_empty_and_says_so_when_it_is_not(stack, monkeypatch):
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0)
    replay.wait(stack, 1, lambda _: None)
    land(stack, NOW)
    replay.send(stack, choose(stack), lambda _: None)
    with pytest.raises(replay.NotDrained, match="1 messages still wait"):
        replay.wait(stack, 0, lambda _: None)
