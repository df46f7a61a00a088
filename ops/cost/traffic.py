"""What the feeds make the stack do in a month of 30 days.

Runs and requests follow from the feeds' schedules; the numbers below were measured on the laptop
(docs/performance.md) or counted in the code. A bill tells better.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from coinlake import sources
from ops.cost.plan import Plan
from ops.cost.prices import Line
from ops.preflight.quota import PlannedFeed

DAYS: Final = 30
MINUTES: Final = DAYS * 24 * 60
MONTH: Final = DAYS / 31  # quota counts the longest month

# For each raw object.
WRITES: Final = 3  # raw, trusted, ledger
READS: Final = 2  # transform: raw; notify or refine: trusted
RAW_MB: Final = 0.049
LAKE_MB: Final = 0.046
MESSAGES: Final = 3.1  # SQS requests: sent, received in part of a batch, deleted
REFINE_MESSAGES: Final = 1.8
WRITTEN_ITEMS: Final = 2.6  # DynamoDB: a turn for the request, prices, a slot

POLLS: Final = 15 * MINUTES  # of a queue that a function is fed from
WATCHES: Final = MINUTES // 5
AUDIT_READS: Final = 1450  # for each market of candles: 31 months, daily for eight days, monthly for a year
AUDIT_LISTS: Final = 1600
REFINE_READS: Final = 2.8  # for each part that is written: it, and what it is merged with
REFINE_LISTS: Final = 2300
METRICS: Final = 3.3  # three told hourly, eight rare ones, each by its hours
LOG_KB: Final = 1.3  # for each invocation

COPIED: Final = frozenset({"redshift", "snowflake"})  # warehouses that fetch copies of parts

# Seconds of an invocation, cold starts included; refine's and audit's depend on what there is.
SECONDS: Final[Mapping[str, float]] = {
    "ingest": 1.6,
    "transform": 0.55,
    "notify": 0.35,
    "refine": 3.7,
    "reconcile": 20.0,
    "audit": 60.0,
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """Runs of feeds and their raw objects in a month, and how refine runs."""

    runs: float
    objects: float
    candle_markets: int
    refine_minutes: int
    derive_minutes: int

    @classmethod
    def of(cls, feeds: Collection[PlannedFeed], refine_minutes: int, derive_minutes: int) -> "Traffic":
        return cls(
            runs=sum(feed.runs_per_month for feed in feeds) * MONTH,
            objects=sum(feed.runs_per_month * feed.requests_per_run for feed in feeds) * MONTH,
            candle_markets=sum(
                feed.assets for feed in feeds if feed.enabled and _is_candles(feed.source, feed.dataset)
            ),
            refine_minutes=refine_minutes,
            derive_minutes=derive_minutes,
        )

    @property
    def refine_runs(self) -> float:
        """Where each event invokes refine, one batch of ten files a run."""
        return MINUTES / self.refine_minutes if self.refine_minutes else self.objects / 3

    @property
    def parts(self) -> float:
        """Parts that refine writes: quotes by run, candles hourly, lists daily, derived tables."""
        return self.refine_runs + 4 * 24 * DAYS + 5 * DAYS + 5 * MINUTES / self.derive_minutes

    def invocations(self) -> dict[str, float]:
        """By stage; a message is an invocation, for two seldom come at once."""
        return {
            "ingest": self.runs,
            "transform": self.objects,
            "notify": self.objects + self.parts + WATCHES,
            "refine": self.refine_runs + DAYS,
            "reconcile": DAYS,
            "audit": DAYS + 1,
        }

    def lines(self, plan: Plan) -> Iterator[Line]:
        """What it costs, with the functions and the queues of the plan."""
        objects, parts, invocations = self.objects, self.parts, self.invocations()
        yield Line("s3_put", WRITES * objects, "an answer: raw, trusted, ledger")
        yield Line("s3_put", parts, "refine's parts")
        yield Line("s3_put", REFINE_LISTS + AUDIT_LISTS, "lists")
        yield Line("s3_get", READS * objects, "an answer: transform, notify, refine")
        yield Line(
            "s3_get", 2 * objects + REFINE_READS * parts, "refine: new files, those of the day once more"
        )
        yield Line("s3_get", AUDIT_READS * self.candle_markets, "audit: a market's months")
        yield Line("s3_gb_month", objects * RAW_MB / 1000, "raw, the first month")
        yield Line("s3_gb_month", objects * LAKE_MB / 1000, "lake, the first month")
        yield Line("sqs_request", POLLS * plan.types["aws_lambda_event_source_mapping"], "polls")
        yield Line("sqs_request", (MESSAGES + REFINE_MESSAGES) * objects, "messages")
        yield Line("sns_publish", objects + parts, "events of the zones")
        yield Line("lambda_request", sum(invocations.values()), "invocations")
        for stage, count in invocations.items():
            yield Line("lambda_gb_second", count * SECONDS[stage] * plan.function_gb(stage), stage)
        yield Line("schedule", self.runs + self.refine_runs + WATCHES + 4 * DAYS, "schedules")
        yield Line("dynamodb_write", WRITTEN_ITEMS * objects, "turns, prices, slots")
        yield Line("metric", METRICS, "metrics by the hour")
        yield Line("log_gb", sum(invocations.values()) * LOG_KB / 1e6, "logs")
        if plan.types["aws_cloudfront_distribution"] or plan.types["aws_cloudfront_origin_access_control"]:
            yield from self._dashboard()
        for name, runs in plan.loads():
            yield from self._load(name, runs, plan.function_gb("load"))
        if plan.types["aws_kms_key"]:
            # Bucket keys make one request serve many objects; messages have a data key for five minutes.
            yield Line("kms_request", 0.6 * objects + 12 * 24 * DAYS * 8, "data keys")

    def _dashboard(self) -> Iterator[Line]:
        yield Line("s3_put", 20 * self.refine_runs, "the dashboard's files")
        yield Line("s3_put", 9 * self.refine_runs, "the dashboard: which files differ")

    def _load(self, name: str, runs: int, gigabytes: float) -> Iterator[Line]:
        """A run lists each of eleven tables and reads the parts that are new; some get copies of them."""
        parts = self.parts * runs / (24 * DAYS) if runs < 24 * DAYS else self.parts
        yield Line("s3_put", 11 * runs, "load: lists")
        yield Line("s3_get", parts, "load: parts")
        yield Line("lambda_request", runs, "load")
        yield Line("lambda_gb_second", 15 * runs * gigabytes, "load")
        yield Line("schedule", runs, "load")
        yield Line("metric", 2, "load")
        if name in COPIED:
            yield Line("s3_put", parts, "load: copies")
            yield Line("dynamodb_write", parts, "load: numbers of copies")

    def collector(self, datasets: int, seconds: int) -> Iterator[Line]:
        """What a running collector writes: a batch of each dataset every so many seconds."""
        batches = datasets * MINUTES * 60 / seconds
        yield Line("s3_put", WRITES * batches, "batches of frames")
        yield Line("s3_get", READS * batches, "batches of frames")
        yield Line("sqs_request", (MESSAGES + REFINE_MESSAGES) * batches, "batches of frames")
        yield Line("dynamodb_write", MINUTES * 60 / 10, "latest prices, one stream")


def _is_candles(source: str, dataset: str) -> bool:
    return bool(sources.source(source).datasets[dataset].max_buckets) and dataset == "candles"
