from collections import Counter
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from coinlake.feeds import Feed
from ops.status.report import Status, Zone
from ops.status.tables import feeds_table, zones_table


@pytest.mark.parametrize(("count", "text"), [(0, "0 bytes"), (1023, "1.0 kB"), (1_500_000, "1.5 MB")])
def test_bytes_read_in_the_nearest_unit(count, text):
    console = Console(width=160, record=True, file=StringIO())
    console.print(zones_table([Zone("raw", 1, count, None)], 1))
    assert text in console.export_text()


def off(name: str, reason: str | None) -> Feed:
    fields = {"source": "coincap", "dataset": "rates", "interval": "1h", "stale_after_minutes": 150}
    return Feed.of(name, {**fields, "enabled": False, "off_reason": reason}, {})


def test_feeds_that_are_off_say_why():
    feeds = [off("coincap_rates", "coincap needs [a key]"), off("by_choice", None)]
    status = Status(datetime(2026, 11, 21, tzinfo=UTC), 1, [], feeds, [], Counter(), [], [], [])
    console = Console(width=160, record=True, file=StringIO())
    console.print(feeds_table(status))
    shown = [line.split() for line in console.export_text().splitlines()]
    assert [line[-2] for line in shown if "by_choice" in line] == ["off"]
    assert [line[-6:-1] for line in shown if "coincap_rates" in line] == [
        ["off:", "coincap", "needs", "[a", "key]"]
    ]
