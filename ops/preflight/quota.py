"""What the feeds request of each source in a month, against what it grants. At run time ingest keeps to the
same limits (functions/ingest/rate_limits.py)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from coinlake import sources
from coinlake.schedules import cron_part
from ops.preflight.findings import Finding, Level

FEWER_ASSETS: Final = "name fewer assets in one feed"
MONTH_MINUTES: Final = 31 * 24 * 60  # the longest

# Of a cron expression: minutes, hours, days.
_CRON_RANGES: Final = ((0, 59), (0, 23), (1, 31))

_PACES: Final = (
    ("every 5 minutes", 5),
    ("every 15 minutes", 15),
    ("every 30 minutes", 30),
    ("every hour", 60),
    ("every 4 hours", 240),
    ("every 6 hours", 360),
    ("once a day", 1440),
)


@dataclass(frozen=True, slots=True)
class PlannedFeed:
    """A feed with its defaults filled in; ``assets`` is how many it names, ``lookback`` buckets or days."""

    name: str
    source: str
    dataset: str
    schedule: str
    assets: int
    top: int | None
    lookback: int
    enabled: bool

    @property
    def runs_per_month(self) -> int:
        return runs_per_month(self.schedule) if self.enabled else 0

    @property
    def requests_per_run(self) -> int:
        dataset = self._dataset
        batches = 1 if dataset.selects == "all" else -(-(self.top or self.assets) // dataset.batch)
        return batches * (2 * self.lookback if dataset.files else 1)

    @property
    def weight_per_run(self) -> int:
        """What the source counts of its limit by the minute."""
        return self.requests_per_run * self._dataset.weight

    @property
    def credits_per_run(self) -> int:
        dataset = self._dataset
        rows = self.lookback if dataset.max_buckets else min(self.assets, dataset.batch)
        answer_bytes = dataset.bytes_once + dataset.bytes_each * rows
        return self.requests_per_run * sources.source(self.source).credits(answer_bytes)

    @property
    def credits_per_month(self) -> int:
        return self.runs_per_month * self.credits_per_run

    @property
    def _dataset(self) -> sources.Dataset:
        return sources.source(self.source).datasets[self.dataset]


@dataclass(frozen=True, slots=True)
class Grant:
    """What a source allows under the plan in use; ``credits_per_month`` None is no monthly quota."""

    title: str
    requests_per_minute: int
    credits_per_month: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the enabled feeds request of one source in the longest month."""

    requests_per_month: int
    weight_per_month: int
    credits_used: int


def runs_per_month(schedule: str) -> int:
    """Runs in a month of 31 days of ``cron(minutes hours days months weekdays years)``.

    Each of the first three is a list of ``*``, ``a``, ``a-b``, with ``/step`` or without. Whatever else
    there is in a field counts as "always", and so do days of the week and months: too many runs are
    planned for, never too few.
    """
    minutes, hours, days = (
        sum(len(cron_part(part, first, last)) for part in field.split(","))
        for field, (first, last) in zip(schedule.removeprefix("cron(").split(), _CRON_RANGES, strict=False)
    )
    return minutes * hours * days


def usage(feeds: Collection[PlannedFeed], source_names: Collection[str]) -> dict[str, Usage]:
    """By source, also of those that no feed uses."""
    return {source: _usage([feed for feed in feeds if feed.source == source]) for source in source_names}


def _usage(feeds: Sequence[PlannedFeed]) -> Usage:
    return Usage(
        requests_per_month=sum(feed.runs_per_month * feed.requests_per_run for feed in feeds),
        weight_per_month=sum(feed.runs_per_month * feed.weight_per_run for feed in feeds),
        credits_used=sum(feed.credits_per_month for feed in feeds),
    )


def check(feeds: Collection[PlannedFeed], grants: Mapping[str, Grant], run_seconds: int) -> Iterator[Finding]:
    """An error for each request beyond what a source grants, else what each source is used for.

    ``run_seconds`` is ingest's timeout: the requests of a run go evenly spread over the minute.
    """
    for source, grant in sorted(grants.items()):
        own = sorted((feed for feed in feeds if feed.source == source), key=lambda feed: feed.name)
        used, remedy = _usage(own), sources.source(source).remedy
        errors = [
            *_too_many_credits(own, grant, remedy),
            *_too_many_requests(used, grant, remedy),
            *_too_long_runs(own, grant, remedy, run_seconds),
        ]
        yield from errors
        if used.requests_per_month and not errors:
            sentence = f"{grant.title}: {used.requests_per_month:,} requests a month"
            if grant.credits_per_month is not None:
                sentence += f", {used.credits_used:,} of {grant.credits_per_month:,} credits"
            yield Finding(Level.OK, sentence)


def _too_many_credits(feeds: Sequence[PlannedFeed], grant: Grant, remedy: str) -> Iterator[Finding]:
    """Names the greediest feed, and the slowest change that helps beside what the others use."""
    granted, used = grant.credits_per_month, sum(feed.credits_per_month for feed in feeds)
    if granted is None or used <= granted:
        return
    feed = max(feeds, key=lambda feed: feed.credits_per_month)
    needs, left = feed.credits_per_month, granted - used + feed.credits_per_month
    with_others = "" if used == needs else f", and with the other feeds it is {used:,}"
    slower = (
        f"slow it to {words}"
        for words, minutes in _PACES
        if MONTH_MINUTES / minutes * feed.credits_per_run <= left
    )
    yield Finding(
        Level.ERROR,
        f"feed {feed.name} needs {needs:,} of {grant.title}'s {granted:,} credits a month{with_others}",
        f"{next(slower, 'ask for less')} or {remedy}",
    )


def _too_many_requests(used: Usage, grant: Grant, remedy: str) -> Iterator[Finding]:
    if used.weight_per_month > grant.requests_per_minute * MONTH_MINUTES:
        yield Finding(
            Level.ERROR,
            f"the feeds of {grant.title} make {-(-used.weight_per_month // MONTH_MINUTES)} requests a "
            f"minute, and its limit is {grant.requests_per_minute}",
            f"slow them or {remedy}",
        )


def _too_long_runs(
    feeds: Sequence[PlannedFeed], grant: Grant, remedy: str, run_seconds: int
) -> Iterator[Finding]:
    for feed in feeds:
        if feed.enabled and feed.weight_per_run * 60 > grant.requests_per_minute * run_seconds:
            yield Finding(
                Level.ERROR,
                f"feed {feed.name} makes {feed.weight_per_run} requests to {grant.title} in a run, "
                f"the limit is {grant.requests_per_minute} a minute, and a run lasts {run_seconds} seconds",
                FEWER_ASSETS if FEWER_ASSETS.startswith(remedy) else f"{FEWER_ASSETS} or {remedy}",
            )
