"""audit: what the lake holds decides, and ingest is asked for holes."""

import json
from collections import Counter

import pytest

from audit.classification import Run, State
from audit.refill import Refill
from coinlake import clients
from coinlake.errors import StoreUnavailable
from coinlake.keys import GapsKey, Partition
from coinlake.records import RejectedSpan
from tests.integration.audit.lake import DAY, START, commit, feed, gap_rows, run


def test_a_hole_in_the_middle_is_our_outage_and_exactly_it_is_requested_from_ingest(s3, ingest, context):
    for base in ("BTC", "ETH"):
        commit(s3, base, 0, list(range(8)), count=8)
        commit(s3, base, 12, list(range(12, 26)), count=14)
    answer = run(context)
    assert [(window["asset"], window["count"], window["end"]) for window in ingest.requests] == [
        (base, 4, "2026-11-20T12:00:00Z") for base in ("BTC", "ETH")
    ]
    assert ingest.requests[0] == ingest.requests[0] | {
        "source": "coinbase",
        "dataset": "candles",
        "quote": "USD",
    }
    assert gap_rows(s3)[:4] == [
        ("BTC", 0, 8, "present"),
        ("BTC", 8, 4, "our_outage"),
        ("BTC", 12, 14, "present"),
        ("BTC", 26, 3, "pending"),
    ]
    assert (answer["refilled"], answer["unexplained"]) == (8, 0)


def test_after_the_refill_is_committed_no_hole_is_left(s3, ingest, context):
    commit(s3, "BTC", 0, list(range(8)), count=8)
    commit(s3, "BTC", 12, list(range(12, 26)), count=14)
    run(context)
    commit(s3, "BTC", 8, list(range(8, 12)), count=4)
    ingest.requests.clear()
    run(context)
    assert not [window for window in ingest.requests if window["asset"] == "BTC"]
    assert [row for row in gap_rows(s3) if row[0] == "BTC"] == [
        ("BTC", 0, 26, "present"),
        ("BTC", 26, 3, "pending"),
    ]


def test_a_bucket_that_one_market_lacks_had_no_trade_and_one_that_all_lack_is_an_outage(s3, ingest, context):
    commit(s3, "BTC", 0, [hour for hour in range(26) if hour not in {5, 9}], count=26)
    commit(s3, "ETH", 0, [hour for hour in range(26) if hour != 9], count=26)
    run(context)
    assert gap_rows(s3)[:6] == [
        ("BTC", 0, 5, "present"),
        ("BTC", 5, 1, "no_trade"),
        ("BTC", 6, 3, "present"),
        ("BTC", 9, 1, "venue_outage"),
        ("BTC", 10, 16, "present"),
        ("BTC", 26, 3, "pending"),
    ]
    assert not ingest.requests


def test_before_its_first_candle_a_market_that_was_asked_for_is_not_listed(s3, ingest, context):
    commit(s3, "BTC", 0, list(range(26)), count=26)
    commit(s3, "ETH", 0, [], count=12)
    commit(s3, "ETH", 12, list(range(20, 26)), count=14)
    run(context)
    assert gap_rows(s3)[2:4] == [("ETH", 0, 20, "not_listed"), ("ETH", 20, 6, "present")]


def test_a_later_answer_that_has_the_bucket_wins_over_one_that_had_not(s3, ingest, context):
    commit(s3, "BTC", 0, [hour for hour in DAY if hour != 23])
    commit(s3, "BTC", 2, list(range(2, 26)))
    run(context)
    assert gap_rows(s3)[0] == ("BTC", 0, 26, "present")


@pytest.mark.parametrize("outcome", ["unlisted", "refused"])
def test_what_the_source_refuses_is_unfillable_and_asked_for_again_only_on_demand(
    s3, ingest, context, outcome
):
    feed(s3, "BTC")
    ingest.outcome = outcome
    answers = [run(context), run(context)]
    assert [answer["unfillable"] for answer in answers] == [26, 26]
    assert [answer["unexplained"] for answer in answers] == [26, 26]
    assert [window["asset"] for window in ingest.requests] == ["ETH"]
    run(context, again=True)
    assert len(ingest.requests) == 2


def test_an_answer_in_quarantine_cannot_fill(s3, ingest, context):
    commit(s3, "BTC", 0, list(range(12)), count=12)
    commit(s3, "BTC", 12, [], count=14, rows_in=1, rows_quarantined=1, reasons={"api_error": 1})
    assert run(context)["unfillable"] == 14


def test_rejected_rows_make_only_their_own_buckets_unfillable(s3, ingest, context):
    seven = RejectedSpan("2026-11-20T07:00:00Z", "2026-11-20T08:00:00Z", "bad_type")
    commit(
        s3,
        *("BTC", 0, [hour for hour in range(26) if hour not in {6, 7}], 26),
        **{"rows_in": 26, "rows_quarantined": 2, "reasons": {"bad_type": 2}, "rejected": (seven,)},
    )
    commit(s3, "ETH", 0, list(range(26)), count=26)
    answer = run(context)
    assert gap_rows(s3)[:4] == [
        ("BTC", 0, 6, "present"),
        ("BTC", 6, 1, "no_trade"),
        ("BTC", 7, 1, "unfillable"),
        ("BTC", 8, 18, "present"),
    ]
    assert answer["unexplained"] == 1


@pytest.mark.parametrize(("outcome", "remaining_ms"), [(None, 300_000), ("landed", 30_000)])
def test_what_ingest_fails_at_or_there_is_no_time_for_stays_a_hole(
    s3, ingest, context, outcome, remaining_ms
):
    feed(s3, "BTC")
    ingest.outcome = outcome
    answer = run(context, remaining_ms)
    assert (answer["our_outage"], answer["refilled"], answer["unexplained"]) == (26, 0, 26)


def test_nothing_is_expected_before_anything_was_asked_for(s3, ingest, context):
    assert run(context) == Counter() | dict.fromkeys(run(context), 0)
    assert not ingest.requests


def test_the_same_lake_gives_the_same_bytes(s3, ingest, context):
    commit(s3, "BTC", 0, [hour for hour in DAY if hour != 20])
    bodies = []
    for _ in range(2):
        run(context)
        answer = s3.get_object(
            Bucket="lake", Key=str(GapsKey("coinbase", Partition.month("2026-11", interval="1h")))
        )
        bodies.append(answer["Body"].read())
    assert bodies[0] == bodies[1]


def test_the_metric_counts_what_nothing_explains(s3, ingest, context, capsys):
    feed(s3, "BTC")
    ingest.outcome = "refused"
    run(context)
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line["GapsUnexplained"] for line in emitted] == [[26.0]]


def test_a_lambda_that_is_gone_raises_so_that_the_run_is_tried_again(aws):
    hole = Run("BTC", "USD", START, 3, State.OUR_OUTAGE, None, None)
    refill = Refill(clients.client("lambda"), "gone")
    with pytest.raises(StoreUnavailable, match="could not invoke gone"):
        list(refill.fill(hole, "coinbase", "1h", lambda: True))
