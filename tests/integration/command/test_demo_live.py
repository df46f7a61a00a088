"""The demo's live part and its end: what it waits for before it claims anything."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coinlake.keys import RawKey, Slot
from coinlake.records import LedgerEntry
from ops.demo import site as demo_site
from ops.demo import waiting as demo_wait
from ops.demo.live import Present
from ops.demo.waiting import NotLanded, Patience
from ops.stack import Stack

from .landing import NOW


class NoCollector:
    """Nothing is asked of it here."""


@pytest.fixture
def patience(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Patience:
    monkeypatch.setattr(demo_wait, "POLL_SECONDS", 0)
    monkeypatch.setattr("ops.status.report.now", lambda: NOW)
    return Patience(stack, Path("ministack.log"))


def batch(stack: Stack, seconds: int, number: str) -> RawKey:
    """A batch of trades that the collector opened so long after the demo began."""
    key = RawKey("binance", "trades", Slot(NOW + timedelta(seconds=seconds), ("laptop", number)), "jsonl")
    stack.raw.put(str(key), b"frames")
    return key


def commit(stack: Stack, key: RawKey) -> None:
    entry = LedgerEntry(str(key), "etag", "version", rows_in=1, rows_trusted=1, rows_quarantined=0)
    stack.lake.put(str(key.ledger()), entry.to_json())


def test_every_batch_since_the_demo_began_must_be_committed(stack: Stack, patience: Patience) -> None:
    batch(stack, -60, "000000001")
    ours = [batch(stack, 5, "000000002"), batch(stack, 10, "000000003")]
    present = Present(stack, NoCollector(), patience, NOW)  # type: ignore[arg-type]
    assert present._uncommitted() == "2 batches"
    commit(stack, ours[0])
    assert present._uncommitted() == "1 batches"
    commit(stack, ours[1])
    assert present._uncommitted() == ""


def watchlist(stack: Stack, observed_at: int | None) -> None:
    assets: list[dict[str, Any]] = [{"base": "BTC", "observed_at": observed_at}]
    stack.site.put(demo_site.WATCHLIST, json.dumps({"assets": assets}).encode())


def test_the_dashboard_must_have_a_price_of_this_demo(
    stack: Stack, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = replace(stack, site_bucket=stack.artifacts_bucket)
    monkeypatch.setattr(demo_site, "REFINE_SECONDS", 0)
    with pytest.raises(NotLanded, match="the dashboard's first files: nothing came"):
        demo_site.published(stack, patience, NOW)
    watchlist(stack, int(NOW.timestamp()) - 60)
    with pytest.raises(NotLanded, match="prices of this demo on the dashboard"):
        demo_site.published(stack, patience, NOW)
    watchlist(stack, int(NOW.timestamp()))
    demo_site.published(stack, patience, NOW)
