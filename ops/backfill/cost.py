"""What a plan costs at each source, against what the source grants and the feeds already take."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coinlake import sources
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.windows import Window
from ops.backfill.plan import REQUESTS_PER_FILE, Plan

MONTH_MINUTES: Final = 31 * 24 * 60
WINDOW_SECONDS: Final = 0.5  # of a window in the state machine and in ingest, beside the limits
# A plan over one of these is shown and confirmed before it starts.
MAX_UNCONFIRMED_CALLS: Final = 100
MAX_UNCONFIRMED_SECONDS: Final = 600
# Of a source's limit: how long a window may queue for it. A request that was just served can overtake those
# that wait, and ingest gives up after a minute.
QUEUE_MINUTES: Final = 0.25
MIN_SHARE: Final = 0.1  # of the limit that a backfill gets beside the feeds in any case


@dataclass(frozen=True, slots=True)
class Cost:
    """What a plan costs at one source. ``in_raw`` of the ``windows`` are in raw already and cost nothing.

    ``weight`` is what the requests count toward the source's limit, ``calls`` their greatest number;
    ``credits_left`` None means no monthly quota.
    """

    source: str
    assets: int
    windows: int
    in_raw: int
    calls: int
    weight: int
    requests_per_minute: int
    feeds_per_minute: float
    credits: int
    credits_left: int | None
    credits_per_month: int | None

    @property
    def free_per_minute(self) -> float:
        """What the feeds leave of the limit."""
        return max(self.requests_per_minute - self.feeds_per_minute, self.requests_per_minute * MIN_SHARE)

    def seconds(self, concurrency: int) -> float:
        """How long it takes, by the limit or by the work itself."""
        return max(self.weight * 60 / self.free_per_minute, self.windows * WINDOW_SECONDS / concurrency)


def costs(
    plan: Plan, in_raw: Collection[Window], config: LakeConfig, quota: Mapping[str, Mapping[str, Any]]
) -> list[Cost]:
    """One for each source; ``in_raw`` are there already, ``quota`` is Terraform's output, by source."""
    names = sorted({window.source for window in plan.windows})
    return [
        _cost([w for w in plan.windows if w.source == name], in_raw, config, quota.get(name, {}))
        for name in names
    ]


def check_credits(costs: Sequence[Cost]) -> None:
    """Raise ``BadConfiguration`` for a plan that needs more credits than the month has left."""
    for cost in costs:
        if cost.credits_left is not None and cost.credits > cost.credits_left:
            raise BadConfiguration(
                f"over_quota: this backfill needs {cost.credits:,} of {cost.source}'s "
                f"{cost.credits_per_month:,} credits a month, and the feeds leave "
                f"{max(0, cost.credits_left):,}; take fewer assets, fewer days or a longer interval"
            )


def concurrency(costs: Sequence[Cost], max_concurrency: int) -> int:
    """How many windows to fetch at the same time: few enough that none queues until ingest gives up."""
    limits = [
        cost.free_per_minute * QUEUE_MINUTES * cost.calls / cost.weight for cost in costs if cost.weight
    ]
    return max(1, int(min([max_concurrency, *limits])))


def total_seconds(costs: Sequence[Cost], concurrency: int) -> float:
    """Sources are asked side by side at best; counted one after the other, never too little."""
    return sum(cost.seconds(concurrency) for cost in costs)


def needs_confirmation(costs: Sequence[Cost], concurrency: int) -> bool:
    """Whether to ask before it starts."""
    calls = sum(cost.calls for cost in costs)
    return calls > MAX_UNCONFIRMED_CALLS or total_seconds(costs, concurrency) > MAX_UNCONFIRMED_SECONDS


def _cost(
    windows: Sequence[Window], in_raw: Collection[Window], config: LakeConfig, quota: Mapping[str, Any]
) -> Cost:
    name = windows[0].source
    declared, configured = sources.source(name), config.sources[name]
    missing = [window for window in windows if window not in in_raw]
    granted = quota.get("credits_per_month", configured.credits_per_month)
    return Cost(
        source=name,
        assets=len({window.asset for window in windows}),
        windows=len(windows),
        in_raw=len(windows) - len(missing),
        calls=sum(map(_calls, missing)),
        weight=sum(declared.datasets[window.dataset].weight * _calls(window) for window in missing),
        requests_per_minute=configured.requests_per_minute,
        feeds_per_minute=quota.get("weight_per_month", 0) / MONTH_MINUTES,
        credits=sum(_credits(declared, window) for window in missing),
        credits_left=None if granted is None else granted - quota.get("credits_used", 0),
        credits_per_month=granted,
    )


def _calls(window: Window) -> int:
    return REQUESTS_PER_FILE if window.period else 1


def _credits(source: sources.Source, window: Window) -> int:
    dataset = source.datasets[window.dataset]
    return _calls(window) * source.credits(dataset.bytes_once + dataset.bytes_each * window.count)
