"""Which of the dashboard's files a run changes, and the site bucket that they are put into."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.config import LakeConfig
from coinlake.keys import Partition
from coinlake.observability import logger
from coinlake.stores import ObjectStore
from coinlake.tables import refined
from refine.dashboard import candles, health, market, watchlist
from refine.dashboard.documents import DATA
from refine.dashboard.lake import GapReader, LakeReader
from refine.partitions import RefinedZone, TablePartition, previous_month
from refine.tables.grouping import concat

_DAY: Final = timedelta(days=1)
_LATEST: Final = TablePartition("latest", Partition())
_NO_CACHE: Final = "no-cache"  # a browser asks each time, and gets 304 for what it has
_NAMES_COINS: Final = "coingecko"  # its list has names of coins; an exchange's has those of markets


@dataclass(frozen=True, slots=True)
class Publisher:
    """The files below ``data/`` in the ``site`` bucket, from one lake."""

    site: ObjectStore
    health: health.HealthReader
    config: LakeConfig
    clock: Callable[[], datetime]

    def publish(self, changed: Set[TablePartition], zone: RefinedZone) -> int:
        """Write the files that follow from what changed, and the health; return how many were put."""
        now, gaps = self.clock(), GapReader(self.health.lake, self.config)
        lake = LakeReader(cache(zone.read), cache(zone.existing), gaps.read)
        files = dict(changed_files(changed, lake, now))
        month = f"{now:%Y-%m}"
        recent_gaps = gaps.read(gaps.intervals(), [previous_month(month), month])
        files[health.FILE] = health.health(self.config, self.health, recent_gaps, now)
        files[market.SOURCES] = market.sources(
            feed.source for feed in self.config.feeds.values() if feed.enabled
        )
        stored = {key.removeprefix(DATA): etag for key, etag in self.site.etags(DATA).items()}
        candle_files = {name for name in {*stored, *files} if name.startswith("candles/")}
        files[candles.INDEX] = candles.index(sorted(candle_files - {candles.INDEX}))
        return self._write(files, stored)

    def _write(self, files: Mapping[str, bytes], stored: Mapping[str, str]) -> int:
        """Put each file that differs from what is ``stored`` under that etag.

        An etag is the body's MD5 except under a KMS key, where every file is put.
        Source: Amazon S3 API Reference, "Object".
        """
        changed = {name: body for name, body in files.items() if stored.get(name) != _md5(body)}
        for name, body in changed.items():
            self.site.put(f"{DATA}{name}", body, CacheControl=_NO_CACHE)
        logger.info("published", files=len(changed), of=len(files))
        return len(changed)


def changed_files(
    changed: Set[TablePartition], lake: LakeReader, now: datetime
) -> Iterator[tuple[str, bytes]]:
    """Each file that the changed partitions may change, by its name below ``data/``."""
    if _LATEST in changed:
        yield watchlist.FILE, _watchlist(lake)
    if any(partition.table == "market_days" for partition in changed):
        years = sorted(lake.existing("market_days"))[-2:]
        days = concat(*(lake.read(TablePartition("market_days", year)) for year in years))
        yield market.MARKET, market.market(days, now)
    yield from _candles({partition for partition in changed if partition.table == "candles"}, lake)


def _watchlist(lake: LakeReader) -> bytes:
    latest = lake.read(_LATEST)
    newest: datetime | None = pc.max(latest["observed_at"]).as_py()
    if newest is None:
        return watchlist.watchlist(latest, refined()["spreads"].schema.empty_table(), {}, {})
    days = [Partition.day(day) for day in (newest - 2 * _DAY, newest - _DAY, newest)]
    months = sorted({f"{day:%Y-%m}" for day in (newest - 2 * _DAY, newest)})
    hours = [Partition.month(month, interval="1h") for month in months]
    quotes = concat(
        *(lake.read(TablePartition("quotes", day)).select(watchlist.PRICE_COLUMNS) for day in days)
    )
    candles_ = concat(*(lake.read(TablePartition("candles", partition)) for partition in hours))
    names = _coin_names(concat(*(lake.read(TablePartition("assets", day)) for day in days)))
    spreads = concat(*(lake.read(TablePartition("spreads", Partition.month(month))) for month in months))
    return watchlist.watchlist(latest, spreads, watchlist.sparklines(quotes, candles_), names)


def _coin_names(assets: pa.Table) -> dict[str, str]:
    """What each asset is called, in the words of the newest list that names coins."""
    coins = assets.filter(pc.field("name").is_valid() & (pc.field("source") == _NAMES_COINS))
    newest = coins.sort_by("received_at")
    return dict(zip(newest["base"].to_pylist(), newest["name"].to_pylist(), strict=True))


def _candles(changed: Set[TablePartition], lake: LakeReader) -> Iterator[tuple[str, bytes]]:
    """The candle files of each interval whose newest candles changed."""
    if not changed:
        return
    existing = [TablePartition("candles", partition) for partition in lake.existing("candles")]
    for interval in sorted({partition.values["interval"] for partition in changed}):
        known = {partition.month for partition in existing if partition.values["interval"] == interval}
        shown = [month for month in candles.months(interval, max(known)) if month in known] if known else []
        if not any(key.month in shown for key in changed if key.values["interval"] == interval):
            continue
        partitions = [Partition.month(month, interval=interval) for month in shown]
        rows = concat(*(lake.read(TablePartition("candles", partition)) for partition in partitions))
        gaps = lake.gaps([interval], [previous_month(shown[-1]), shown[-1]])
        yield from candles.candle_files(interval, rows, gaps)


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
