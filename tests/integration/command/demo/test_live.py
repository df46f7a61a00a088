"""The demo's live part and its end: what it waits for before it claims anything."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coinlake.keys import RawKey, Slot
from coinlake.records import LedgerEntry
from ops import waiting
from ops.demo import demo
from ops.demo.landing import LandingTimeout, LandingWait
from ops.demo.live import LiveCapture
from ops.stack import Stack

from ..landing import NOW


class NoCollector:
    """Nothing is asked of it here."""


@pytest.fixture
def wait(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> LandingWait:
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0)
    monkeypatch.setattr("ops.dates.now", lambda: NOW)
    return LandingWait(stack, Path("ministack.log"))


def batch(stack: Stack, seconds: int, number: str) -> RawKey:
    """A batch of trades that the collector opened so long after the demo began."""
    key = RawKey("binance", "trades", Slot(NOW + timedelta(seconds=seconds), ("laptop", number)), "jsonl")
    stack.raw.put(str(key), b"frames")
    return key


def commit(stack: Stack, key: RawKey) -> None:
    entry = LedgerEntry(str(key), "etag", "version", rows_in=1, rows_trusted=1, rows_quarantined=0)
    stack.lake.put(str(key.ledger()), entry.to_json())


def test_every_batch_since_the_demo_began_must_be_committed(stack: Stack, wait: LandingWait) -> None:
    batch(stack, -60, "000000001")
    ours = [batch(stack, 5, "000000002"), batch(stack, 10, "000000003")]
    capture = LiveCapture(stack, NoCollector(), wait, NOW)  # type: ignore[arg-type]
    assert capture._pending() == "2 batches"
    commit(stack, ours[0])
    assert capture._pending() == "1 batches"
    commit(stack, ours[1])
    assert capture._pending() == ""


def watchlist(stack: Stack, observed_at: int | None) -> None:
    assets: list[dict[str, Any]] = [{"base": "BTC", "observed_at": observed_at}]
    stack.site.put(demo.WATCHLIST, json.dumps({"assets": assets}).encode())


def test_the_dashboard_must_have_a_price_of_this_demo(
    stack: Stack, wait: LandingWait, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = replace(stack, site_bucket=stack.artifacts_bucket)
    monkeypatch.setattr(demo, "REFINE_SECONDS", 0)
    with pytest.raises(LandingTimeout, match="the dashboard's first files: nothing came"):
        demo.wait_until_published(stack, wait, NOW)
    watchlist(stack, int(NOW.timestamp()) - 60)
    with pytest.raises(LandingTimeout, match="prices of this demo on the dashboard"):
        demo.wait_until_published(stack, wait, NOW)
    watchlist(stack, int(NOW.timestamp()))
    demo.wait_until_published(stack, wait, NOW)
