"""audit of what a backfill asked for, with and without a feed."""

from tests.integration.audit.lake import commit, daily, feed, gap_rows, run


def test_what_was_backfilled_is_accounted_for_without_a_feed_and_to_its_last_bucket_alone(
    s3, ingest, context
):
    daily(s3, -400, list(range(-398, -390)))
    daily(s3, -390, list(range(-390, -380)))
    answer = run(context, days=420)
    assert gap_rows(s3, "binance", "1d", "2025-10") == [
        ("XRP", -400, 2, "not_listed"),
        ("XRP", -398, 14, "present"),
    ]
    assert gap_rows(s3, "binance", "1d", "2025-11") == [("XRP", -384, 4, "present")]
    assert answer == answer | {"buckets": 20, "present": 18, "not_listed": 2, "unexplained": 0}
    assert not ingest.requests


def test_a_hole_in_the_middle_of_what_was_backfilled_is_asked_for_and_a_lost_end_too(s3, ingest, context):
    daily(s3, -60, list(range(-60, -50)))
    lost = [daily(s3, day, list(range(day, day + 10))) for day in (-50, -30)]
    daily(s3, -40, list(range(-40, -30)))
    run(context, days=90)
    for key in lost:
        s3.delete_object(Bucket="lake", Key=key)
    answer = run(context, days=90)
    assert {(window["source"], window["asset"], window["quote"]) for window in ingest.requests} == {
        ("binance", "XRP", "USDT")
    }
    assert sum(window["count"] for window in ingest.requests) == answer["refilled"] == 20
    assert answer["unexplained"] == 0


def test_the_past_of_one_market_is_not_asked_for_of_the_others_of_its_feed(s3, ingest, context):
    commit(s3, "BTC", -100, list(range(-100, 0)), count=100)
    for base in ("BTC", "ETH"):
        feed(s3, base)
    run(context)
    assert [row for row in gap_rows(s3) if row[0] == "ETH"] == [
        ("ETH", 0, 26, "present"),
        ("ETH", 26, 3, "pending"),
    ]
    assert ("BTC", -100, 126, "present") in gap_rows(s3)
    assert not ingest.requests


def test_a_market_that_left_the_asset_map_is_audited_under_its_own_name(s3, ingest, context):
    daily(s3, -10, list(range(-10, 0)), "GONE-USDT")
    run(context)
    assert gap_rows(s3, "binance", "1d") == [("binance:GONE", -10, 10, "present")]


def test_rows_from_before_the_first_window_change_nothing(s3, ingest, context):
    daily(s3, -10, list(range(-12, 0)))
    run(context)
    assert gap_rows(s3, "binance", "1d") == [("XRP", -10, 10, "present")]


def test_a_market_without_any_window_left_is_asked_for_as_the_gap_ledger_knew_it(s3, ingest, context):
    daily(s3, -10, list(range(-10, 0)), "GONE-USDT")
    lost = daily(s3, -10, list(range(-10, 0)))
    run(context)
    s3.delete_object(Bucket="lake", Key=lost)
    answer = run(context)
    assert {(window["asset"], window["quote"], window["interval"]) for window in ingest.requests} == {
        ("XRP", "USDT", "1d")
    }
    assert (answer["refilled"], answer["unexplained"]) == (10, 0)
