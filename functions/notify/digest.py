"""The daily digest: who moved most in the last 24 hours, and the market as a whole."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from coinlake.alert_rules import Digest
from coinlake.config import LakeConfig
from coinlake.errors import NotFound
from coinlake.keys import Partition, RefinedKey
from coinlake.observability import logger
from coinlake.stores import ObjectStore
from notify.alerts import NEWS_HORIZON, Alert, Outbox, Run, alert_id
from notify.messages.digest import LatestRow, MarketDayRow, digest_mail
from notify.rules import market_rows
from notify.rules.observations import with_times

LATEST: Final = "latest"
MARKET_DAYS: Final = "market_days"
MAX_BYTES: Final = 16 << 20  # 1,000 markets have 150 KB
RETRY_FOR: Final = timedelta(hours=1)  # after a failed watch, or while the prices are late
_ONE_DAY: Final = timedelta(days=1)

_PRICES: Final = ["source", "base", "quote", "observed_at", "price", "change_24h_percent"]
_VOLUMES: Final = ["volume_24h_quote", "market_cap"]
_DAY: Final = ["dt", "quote", "total_market_cap", "btc_dominance", "sentiment", "classification", "coverage"]


@dataclass(frozen=True, slots=True)
class DailyDigest:
    """Mails one digest a day, at the first watch after its time that finds prices."""

    lake: ObjectStore
    outbox: Outbox
    config: LakeConfig

    def send(self, now: datetime, run: Run) -> None:
        """Mail the digest if it is due; outside its hour nothing is read."""
        alert = self.due(now)
        if alert:
            self.outbox.send(alert, run)

    def due(self, now: datetime) -> Alert | None:
        """The digest of the hour; None outside it, and while the lake has no prices of the day."""
        at = due_at(self.config.digest, now) if self.config.digest else None
        return self.of(at, now) if at else None

    def of(self, at: datetime, now: datetime) -> Alert | None:
        """The digest with the time ``at`` from what the lake holds ``now``."""
        prices = [row for row in self._prices() if now - NEWS_HORIZON <= row.observed_at]
        if not prices or self.config.digest is None:
            logger.info("no prices for a digest")
            return None
        return Alert(
            topic="notice#digest#daily",
            id=alert_id("digest", at.isoformat()),
            kind="digest",
            at=at,
            cooldown=timedelta(0),
            mail=digest_mail(prices, self._market_day(now.date()), at, self.config.digest.movers),
        )

    def _prices(self) -> list[LatestRow]:
        """The prices of the one source and currency that knows most: two would list each coin twice."""
        body = self._read(RefinedKey(LATEST, Partition()))
        if body is None:
            return []
        rows = with_times(market_rows.table(LATEST, body).select([*_PRICES, *_VOLUMES]), "observed_at")
        return _of_best_source([LatestRow(**row) for row in rows if row["change_24h_percent"] is not None])

    def _market_day(self, today: date) -> MarketDayRow | None:
        """The newest day of the market, on a year's first day perhaps of the last one; None where none is."""
        for year in sorted({today.year, (today - _ONE_DAY).year}, reverse=True):
            body = self._read(RefinedKey(MARKET_DAYS, Partition.of({"year": year})))
            rows = market_rows.table(MARKET_DAYS, body).select(_DAY).to_pylist() if body else []
            if rows:
                return MarketDayRow(**max(rows, key=lambda row: row["dt"]))
        return None

    def _read(self, key: RefinedKey) -> bytes | None:
        try:
            return self.lake.get(str(key), MAX_BYTES).body
        except NotFound:
            return None


def due_at(digest: Digest, now: datetime) -> datetime | None:
    """The time of the digest in whose hour ``now`` lies, which may have begun the day before; UTC knows no
    summer time."""
    midnight = datetime.combine(now.date(), time(), UTC)
    for at in (midnight + digest.at, midnight - _ONE_DAY + digest.at):
        if at <= now < at + RETRY_FOR:
            return at
    return None


def _of_best_source(rows: Sequence[LatestRow]) -> list[LatestRow]:
    """Those with the most market caps, then the most rows, then by name, as ``market_days``."""
    counts = Counter[tuple[str, str]]()
    for row in rows:
        counts[row.source, row.quote] += 1 + (len(rows) if row.market_cap else 0)
    if not counts:
        return []
    best = min(counts, key=lambda pair: (-counts[pair], pair))
    return [row for row in rows if (row.source, row.quote) == best]
