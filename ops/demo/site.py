"""The demo's end: refined follows what landed, and its files reach the dashboard."""

import json
from datetime import datetime
from typing import Final

from coinlake.errors import NotFound
from ops.demo.waiting import Patience
from ops.progress import step
from ops.stack import Stack

REFINE_SECONDS: Final = 300
WATCHLIST: Final = "data/watchlist.json"
MAX_BYTES: Final = 16 << 20


def published(stack: Stack, patience: Patience, now: datetime) -> None:
    """Wait until refine has told the dashboard of a price that is newer than the demo."""

    def waiting() -> str:
        try:
            found = json.loads(stack.site.get(WATCHLIST, MAX_BYTES).body)
        except NotFound:
            return "the dashboard's first files"
        newest = max((asset["observed_at"] or 0 for asset in found["assets"]), default=0)
        return "" if newest >= now.timestamp() else "prices of this demo on the dashboard"

    with step("Refined follows, and the dashboard's files") as current:
        patience.until(waiting, REFINE_SECONDS, "refine", current.say)
