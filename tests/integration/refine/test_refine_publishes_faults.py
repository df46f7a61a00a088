"""A scheduled run that ends in a fault still shows on the dashboard what it did before."""

import pytest

from coinlake.batches import BatchFailed
from refine import handler
from refine.parts import Part
from tests.integration.refine.test_refine_faults import page
from tests.unit.refine.rows import quote

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


class Recorder:
    """A publisher that only remembers what it was told."""

    def __init__(self):
        self.told = []

    def publish(self, changed, _parts):
        self.told.append(changed)


def test_rounds_before_one_that_failed_are_published_and_the_fault_is_raised(line, monkeypatch):
    monkeypatch.setattr("refine.queue._AT_ONCE", 1)
    monkeypatch.setattr("refine.draining.ROUND", 1)
    good = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 1, page(1))])
    line.send(good, line.put_body(str(page(9).trusted("quotes", "dt=2026-11-20")), b"no parquet at all"))
    publisher = Recorder()
    wired = handler.wire()._replace(publisher=publisher)
    with monkeypatch.context() as patched, pytest.raises(BatchFailed, match="all 1 messages"):
        patched.setattr(handler, "wire", lambda: wired)
        line.run_scheduled()
    (changed,) = publisher.told
    assert Part("quotes", "dt=2026-11-20") in changed
    assert line.waiting() == 1
