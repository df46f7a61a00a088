"""What a plan costs at each source, against what the source grants and the feeds already take."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from ops.backfill.plan import Piece, Plan

MONTH_MINUTES: Final = 31 * 24 * 60
WINDOW_SECONDS: Final = 0.5  # of a window in the state machine and in ingest, beside the limits
ASK_CALLS: Final = 100
ASK_SECONDS: Final = 600
# Of a source's limit, for a window's turn there: who has just been served is ahead of who waits, and
# ingest gives up after a minute.
TURN_MINUTES: Final = 0.25
LEAST_SHARE: Final = 0.1  # of the limit that a backfill gets beside the feeds in any case
# An answer's bytes, once and for each bucket, and how many of them cost a credit, as
# terraform/sources.tf knows.
CREDIT_BYTES: Final[Mapping[str, tuple[int, int, int]]] = {"coincap": (50, 110, 2500)}


@dataclass(frozen=True, slots=True)
class Cost:
    """One source's part. ``here`` of the ``windows`` are in raw already and cost nothing more.

    ``weight`` is what the source counts of its limit, calls at most of them; ``credits_left`` None
    is no monthly quota.
    """

    source: str
    assets: int
    windows: int
    here: int
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
        return max(self.requests_per_minute - self.feeds_per_minute, self.requests_per_minute * LEAST_SHARE)

    def seconds(self, concurrency: int) -> float:
        """How long it takes, by the limit or by the work itself."""
        return max(self.weight * 60 / self.free_per_minute, self.windows * WINDOW_SECONDS / concurrency)


def costs(
    plan: Plan, here: Collection[Piece], config: LakeConfig, quota: Mapping[str, Mapping[str, Any]]
) -> list[Cost]:
    """One for each source; ``here`` is in raw already, ``quota`` is Terraform's output, by source."""
    names = sorted({piece.source for piece in plan.pieces})
    return [
        _cost([p for p in plan.pieces if p.source == name], here, config, quota.get(name, {}))
        for name in names
    ]


def check(found: list[Cost]) -> None:
    """Raise ``BadConfiguration`` for a plan that needs more credits than the month has left."""
    for cost in found:
        if cost.credits_left is not None and cost.credits > cost.credits_left:
            raise BadConfiguration(
                f"over_quota: this backfill needs {cost.credits:,} of {cost.source}'s "
                f"{cost.credits_per_month:,} credits a month, and the feeds leave "
                f"{max(0, cost.credits_left):,}; take fewer assets, fewer days or a longer interval"
            )


def concurrency(found: list[Cost], most: int) -> int:
    """How many windows to fetch at the same time: so few that each has its turn before ingest gives up."""
    turns = [cost.free_per_minute * TURN_MINUTES * cost.calls / cost.weight for cost in found if cost.weight]
    return max(1, int(min([most, *turns])))


def total_seconds(found: list[Cost], concurrency: int) -> float:
    """Sources are asked side by side at best; counted one after the other, never too little."""
    return sum(cost.seconds(concurrency) for cost in found)


def large(found: list[Cost], concurrency: int) -> bool:
    """Whether to ask before it starts."""
    return sum(cost.calls for cost in found) > ASK_CALLS or total_seconds(found, concurrency) > ASK_SECONDS


def _cost(pieces: list[Piece], here: Collection[Piece], config: LakeConfig, quota: Mapping[str, Any]) -> Cost:
    source = config.sources[pieces[0].source]
    asked = [piece for piece in pieces if piece not in here]
    granted = quota.get("credits_per_month", source.credits_per_month)
    return Cost(
        source=source.name,
        assets=len({piece.asset for piece in pieces}),
        windows=len(pieces),
        here=len(pieces) - len(asked),
        calls=sum(piece.calls for piece in asked),
        weight=sum(piece.request(config).cost * piece.calls for piece in asked),
        requests_per_minute=source.requests_per_minute,
        feeds_per_minute=quota.get("weight_per_month", 0) / MONTH_MINUTES,
        credits=sum(_credits(piece) for piece in asked),
        credits_left=None if granted is None else granted - quota.get("credits_used", 0),
        credits_per_month=granted,
    )


def _credits(piece: Piece) -> int:
    if piece.source not in CREDIT_BYTES:
        return piece.calls
    once, each, credit = CREDIT_BYTES[piece.source]
    return 1 + -(-(once + each * piece.count) // credit)
