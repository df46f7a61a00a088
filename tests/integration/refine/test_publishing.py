"""A scheduled run that ends in a fault still shows on the dashboard what it did before."""

from dataclasses import replace

import pytest

from coinlake.batches import BatchFailed
from refine import handler
from tests.integration.refine.test_faults import page
from tests.unit.refine.rows import partition, quote

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


class Recorder:
    """A publisher that only remembers which partitions changed."""

    def __init__(self):
        self.changes = []

    def publish(self, changed, _parts):
        self.changes.append(changed)


def test_rounds_before_one_that_failed_are_published_and_the_fault_is_raised(line, monkeypatch):
    monkeypatch.setattr("coinlake.queues.BATCH_SIZE", 1)
    monkeypatch.setattr("refine.stage.ROUND_MESSAGES", 1)
    good = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 1, page(1))])
    line.send(good, line.put_body(str(page(9).trusted("quotes", "dt=2026-11-20")), b"no parquet at all"))
    publisher = Recorder()
    stage = replace(handler.stage(), publisher=publisher)
    with monkeypatch.context() as patched, pytest.raises(BatchFailed, match="all 1 messages"):
        patched.setattr(handler, "stage", lambda: stage)
        line.run_scheduled()
    (changed,) = publisher.changes
    assert partition("quotes", "dt=2026-11-20") in changed
    assert line.waiting() == 1
