"""An absence is no fact before it was asked for again, and a market that its source lists no more is gone."""

from datetime import timedelta

import pytest

from tests.integration.audit.lake import NOW, commit, daily, gap_rows, list_markets, run


@pytest.fixture
def dense(s3):
    """Three windows of a day, the middle one answered with an empty list; and a steady market."""
    for first, held in ((-48, list(range(-48, -24))), (-24, []), (0, list(range(24)))):
        commit(s3, "BTC", first, held)
        commit(s3, "ETH", first, list(range(first, first + 24)))


def again(ingest):
    """What was asked for although it is committed."""
    return [one for one in ingest.requests if one["refresh"]]


def of_btc(s3):
    return [row[1:] for row in gap_rows(s3) if row[0] == "BTC" and row[1] < 24]


def test_an_empty_answer_between_dense_ones_is_asked_for_again(s3, ingest, context, dense):
    run(context)
    assert [(one["asset"], one["end"], one["count"], one["refresh"]) for one in again(ingest)] == [
        ("BTC", "2026-11-20T00:00:00Z", 24, True)
    ]
    assert of_btc(s3) == [(-48, 24, "present"), (-24, 24, "pending"), (0, 24, "present")]


def test_what_the_second_answer_brings_is_present(s3, ingest, context, dense):
    run(context)
    commit(s3, "BTC", -24, list(range(-24, 0)), revision=1)
    ingest.requests.clear()
    run(context)
    assert of_btc(s3) == [(-48, 72, "present")] and not again(ingest)


@pytest.mark.parametrize("outcome", ["landed", "exists"])
@pytest.mark.usefixtures("dense")
def test_after_three_answers_without_it_an_absence_is_a_fact(s3, ingest, context, outcome, evidences):
    ingest.outcome = outcome
    for _ in range(5):
        run(context)
    assert len(again(ingest)) == 2
    assert of_btc(s3)[1] == (-24, 24, "no_trade")
    assert evidences("BTC", -24) == "answered without it, asked 3 times"


def test_a_later_answer_that_lacks_what_an_earlier_one_had_takes_nothing_away(s3, ingest, context):
    commit(s3, "BTC", 0, list(range(24)))
    commit(s3, "BTC", 0, list(range(6)), revision=1)
    commit(s3, "ETH", 0, list(range(24)))
    run(context)
    assert of_btc(s3) == [(0, 24, "present")] and not again(ingest)


def test_a_sparse_answer_between_dense_ones_is_asked_for_again(s3, ingest, context):
    for first, held in ((-48, range(-48, -24)), (-24, [-20, -12, -3]), (0, range(24))):
        commit(s3, "BTC", first, list(held))
    commit(s3, "ETH", -48, list(range(-48, 24)), count=72)
    run(context)
    assert [(one["end"], one["refresh"]) for one in again(ingest)] == [("2026-11-20T00:00:00Z", True)]


def test_a_thin_market_s_usual_holes_are_not_asked_for_again(s3, ingest, context):
    commit(s3, "BTC", -48, list(range(-48, 0, 5)), count=48)
    commit(s3, "BTC", 0, [3, 9, 20])
    commit(s3, "ETH", -48, list(range(-48, 24)), count=72)
    run(context)
    assert not again(ingest)


def test_what_the_whole_source_lacks_is_not_asked_for_again(s3, ingest, context):
    for base in ("BTC", "ETH"):
        commit(s3, base, 0, [hour for hour in range(26) if hour not in range(8, 16)], count=26)
    run(context)
    assert not again(ingest)
    assert ("BTC", 8, 8, "venue_outage") in gap_rows(s3)


def test_of_a_source_that_publishes_idle_buckets_a_single_hole_is_asked_for_again(s3, ingest, context):
    daily(s3, -20, list(range(-20, -10)))
    daily(s3, -10, [day for day in range(-10, 0) if day != -5])
    run(context)
    assert [(one["source"], one["count"], one["refresh"]) for one in again(ingest)] == [("binance", 10, True)]


def test_an_empty_answer_that_ends_at_the_first_candle_is_asked_for_again(s3, ingest, context, evidences):
    commit(s3, "BTC", -48, [])
    commit(s3, "BTC", -24, [])
    commit(s3, "BTC", 0, list(range(24)))
    commit(s3, "ETH", -48, list(range(-48, 24)), count=72)
    for _ in range(4):
        run(context)
    assert [one["end"] for one in again(ingest)] == ["2026-11-20T00:00:00Z"] * 2
    assert of_btc(s3)[:2] == [(-48, 24, "not_listed"), (-24, 24, "not_listed")]
    assert evidences("BTC", -24) == "answered, no candle before, asked 3 times"


def test_without_time_left_or_where_ingest_fails_nothing_is_counted_as_asked(s3, ingest, context, dense):
    run(context, 30_000)
    assert not again(ingest) and of_btc(s3)[1] == (-24, 24, "no_trade")
    ingest.outcome = None
    run(context)
    assert of_btc(s3)[1] == (-24, 24, "no_trade")
    ingest.outcome = "landed"
    run(context)
    run(context)
    assert len(again(ingest)) == 3


@pytest.mark.parametrize(
    ("markets", "evidence"),
    [
        ({"ETH": "online"}, "delisted: not in the list of 2026-11-21"),
        ({"ETH": "online", "BTC": "delisted"}, "delisted: delisted in the list of 2026-11-21"),
    ],
)
def test_a_market_that_its_source_lists_no_more_is_not_listed_after_its_last_candle(  # noqa: PLR0917
    s3, ingest, context, markets, evidence, evidences
):
    commit(s3, "BTC", 0, [hour for hour in range(12) if hour != 5], count=12)
    commit(s3, "BTC", 12, [], count=12)
    commit(s3, "ETH", 0, list(range(24)))
    list_markets(s3, NOW - timedelta(days=1), {"BTC": "online", "ETH": "online"})
    list_markets(s3, NOW.replace(minute=0), markets)
    answer = run(context)
    assert of_btc(s3)[1] == (5, 1, "no_trade")
    assert ("BTC", 12, 17, "not_listed") in gap_rows(s3)
    assert evidences("BTC", 12) == evidence
    assert not again(ingest) and answer["unexplained"] == 0


@pytest.mark.parametrize("status", ["online", "trading_disabled", None])
def test_a_market_that_is_listed_or_halted_is_judged_by_its_answers(s3, ingest, context, status):
    commit(s3, "BTC", 0, list(range(24)))
    commit(s3, "ETH", 0, list(range(24)))
    list_markets(s3, NOW.replace(minute=0), {"BTC": status, "ETH": "online"})
    run(context)
    assert ("BTC", 0, 24, "present") in gap_rows(s3)
    assert not [row for row in gap_rows(s3) if row[3] == "not_listed"]


def test_an_old_list_says_nothing_of_today(s3, ingest, context):
    commit(s3, "BTC", 0, list(range(26)), count=26)
    commit(s3, "ETH", 0, list(range(26)), count=26)
    list_markets(s3, NOW - timedelta(days=30), {"ETH": "online"})
    run(context)
    assert not [row for row in gap_rows(s3) if row[3] == "not_listed"]
