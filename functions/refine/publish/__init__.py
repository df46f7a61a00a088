"""The small files that the dashboard reads, written to the site bucket after a run; README.md lists them."""

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Self

from coinlake.clients import client
from coinlake.config import LakeConfig
from coinlake.queues import DeadLetterQueues
from coinlake.stores import ObjectStore
from refine.parts import Part, Parts
from refine.publish import candles, health, market
from refine.publish.files import Lake, files
from refine.publish.gaps import Gaps
from refine.publish.health import Pipeline
from refine.publish.site import Site
from refine.tables.months import before


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Publisher:
    """One site of one lake."""

    site: Site
    pipeline: Pipeline
    config: LakeConfig
    clock: Callable[[], datetime] = _now

    @classmethod
    def wired(
        cls,
        lake: ObjectStore,
        config: LakeConfig,
        site_bucket: str,
        state_table: str,
        dead_letter_queues: str,
    ) -> Self:
        """``state_table`` is notify's; ``dead_letter_queues`` the JSON object stage → queue URL."""
        queues = DeadLetterQueues.from_json(client("sqs"), dead_letter_queues)
        pipeline = Pipeline(client("dynamodb"), state_table, queues, lake)
        return cls(Site(ObjectStore(lake.client, site_bucket)), pipeline, config)

    def publish(self, changed: Set[Part], parts: Parts) -> int:
        """Write the files that the changed parts change, and the pipeline's health; say how many were put."""
        now, gaps = self.clock(), Gaps(self.pipeline.lake, self.config)
        lake = Lake(cache(parts.read), cache(parts.existing), gaps.read)
        found = dict(files(changed, lake, now))
        month = f"{now:%Y-%m}"
        recent = gaps.read(gaps.intervals(), [before(month), month])
        found[health.FILE] = health.health(self.config, self.pipeline, recent, now)
        found[market.SOURCES] = market.sources(
            feed.source for feed in self.config.feeds.values() if feed.enabled
        )
        stored = self.site.stored()
        named = {name for name in {*stored, *found} if name.startswith("candles/")} - {candles.INDEX}
        found[candles.INDEX] = candles.index(sorted(named))
        return self.site.write(found, stored)
