"""The demo's history: a year of daily candles by the state machine, and every day of it accounted for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ops.backfill import results, runner
from ops.backfill.existing import committed_windows
from ops.backfill.plan import Plan
from ops.backfill.request import ALL, BackfillRequest
from ops.dates import DateRange
from ops.demo.landing import LandingTimeout, LandingWait
from ops.gaps import coverage
from ops.progress import console, step
from ops.stack import Stack

SOURCE: Final = "binance"  # it lists every asset of the defaults
INTERVAL: Final = "1d"
YEAR: Final = timedelta(days=365)
# On a busy machine transform may be killed, and its messages come back in six minutes.
COMMIT_SECONDS: Final = 480


@dataclass(slots=True)
class YearOfCandles:
    """A year before ``now`` of every asset that the source lists; what has landed stays."""

    stack: Stack
    wait: LandingWait
    now: datetime

    def fetch(self) -> None:
        """As `coinlake backfill --source binance --interval 1d --start <a year ago> --yes` does."""
        priced = runner.show_plan(self.stack, self._request(), self.now)
        ended = runner.execute(self.stack, priced)
        runner.require_complete(ended)
        counts = ended.outcomes
        if lost := {outcome: n for outcome, n in counts.items() if outcome not in results.FETCHED}:
            outcomes = ", ".join(f"{windows:,} {outcome}" for outcome, windows in sorted(lost.items()))
            raise LandingTimeout(
                f"not every window of {SOURCE}'s past year landed: {outcomes}; the table says why"
            )
        with step("Their Parquet lands") as current:
            self.wait.until(lambda: self._pending(priced.plan), COMMIT_SECONDS, "transform", current.say)

    def audit(self) -> None:
        """Audit the year and show it; ``LandingTimeout`` where a candle is missing and nothing says why."""
        days = self._days()
        with step("Audit: every candle of the year accounted for") as current:
            unexplained = coverage.audit(self.stack, YEAR.days)["unexplained"]
            audited = coverage.coverage(coverage.read(self.stack, days), days)
            current.conclude(f"{unexplained:,} gaps unexplained")
        markets = {
            market: by_day
            for market, by_day in audited.items()
            if (market.source, market.interval) == (SOURCE, INTERVAL)
        }
        console.print(coverage.table(markets))
        if missing := set(self._request().assets) - {market.base for market in markets}:
            raise LandingTimeout(
                f"the audit does not know {', '.join(sorted(missing))} at {SOURCE}; {self._remedy}"
            )
        if unexplained:
            raise LandingTimeout(f"{unexplained:,} candles are missing and nothing says why; {self._remedy}")

    @property
    def _remedy(self) -> str:
        return f"`coinlake gaps --days {YEAR.days}` shows which, and {self.wait.log} what was logged"

    def _pending(self, plan: Plan) -> str:
        left = len(plan.windows) - len(committed_windows(self.stack.lake, plan, self.stack.config()))
        return f"{left:,} windows" if left else ""

    def _request(self) -> BackfillRequest:
        return BackfillRequest.of(
            self.stack.config(), source=SOURCE, assets=ALL, interval=INTERVAL, days=self._days()
        )

    def _days(self) -> DateRange:
        today = self.now.date()
        return DateRange(today - YEAR, today)
