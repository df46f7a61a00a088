"""The demo: let the schedules fire, fetch a year, inject faults, wait for their mails, show everything.

Whatever does not land in time ends the demo with one sentence and exit code 1.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from coinlake import intervals
from coinlake.alert_rules import PriceRule
from coinlake.config import LakeConfig
from coinlake.errors import NotFound
from coinlake.feeds import Feed
from coinlake.keys import RawKey
from ops import dates, waiting
from ops.demo import report
from ops.demo.landing import LandingTimeout, LandingWait
from ops.demo.live import LiveCapture
from ops.demo.year import YearOfCandles
from ops.local.dashboard import DashboardServer
from ops.local.laptop import Laptop
from ops.local.mailbox import Mail, Mailbox
from ops.local.simulator import Simulator
from ops.progress import step
from ops.stack import Stack
from ops.status.feeds import feed_states, raw_keys
from ops.status.report import last_alerts
from ops.stream.collector import Collector

GRACE_SECONDS: Final = 120  # beyond a feed's interval, for cold starts on a slow machine
MAIL_SECONDS: Final = 180
REFINE_SECONDS: Final = 300
MAX_QUICK_INTERVAL: Final = timedelta(minutes=5)
FAULTY_PATH: Final = "*/coins/markets"
BAD_ROWS: Final = 4
QUARANTINE: Final = "quarantine"
WATCHLIST: Final = "data/watchlist.json"
MAX_WATCHLIST_BYTES: Final = 16 << 20


def run(laptop: Laptop, stack: Stack, *, live: bool) -> list[Mail]:
    """Show the line at work on a stack that is up; with ``live`` no faults are injected. The mails."""
    with step("Mailbox on the alerts topic"):
        mailbox = Mailbox.open(stack)
    now, wait = dates.now(), LandingWait(stack, laptop.logs / "ministack.log")
    demo = Demo(stack, Simulator(laptop), mailbox, stack.config(), now, wait)
    year, capture = YearOfCandles(stack, wait, now), LiveCapture(stack, Collector(laptop), wait, now)

    def meanwhile() -> None:
        year.fetch()
        capture.start(live=live)

    if live:
        demo.run_live(meanwhile)
    else:
        demo.run_with_faults(meanwhile)
    year.audit()
    capture.finish()
    wait_until_published(stack, wait, now)
    report.show(laptop, stack, demo.mails, live=live)
    with step("Dashboard"):
        DashboardServer(laptop).start()
    return demo.mails


@dataclass(slots=True)
class Demo:
    """One run on a stack that is up; ``mails`` fills while it waits."""

    stack: Stack
    simulator: Simulator
    mailbox: Mailbox
    config: LakeConfig
    started: datetime
    wait: LandingWait
    mails: list[Mail] = field(default_factory=list)

    def run_with_faults(self, meanwhile: Callable[[], None]) -> None:
        """Bad rows with the next answer, a price shock as soon as there is a price to compare with.

        ``meanwhile`` is called while the schedules fire.
        """
        rule = shockable_rule(self.config)
        has_prices = self._has_prices_since(rule.window)
        self.simulator.inject_bad_rows(FAULTY_PATH, "nan", BAD_ROWS)
        if has_prices:
            self._shock(rule)
        meanwhile()
        self.wait_until_landed()
        if not has_prices:
            self._shock(rule)
        self._wait_until_mailed("a price alert", {rule.name})
        self._wait_until_mailed("a quarantine alert", {QUARANTINE})

    def run_live(self, meanwhile: Callable[[], None]) -> None:
        """What the real APIs answer, without faults."""
        try:
            meanwhile()
            self.wait_until_landed()
        except LandingTimeout as error:
            raise LandingTimeout(f"{error}; does this machine reach the real exchanges?") from error
        self.mails += self.mailbox.take()

    def wait_until_landed(self) -> None:
        """Until every quick feed's next slot is in raw, and then committed in the ledger."""
        feeds = quick_feeds(self.config)
        slowest = max(intervals.duration(feed.interval) for feed in feeds)
        seconds = slowest.total_seconds() + GRACE_SECONDS
        with step("Schedules fire, answers land in raw") as current:
            self.wait.until(lambda: self._pending(feeds, in_ledger=False), seconds, "ingest", current.say)
        with step("S3 events reach transform, Parquet lands") as current:
            self.wait.until(lambda: self._pending(feeds, in_ledger=True), seconds, "transform", current.say)

    def _shock(self, rule: PriceRule) -> None:
        percent, coin = float(rule.change_percent or 0) * 2, self.config.assets[rule.asset]["coingecko"]
        with step(f"Price shock for {rule.asset}") as current:
            current.conclude(f"{self.simulator.shock(coin, percent):+.3g} %")

    def _has_prices_since(self, window: timedelta) -> bool:
        """Whether the lake already holds prices, of this simulator, that a change can be measured from."""
        quick, states = quick_feeds(self.config), feed_states(self.stack, [self.started.date()])
        newest = [state.newest for state in states if state.feed in quick]
        since = max(self.simulator.started(), self.started - window)
        return all(slot is not None and slot > since for slot in newest)

    def _pending(self, feeds: Sequence[Feed], *, in_ledger: bool) -> str:
        """The feeds whose next slot is still missing in raw, or, with ``in_ledger``, in the ledger."""
        pending = []
        for feed in feeds:
            landed = self._landed(feed)
            if not landed or (in_ledger and waiting.uncommitted(self.stack.lake, landed)):
                pending.append(feed.name)
        return ", ".join(pending)

    def _landed(self, feed: Feed) -> list[RawKey]:
        """The feed's raw objects of slots after the demo began."""
        return [
            key
            for day in sorted({self.started.date(), dates.now().date()})
            for key in raw_keys(self.stack, feed.source, feed.dataset, day)
            if key.slot.time > self.started and feed.owns(key.source, key.dataset, key.slot)
        ]

    def _wait_until_mailed(self, what: str, rules: set[str]) -> None:
        def pending() -> str:
            self.mails += self.mailbox.take()
            subjects = {sent["subject"] for sent in last_alerts(self.stack, 100) if sent["rule"] in rules}
            return "" if any(mail.subject in subjects for mail in self.mails) else what

        with step(f"Mail: {what}") as current:
            self.wait.until(pending, MAIL_SECONDS, "notify", current.say)


def quick_feeds(config: LakeConfig) -> list[Feed]:
    """The enabled feeds of the shortest interval: they fire while somebody watches."""
    lengths = {feed: intervals.duration(feed.interval) for feed in config.feeds.values() if feed.enabled}
    shortest = min(lengths.values(), default=None)
    if shortest is None or shortest > MAX_QUICK_INTERVAL:
        raise LandingTimeout(
            "no feed runs every five minutes or more often; set an interval of 1m in local.tfvars"
        )
    return [feed for feed, length in lengths.items() if length == shortest]


def shockable_rule(config: LakeConfig) -> PriceRule:
    """The rule that a price shock can fire."""
    rules = [rule for rule in config.price_rules if rule.change_percent is not None]
    if not rules:
        raise LandingTimeout(
            "local.tfvars has no price rule with change_percent, so a price shock would mail nothing"
        )
    return rules[0]


def wait_until_published(stack: Stack, wait: LandingWait, now: datetime) -> None:
    """Until refine has written a price to the dashboard's files that is newer than the demo."""

    def pending() -> str:
        try:
            watchlist = json.loads(stack.site.get(WATCHLIST, MAX_WATCHLIST_BYTES).body)
        except NotFound:
            return "the dashboard's first files"
        newest = max((asset["observed_at"] or 0 for asset in watchlist["assets"]), default=0)
        return "" if newest >= now.timestamp() else "prices of this demo on the dashboard"

    with step("Refined follows, and the dashboard's files") as current:
        wait.until(pending, REFINE_SECONDS, "refine", current.say)
