"""What a task of the job asks S3 for: of a raw object that is done, one HEAD of its ledger entry."""

import gzip
from collections import Counter

import pytest

from coinlake.stores import ObjectStore
from spark.selection import Only, Selection
from spark.stages import stages
from spark.trusted import transformed
from tests.integration.transform.test_golden_bytes import CASES

NAMES = ("binance tickers, bad", "binance trades, good", "coinbase tickers, good", "coins: empty object")


@pytest.fixture
def run(s3, settings, accumulator):
    """Run a task over all raw objects: its tally, and its calls of S3."""
    for name in NAMES:
        key, body = CASES[name]
        packed = b"" if body is None else gzip.compress(body, mtime=0)
        s3.put_object(
            Bucket="raw", Key=key, Body=packed, Metadata={"fetched_at": "2026-11-20T12:00:00+00:00"}
        )

    def run(only, version="version-1"):
        redo, calls = only is Only.ALL, Counter()
        entries = Selection().raw(ObjectStore(s3, "raw"), ObjectStore(s3, "lake"), only)
        events = stages(settings(version), redo=redo).puts.s3.meta.events
        events.register("before-call.s3", lambda model, **_: calls.update([model.name]), unique_id="count")
        (tally,) = transformed(settings(version), redo, accumulator, accumulator, [entries])
        events.unregister("before-call.s3", unique_id="count")
        return tally, calls

    return run


def test_what_is_done_is_one_head_and_not_transformed_again(run):
    first, calls = run(Only.STALE)
    assert (first.objects, first.done, first.failed) == (len(NAMES), 0, 0)
    assert calls["PutObject"] >= 2 * len(NAMES)
    again, calls = run(Only.STALE)
    assert (again.objects, again.done, again.rows_in) == (len(NAMES), len(NAMES), 0)
    assert calls == {"HeadObject": len(NAMES)}


def test_of_what_has_an_entry_missing_asks_nothing_at_all(run):
    assert run(Only.MISSING)[0].done == 0
    again, calls = run(Only.MISSING)
    assert (again.objects, calls) == (0, {})


def test_other_code_other_bytes_and_all_are_transformed_again(s3, run):
    run(Only.STALE)
    newer, _ = run(Only.STALE, "version-2")
    assert (newer.done, newer.written) == (0, 0)
    assert newer.rows_in == newer.rows_trusted + newer.rows_quarantined > 0
    key, body = CASES["binance trades, good"]
    s3.put_object(Bucket="raw", Key=key, Body=gzip.compress(body + b"\n", mtime=0))
    changed, _ = run(Only.STALE, "version-2")
    assert (changed.done, changed.failed) == (len(NAMES) - 1, 0)
    everything, _ = run(Only.ALL, "version-2")
    assert (everything.objects, everything.done, everything.written) == (len(NAMES), 0, 0)
    assert everything.unchanged > 0
