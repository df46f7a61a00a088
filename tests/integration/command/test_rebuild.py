"""``coinlake rebuild``: every zone computed anew gives the bytes that events left, or is replaced."""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from coinlake.keys import RawKey, Slot
from coinlake.queues import Message
from coinlake.s3_events import ObjectRef, created_event
from ops.cli import app
from ops.listing import entries
from ops.rebuild.comparison import Comparison, State
from ops.rebuild.scratch_bucket import ScratchBucket
from ops.stack import Stack
from refine.partitions import RefinedZone, TrustedFiles
from refine.pipeline import Pipeline
from transform import wiring

START = datetime(2026, 11, 20, tzinfo=UTC)
PART = "refined/candles/interval=1h/month=2026-11/part.parquet"


def candles(hour: int, count: int) -> list[list[float]]:
    """Coinbase's rows of ``count`` hours before this one."""
    first = int((START + timedelta(hours=hour - count)).timestamp())
    return [[first + 3600 * at, 10, 99, 11, 12 + hour + at, 3.5] for at in range(count)]


def land(stack: Stack) -> list[str]:
    """Windows that overlap, with a bad row, in raw; their events."""
    events = []
    for hour in range(30, 36):
        key = RawKey("coinbase", "candles", Slot(START + timedelta(hours=hour), ("BTC-USD", "1h", "6")))
        body = gzip.compress(json.dumps([*candles(hour, 6), [1, 2]]).encode(), mtime=0)
        stack.raw.put(str(key), body, metadata={"fetched_at": f"2026-11-21T{hour - 24:02d}:00:02+00:00"})
        events.append(created_event(ObjectRef(stack.raw_bucket, str(key), len(body))))
    return events


@pytest.fixture
def lake(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack whose stages did their work on some raw objects, in an order of their own."""
    url = stack.aws.client("sqs").create_queue(QueueName="refine")["QueueUrl"]
    stack = replace(stack, queues={**stack.queues, "refine": {"url": url, "dlq_url": url}})
    monkeypatch.setattr(Stack, "find", lambda _env: stack)
    transform = wiring.assemble(stack.raw, stack.lake, stack.config(), "deployed", 1 << 20)
    for event in reversed(land(stack)):
        transform.process(event)
    pipeline = Pipeline(stack.lake_bucket, TrustedFiles(stack.lake), RefinedZone(stack.lake))
    for entry in entries(stack.lake, "trusted/"):
        event = created_event(ObjectRef(stack.lake_bucket, entry.key))
        assert not pipeline.process([Message("one", event, "")]).failed
    return stack


@pytest.fixture
def rebuild(lake: Stack) -> Callable[..., tuple[int, str]]:
    """Run the command; its exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["rebuild", *arguments], env={"COLUMNS": "200"})
        return done.exit_code, done.output

    return run


def objects(stack: Stack) -> dict[str, str]:
    return {entry.key: entry.etag for entry in entries(stack.lake, "")}


def test_all_that_events_left_equals_what_is_computed_anew(lake, rebuild):
    before = objects(lake)
    code, shown = rebuild("--check")
    assert code == 0, shown
    assert "quarantine/coinbase/candles/dt=2026-11-21" in shown
    assert "trusted/candles/interval=1h/month=2026-11" in shown
    assert "refined/candles/interval=1d/month=2026-11" in shown
    assert not {str(state) for state in State if state is not State.EQUAL} & set(shown.split())
    assert objects(lake) == before


def spoil(lake: Stack) -> None:
    """A part changed by hand, one lost, one that nothing explains."""
    lake.lake.put(PART, b"changed by hand")
    lake.lake.delete(PART.replace("1h", "4h"))
    lake.lake.put(PART.replace("2026-11", "2020-01"), b"of no trusted file")


def test_differing_missing_and_extra_files_are_named_and_fail_the_check(lake, rebuild):
    spoil(lake)
    rejected = next(entries(lake.lake, "quarantine/")).key
    lake.lake.put(rejected, b"changed by hand")
    verdicts = Counter()
    code, shown = rebuild("--check")
    for line in shown.splitlines():
        verdicts.update(
            state for state in ("differs", "missing", "extra") if f"1 {state}" in line and "/" in line
        )
    assert code == 1
    assert verdicts == {"differs": 2, "missing": 1, "extra": 1}, shown


def test_rebuild_puts_refined_right_and_touches_nothing_else(lake, rebuild):
    before = objects(lake)
    spoil(lake)
    code, shown = rebuild("--yes")
    assert code == 0
    assert "3 parts replaced" in shown
    assert objects(lake) == before
    assert rebuild("--check")[0] == 0


def test_events_that_wait_for_refine_are_reported(lake, rebuild):
    lake.queue("refine").send(["{}"])
    assert "1 events wait for refine" in rebuild("--check")[1]


def test_without_a_terminal_nothing_is_replaced_unless_that_is_said(lake, rebuild):
    spoil(lake)
    before = objects(lake)
    assert rebuild()[0] == 1
    assert objects(lake) == before


def test_an_extra_file_that_refine_rewrote_meanwhile_is_kept(lake, tmp_path):
    key = PART.replace("2026-11", "2020-01")
    lake.lake.put(key, b"of no trusted file")
    comparison = Comparison.of(
        lake.lake, ScratchBucket(lake.lake.client, tmp_path, ("refined/",)), entries(lake.lake, key)
    )
    (extra,) = comparison
    lake.lake.put(key, b"of a file that came meanwhile")
    assert extra.state is State.EXTRA
    assert not comparison.repair(extra)
    assert lake.lake.get(key, 100).body == b"of a file that came meanwhile"
