"""The demo: let the schedules fire, fetch a year, provoke trouble, wait for its mails, show everything.

Whatever does not land in time ends the demo with one sentence and exit code 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from coinlake import intervals
from coinlake.alert_rules import PriceRule
from coinlake.config import LakeConfig
from coinlake.errors import NotFound
from coinlake.feeds import Feed
from coinlake.keys import RawKey
from ops.demo import report as demo_view
from ops.demo import site as demo_site
from ops.demo.history import Past
from ops.demo.live import Present
from ops.demo.waiting import NotLanded, Patience
from ops.local.dashboard import DashboardServer
from ops.local.exchanges import Exchanges
from ops.local.laptop import Laptop
from ops.local.mailbox import Mail, Mailbox
from ops.progress import step
from ops.stack import Stack
from ops.status import report as status
from ops.status.feeds import feed_states, raw_keys
from ops.stream.collector import Collector

GRACE_SECONDS: Final = 120  # beyond a feed's interval, for cold starts on a slow machine
MAIL_SECONDS: Final = 180
QUICK: Final = timedelta(minutes=5)
SPOILED_PATH: Final = "*/coins/markets"
BAD_ROWS: Final = 4
QUARANTINE: Final = "quarantine"


@dataclass(slots=True)
class Demo:
    """One run on a stack that is up; ``mails`` fills while it waits."""

    stack: Stack
    exchanges: Exchanges
    mailbox: Mailbox
    config: LakeConfig
    started: datetime
    patience: Patience
    mails: list[Mail] = field(default_factory=list)

    def provoked(self, meanwhile: Callable[[], None]) -> None:
        """Bad rows with the next answer, a price shock as soon as there is a price to compare with.

        ``meanwhile`` is done while the schedules fire.
        """
        rule = moving(self.config)
        warm = self._prices_to_compare(rule.window)
        self.exchanges.spoil(SPOILED_PATH, "nan", BAD_ROWS)
        if warm:
            self._shock(rule)
        meanwhile()
        self.landed()
        if not warm:
            self._shock(rule)
        self._mailed("a price alert", {rule.name})
        self._mailed("a quarantine alert", {QUARANTINE})

    def watched(self, meanwhile: Callable[[], None]) -> None:
        """What the real APIs answer; nothing is provoked."""
        try:
            meanwhile()
            self.landed()
        except NotLanded as error:
            raise NotLanded(f"{error}; does this machine reach the real exchanges?") from error
        self.mails += self.mailbox.take()

    def landed(self) -> None:
        """Every quick feed's next slot is in raw and committed in the ledger."""
        feeds = quick_feeds(self.config)
        slowest = max(intervals.duration(feed.interval) for feed in feeds)
        seconds = slowest.total_seconds() + GRACE_SECONDS
        with step("Schedules fire, answers land in raw") as current:
            self.patience.until(lambda: self._waiting(feeds, ledger=False), seconds, "ingest", current.say)
        with step("S3 events reach transform, Parquet lands") as current:
            self.patience.until(lambda: self._waiting(feeds, ledger=True), seconds, "transform", current.say)

    def _shock(self, rule: PriceRule) -> None:
        percent, coin = float(rule.change_percent or 0) * 2, self.config.assets[rule.asset]["coingecko"]
        with step(f"Price shock for {rule.asset}") as current:
            current.conclude(f"{self.exchanges.shock(coin, percent):+.3g} %")

    def _prices_to_compare(self, window: timedelta) -> bool:
        """Whether the lake already holds prices, of this simulator, that a change can be measured from."""
        quick, states = quick_feeds(self.config), feed_states(self.stack, [self.started.date()])
        newest = [state.newest for state in states if state.feed in quick]
        since = max(self.exchanges.started(), self.started - window)
        return all(slot is not None and slot > since for slot in newest)

    def _waiting(self, feeds: Sequence[Feed], *, ledger: bool) -> str:
        """The feeds whose next slot is still missing, or, with ``ledger``, not committed."""
        days = sorted({self.started.date(), status.now().date()})
        missing = [feed.name for feed in feeds if not self._has(feed, days, ledger=ledger)]
        return ", ".join(missing)

    def _has(self, feed: Feed, days: Sequence[date], *, ledger: bool) -> bool:
        found = (key for day in days for key in raw_keys(self.stack, feed.source, feed.dataset, day))
        fresh = [
            key
            for key in found
            if key.slot.time > self.started and feed.owns(key.source, key.dataset, key.slot)
        ]
        return bool(fresh) and (not ledger or all(self._committed(key) for key in fresh))

    def _committed(self, key: RawKey) -> bool:
        try:
            self.stack.lake.head(str(key.ledger()))
        except NotFound:
            return False
        return True

    def _mailed(self, what: str, kinds: set[str]) -> None:
        with step(f"Mail: {what}") as current:
            self.patience.until(lambda: self._missing_mail(what, kinds), MAIL_SECONDS, "notify", current.say)

    def _missing_mail(self, what: str, kinds: set[str]) -> str:
        self.mails += self.mailbox.take()
        log = status.last_alerts(self.stack, 100)
        subjects = {sent["subject"] for sent in log if sent["rule"] in kinds}
        return "" if any(mail.subject in subjects for mail in self.mails) else what


def run(laptop: Laptop, stack: Stack, *, live: bool) -> None:
    """Show the line at work on a stack that is up; ``live`` provokes nothing."""
    with step("Mailbox on the alerts topic"):
        mailbox = Mailbox.open(stack)
    now, patience = status.now(), Patience(stack, laptop.logs / "ministack.log")
    demo = Demo(stack, Exchanges(laptop), mailbox, stack.config(), now, patience)
    past, present = Past(stack, patience, now), Present(stack, Collector(laptop), patience, now)

    def meanwhile() -> None:
        past.fetch()
        present.start(live=live)

    if live:
        demo.watched(meanwhile)
    else:
        demo.provoked(meanwhile)
    past.account()
    present.follow()
    demo_site.published(stack, patience, now)
    demo_view.show(stack, demo.mails, live=live)
    with step("Dashboard"):
        DashboardServer(laptop).start()


def quick_feeds(config: LakeConfig) -> list[Feed]:
    """The enabled feeds of the shortest interval: they fire while somebody watches."""
    lengths = {feed: intervals.duration(feed.interval) for feed in config.feeds.values() if feed.enabled}
    shortest = min(lengths.values(), default=None)
    if shortest is None or shortest > QUICK:
        raise NotLanded("no feed runs every five minutes or oftener; set an interval of 1m in local.tfvars")
    return [feed for feed, length in lengths.items() if length == shortest]


def moving(config: LakeConfig) -> PriceRule:
    """The rule that a price shock can fire."""
    rules = [rule for rule in config.price_rules if rule.change_percent is not None]
    if not rules:
        raise NotLanded(
            "local.tfvars has no price rule with change_percent, so a price shock would mail nothing"
        )
    return rules[0]
