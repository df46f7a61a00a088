"""What the feeds request of each source in a month, and what is refused. Terraform is not run."""

import pytest

from coinlake import sources
from ops.preflight import quota
from ops.preflight.findings import Level
from ops.preflight.quota import Grant, PlannedFeed

HOURLY = "cron(2 * * * ? *)"
EVERY_FIVE_MINUTES = "cron(0/5 * * * ? *)"
EVERY_MINUTE = "cron(* * * * ? *)"
DAILY = "cron(5 0 * * ? *)"


def grant(source: str, plan: str | None = None, credits_per_month: int | None = None) -> Grant:
    declared = sources.source(source)
    granted = declared.plans[plan or declared.default_plan]
    return Grant(granted.title, granted.requests_per_minute, credits_per_month or granted.credits_per_month)


def feed(
    name: str,
    source: str,
    dataset: str,
    schedule: str = HOURLY,
    *,
    assets: int = 0,
    top: int | None = None,
    lookback: int = 24,
    enabled: bool = True,
) -> PlannedFeed:
    return PlannedFeed(name, source, dataset, schedule, assets, top, lookback, enabled)


def refusals(*feeds: PlannedFeed, run_seconds: int = 60, **grants: Grant) -> list[str]:
    findings = list(quota.check(feeds, grants, run_seconds))
    assert all(finding.level is Level.ERROR for finding in findings)
    return [str(finding) for finding in findings]


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        (EVERY_MINUTE, 44640),
        (EVERY_FIVE_MINUTES, 8928),
        ("cron(1/15 * * * ? *)", 2976),
        ("cron(2/30 * * * ? *)", 1488),
        (HOURLY, 744),
        ("cron(2 0/4 * * ? *)", 186),
        ("cron(2 0/6 * * ? *)", 124),
        (DAILY, 31),
        ("cron(7,37 * * * ? *)", 1488),
        ("cron(0 8-18/2 ? * MON-FRI *)", 6 * 31),  # the days of a week are not counted
        ("cron(*/20 6-9,20 1,15 * ? *)", 3 * 5 * 2),
        ("cron(0 0 L * ? *)", 31),  # nor is the last of a month
    ],
)
def test_runs_are_counted_from_the_schedule(schedule: str, runs: int) -> None:
    assert quota.runs_per_month(schedule) == runs


def test_a_disabled_feed_requests_nothing() -> None:
    off = feed("off", "coincap", "rates", EVERY_MINUTE, enabled=False)
    assert quota.usage([off], ["coincap"]) == {"coincap": quota.Usage(0, 0, 0)}


@pytest.mark.parametrize(
    ("planned", "requests"),
    [
        (feed("pages", "coingecko", "quotes", top=251), 2),
        (feed("named", "coingecko", "prices", assets=2), 1),
        (feed("one_each", "coinbase", "stats", assets=3), 3),
        (feed("list", "binance", "assets"), 1),
        (feed("files", "binance_archive", "candles", assets=2, lookback=3), 12),
        (feed("together", "binance", "quotes", assets=2), 1),
        (feed("quotes", "coincap", "quotes", assets=6), 1),
        (feed("rates", "coincap", "rates"), 1),
        (feed("history", "coincap", "price_points", assets=2, lookback=30), 2),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_run_makes_the_requests_that_ingest_plans(planned: PlannedFeed, requests: int) -> None:
    assert planned.requests_per_run == requests


@pytest.mark.parametrize(
    ("planned", "credits_per_run"),
    [
        (feed("pages", "coingecko", "quotes", top=251), 2),
        # One, and one for each 2500 bytes begun: 50 + 6 × 450, 35000, 50 + 30 × 110 twice.
        (feed("quotes", "coincap", "quotes", assets=6), 3),
        (feed("rates", "coincap", "rates"), 15),
        (feed("history", "coincap", "price_points", assets=2, lookback=30), 6),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_coincaps_answers_cost_by_their_size_and_coingeckos_do_not(
    planned: PlannedFeed, credits_per_run: int
) -> None:
    assert planned.credits_per_run == credits_per_run


@pytest.mark.parametrize(
    ("planned", "weight"),
    [
        (feed("list", "binance", "assets"), 20),
        (feed("together", "binance", "quotes", assets=2), 40),
        (feed("one_each", "coinbase", "stats", assets=3), 3),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_binance_counts_weight(planned: PlannedFeed, weight: int) -> None:
    assert planned.weight_per_run == weight


def test_more_credits_than_the_plan_has_are_refused_with_the_change_that_helps() -> None:
    greedy = feed("coingecko_prices", "coingecko", "quotes", EVERY_FIVE_MINUTES, top=750)
    assert refusals(greedy, coingecko=grant("coingecko", "demo")) == [
        "feed coingecko_prices needs 26,784 of CoinGecko demo's 10,000 credits a month: "
        "slow it to every 15 minutes or choose a higher coingecko_plan"
    ]


def test_credits_that_you_bought_count() -> None:
    greedy = feed("coingecko_prices", "coingecko", "quotes", EVERY_FIVE_MINUTES, top=750)
    [finding] = quota.check([greedy], {"coingecko": grant("coingecko", "demo", 30000)}, 60)
    assert (finding.level, str(finding)) == (
        Level.OK,
        "CoinGecko demo: 26,784 requests a month, 26,784 of 30,000 credits",
    )


def test_feeds_that_are_too_much_together_are_refused() -> None:
    often = feed("often", "coincap", "quotes", assets=6)
    more = feed("more", "coincap", "rates", "cron(2 0/4 * * ? *)")
    fits = feed("fits", "coincap", "rates", DAILY)
    assert refusals(often, more, fits, coincap=grant("coincap")) == [
        "feed more needs 2,790 of CoinCap's 4,000 credits a month, and with the other feeds it is 5,487: "
        "slow it to once a day or set credits_per_month = { coincap = ... } to what your plan has"
    ]


def test_credits_that_no_slower_schedule_can_save_are_refused_too() -> None:
    daily = feed("c", "coinbase", "stats", DAILY, assets=1)
    assert refusals(daily, coinbase=grant("coinbase", credits_per_month=10)) == [
        "feed c needs 31 of Coinbase's 10 credits a month: ask for less or name fewer assets"
    ]


def test_more_requests_a_minute_than_the_source_takes_are_refused() -> None:
    feeds = [
        feed("a", "coingecko", "quotes", EVERY_MINUTE, top=1000),
        feed("b", "coingecko", "prices", EVERY_MINUTE, assets=1),
        feed("c", "coingecko", "assets", EVERY_MINUTE),
    ]
    assert refusals(*feeds, coingecko=grant("coingecko")) == [
        "the feeds of CoinGecko without a key make 6 requests a minute, and its limit is 5: "
        "slow them or choose a higher coingecko_plan"
    ]


def test_a_run_that_outlasts_the_function_is_refused() -> None:
    bars = feed("bars", "coingecko", "ohlc", DAILY, assets=6, lookback=1)
    assert refusals(bars, coingecko=grant("coingecko")) == [
        "feed bars makes 6 requests to CoinGecko without a key in a run, the limit is 5 a minute, "
        "and a run lasts 60 seconds: name fewer assets in one feed or choose a higher coingecko_plan"
    ]


def test_a_longer_run_may_wait_for_its_turn() -> None:
    bars = feed("bars", "coingecko", "ohlc", DAILY, assets=6, lookback=1)
    [finding] = quota.check([bars], {"coingecko": grant("coingecko")}, 120)
    assert finding.level is Level.OK
