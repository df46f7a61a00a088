"""Quantities, prices and the always-free tier."""

from collections.abc import Iterator

import pytest

from ops.cost.plan import Plan
from ops.cost.prices import Line, priced, prices, unknown_types
from ops.cost.report import Costs
from ops.cost.traffic import Traffic
from ops.preflight.quota import PlannedFeed

TRAFFIC = Traffic.of(
    [
        PlannedFeed("quotes", "coingecko", "quotes", "cron(0/5 * * * ? *)", 0, 250, 24, enabled=True),
        PlannedFeed("candles", "coinbase", "candles", "cron(2 * * * ? *)", 18, None, 24, enabled=True),
        PlannedFeed("off", "binance", "candles", "cron(* * * * ? *)", 20, None, 24, enabled=False),
    ],
    refine_minutes=15,
    derive_minutes=60,
)


def test_the_free_tier_is_of_a_unit_not_of_each_line_that_uses_it() -> None:
    [alarms] = priced([Line("alarm", 8, "the stack's"), Line("alarm", 4, "the collector's")])
    assert (alarms.quantity, round(alarms.list_usd, 2), round(alarms.net_usd, 2)) == (12, 1.20, 0.20)
    [requests] = priced([Line("s3_put", 100_000, "writes")])
    assert round(requests.net_usd, 2) == 0.50


def test_the_list_of_prices_has_a_date_a_place_and_a_source() -> None:
    assert {"date", "region", "source"} <= prices().keys()
    assert all(price["usd"] > 0 and price["per"] >= 1 for price in prices()["units"].values())


def test_a_resource_that_nobody_priced_is_named() -> None:
    assert unknown_types(["aws_s3_bucket", "aws_nat_gateway", "aws_kms_key"]) == ["aws_nat_gateway"]


def test_runs_and_objects_follow_from_the_schedules_of_feeds_that_are_on() -> None:
    assert (TRAFFIC.runs, TRAFFIC.objects) == (8640 + 720, 8640 + 720 * 18)
    assert TRAFFIC.candle_markets == 18
    assert TRAFFIC.refine_runs == 2880


@pytest.mark.parametrize(
    ("quantity", "unknown", "problems"),
    [
        (100_000, [], []),
        (250_000, [], ["$1.25 a month after the always-free tier is more than $1.00"]),
        (
            1_200_000,
            [],
            [
                "$6.00 a month after the always-free tier is more than $1.00",
                "$6.00 a month at list prices is more than $5.00",
            ],
        ),
        (
            1,
            ["aws_nat_gateway"],
            ["aws_nat_gateway has no price: enter it into ops/cost/prices.json"],
        ),
    ],
)
def test_each_limit_that_is_passed_is_a_sentence(
    quantity: int, unknown: list[str], problems: list[str]
) -> None:
    costs = Costs(priced([Line("s3_put", quantity, "writes")]), {}, unknown, TRAFFIC)
    assert list(costs.problems()) == problems


def test_the_queues_that_a_plan_polls_and_the_memory_of_its_functions_are_paid_for() -> None:
    def function(stage: str, megabytes: int) -> dict[str, object]:
        after = {"handler": f"{stage}.handler.handler", "memory_size": megabytes}
        return {"type": "aws_lambda_function", "change": {"after": after}}

    def quantity(lines: Iterator[Line], unit: str, what: str) -> float:
        return sum(line.quantity for line in lines if (line.unit, line.what) == (unit, what))

    small = Plan("p", (function("refine", 1024), {"type": "aws_lambda_event_source_mapping"}))
    large = Plan("p", (function("refine", 2048), *[{"type": "aws_lambda_event_source_mapping"}] * 2))
    for unit, what in (("lambda_gb_second", "refine"), ("sqs_request", "polls")):
        one, two = (quantity(TRAFFIC.lines(plan), unit, what) for plan in (small, large))
        assert two == pytest.approx(2 * one)
        assert one > 0
