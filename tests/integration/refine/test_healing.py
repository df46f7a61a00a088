"""The daily run where a day has more files than it has time for: live frames wait, and it says so."""

from datetime import UTC, datetime

import pytest

from coinlake.keys import RawKey, Slot
from refine import handler
from refine.schedule import messages_to_heal
from refine.stage import RESERVE_MILLISECONDS
from tests.integration.conftest import FakeContext
from tests.integration.refine.test_faults import page
from tests.unit.refine.rows import quote

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")


def test_files_of_live_frames_come_after_all_others(line):
    now = datetime.now(UTC)
    for table in ("trades", "tickers", "sentiment", "quotes"):
        key = RawKey("coincap", table, Slot(now.replace(microsecond=0), ("p1",)))
        line.put_body(str(key.trusted(table, f"dt={now:%Y-%m-%d}")), b"a file")
    found = [message.id.split("/")[1] for message in messages_to_heal(handler.stage().lake, now)]
    assert found == ["quotes", "sentiment", "tickers", "trades"]


def test_a_daily_run_without_time_for_all_files_logs_the_first_that_is_left(line):
    today = f"dt={datetime.now(UTC):%Y-%m-%d}"
    line.put("quotes", today, page(1), [quote(1, 5, page(1))])
    line.context = FakeContext(remaining_ms=RESERVE_MILLISECONDS)
    assert line.run_scheduled(heal="2026-11-21T05:00:00Z") == {"parts": 0, "failed": 0}
    assert line.refined() == {}
    assert "no time to heal the rest" in line.log.getvalue()
