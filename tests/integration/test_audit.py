"""audit against moto: what the lake holds decides, and ingest, here a fake, is asked for holes."""

import io
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audit import handler as audit
from audit.refill import Refill
from coinlake import clients, intervals
from coinlake.errors import StoreUnavailable
from coinlake.feeds import window_key
from coinlake.keys import gaps_key
from coinlake.records import LedgerEntry
from coinlake.tables import tables

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 21, 5, 20, tzinfo=UTC)
START = datetime(2026, 11, 20, tzinfo=UTC)
DAY = list(range(24))
CONFIG = {
    "assets": {"BTC": {"coinbase": "BTC"}, "ETH": {"coinbase": "ETH"}, "XRP": {"binance": "XRP"}},
    "sources": {},
    "feeds": {
        "coinbase_candles": {
            "source": "coinbase",
            "dataset": "candles",
            "quote": "USD",
            "interval": "1h",
            "assets": ["BTC", "ETH", "XRP"],
            "top": None,
            "lookback": 24,
            "stale_after_minutes": 150,
            "enabled": True,
        }
    },
    "price_rules": {},
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
    "environment": "local",
}


@dataclass
class FakeIngest:
    """Lambda's ``invoke`` as ingest answers it: with ``outcome``, or a failure where that is None."""

    outcome: str | None = "landed"
    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:
        assert FunctionName == "coinlake-test-ingest"
        self.asked.append(json.loads(Payload)["window"])
        failure = {} if self.outcome else {"FunctionError": "Unhandled"}
        body = {"key": "raw/key" if self.outcome == "landed" else None, "outcome": self.outcome}
        return {"Payload": io.BytesIO(json.dumps(body).encode()), **failure}


class FrozenNow(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return NOW


@pytest.fixture
def ingest(s3: Any, monkeypatch: pytest.MonkeyPatch) -> FakeIngest:
    s3.put_object(Bucket="artifacts", Key="config", Body=json.dumps(CONFIG).encode())
    for name, value in {
        "LAKE_BUCKET": "lake",
        "CONFIG_BUCKET": "artifacts",
        "CONFIG_KEY": "config",
        "INGEST_FUNCTION": "coinlake-test-ingest",
    }.items():
        monkeypatch.setenv(name, value)
    fake = FakeIngest()
    monkeypatch.setattr(audit, "lambda_client", lambda: fake)
    monkeypatch.setattr(audit, "datetime", FrozenNow)
    audit.wire.cache_clear()
    return fake


def commit(s3: Any, base: str, first: int, held: list[int], count: int = 24, **entry: Any) -> None:
    """An answer over ``count`` hours from START + ``first``, with candles at the hours ``held``."""
    end = START + (first + count) * HOUR
    raw = window_key("coinbase", "candles", f"{base}-USD", interval="1h", end=end, count=count)
    numbers = {"rows_in": len(held), "rows_trusted": len(held), "rows_quarantined": 0, **entry}
    ledger = LedgerEntry(str(raw), "etag", "version", **numbers).to_json()
    s3.put_object(Bucket="lake", Key=str(raw.ledger()), Body=ledger)
    if held:
        moments = pa.array([START + hour * HOUR for hour in held], pa.timestamp("us", tz="UTC"))
        put_rows(s3, str(raw.trusted("candles", "interval=1h/month=2026-11")), moments)


def feed(s3: Any, base: str) -> None:
    """Two answers that the feed asked for, with candles in all of the first 26 hours."""
    commit(s3, base, 0, DAY)
    commit(s3, base, 2, list(range(2, 26)))


def daily(s3: Any, first: int, held: list[int], name: str = "XRP-USDT") -> str:
    """A backfill's answer of Binance over ten days from START + ``first`` days; returns its ledger key."""
    days = [START + (first + day) * 24 * HOUR for day in range(11)]
    raw = window_key("binance", "candles", name, interval="1d", end=days[-1], count=10)
    numbers = {"rows_in": len(held), "rows_trusted": len(held), "rows_quarantined": 0}
    ledger = LedgerEntry(str(raw), "etag", "version", **numbers).to_json()
    s3.put_object(Bucket="lake", Key=str(raw.ledger()), Body=ledger)
    for month in {f"{START + day * 24 * HOUR:%Y-%m}" for day in held}:
        moments = [START + day * 24 * HOUR for day in held]
        inside = [moment for moment in moments if f"{moment:%Y-%m}" == month]
        times = pa.array(inside, pa.timestamp("us", tz="UTC"))
        put_rows(s3, str(raw.trusted("candles", f"interval=1d/month={month}")), times)
    return str(raw.ledger())


def put_rows(s3: Any, key: str, times: pa.Array) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"open_time": times, "is_closed": [True] * len(times)}), sink)
    s3.put_object(Bucket="lake", Key=key, Body=sink.getvalue())


def books(
    s3: Any, source: str = "coinbase", interval: str = "1h", month: str = "2026-11"
) -> list[tuple[str, int, int, str]]:
    """The month's rows: base, first bucket after START, buckets, state."""
    body = s3.get_object(Bucket="lake", Key=gaps_key(source, interval, month))["Body"].read()
    table = pq.read_table(io.BytesIO(body))
    assert table.schema.names == tables()["gaps"].schema.names
    hours = [(moment - START) // intervals.duration(interval) for moment in table["open_time"].to_pylist()]
    return list(
        zip(
            table["base"].to_pylist(),
            hours,
            table["buckets"].to_pylist(),
            table["state"].to_pylist(),
            strict=True,
        )
    )


def run(context: Any, remaining_ms: int = 300_000, **event: Any) -> dict[str, int]:
    later = type(context)(remaining_ms=remaining_ms)
    return audit.handler({"days": 5, **event}, later)


def test_a_hole_in_the_middle_is_ours_and_ingest_is_asked_for_exactly_it(s3, ingest, context):
    for base in ("BTC", "ETH"):
        commit(s3, base, 0, list(range(8)), count=8)
        commit(s3, base, 12, list(range(12, 26)), count=14)
    answer = run(context)
    assert [(asked["asset"], asked["count"], asked["end"]) for asked in ingest.asked] == [
        (base, 4, "2026-11-20T12:00:00+00:00") for base in ("BTC", "ETH")
    ]
    assert ingest.asked[0] == ingest.asked[0] | {"source": "coinbase", "dataset": "candles", "quote": "USD"}
    assert books(s3)[:4] == [
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
    ingest.asked.clear()
    run(context)
    assert not [asked for asked in ingest.asked if asked["asset"] == "BTC"]
    assert [row for row in books(s3) if row[0] == "BTC"] == [
        ("BTC", 0, 26, "present"),
        ("BTC", 26, 3, "pending"),
    ]


def test_what_only_one_market_of_coinbase_lacks_did_not_trade_and_what_all_lack_is_the_venue_s(
    s3, ingest, context
):
    commit(s3, "BTC", 0, [hour for hour in range(26) if hour not in {5, 9}], count=26)
    commit(s3, "ETH", 0, [hour for hour in range(26) if hour != 9], count=26)
    run(context)
    assert books(s3)[:6] == [
        ("BTC", 0, 5, "present"),
        ("BTC", 5, 1, "no_trade"),
        ("BTC", 6, 3, "present"),
        ("BTC", 9, 1, "venue_outage"),
        ("BTC", 10, 16, "present"),
        ("BTC", 26, 3, "pending"),
    ]
    assert not ingest.asked


def test_before_its_first_candle_a_market_that_was_asked_for_is_not_listed(s3, ingest, context):
    commit(s3, "BTC", 0, list(range(26)), count=26)
    commit(s3, "ETH", 0, [], count=12)
    commit(s3, "ETH", 12, list(range(20, 26)), count=14)
    run(context)
    assert books(s3)[2:4] == [("ETH", 0, 20, "not_listed"), ("ETH", 20, 6, "present")]


def test_a_later_answer_that_has_the_bucket_wins_over_one_that_had_not(s3, ingest, context):
    commit(s3, "BTC", 0, [hour for hour in DAY if hour != 23])
    commit(s3, "BTC", 2, list(range(2, 26)))
    run(context)
    assert books(s3)[0] == ("BTC", 0, 26, "present")


@pytest.mark.parametrize("outcome", ["unlisted", "refused"])
def test_what_the_source_refuses_is_unfillable_and_asked_for_again_only_on_demand(
    s3, ingest, context, outcome
):
    feed(s3, "BTC")
    ingest.outcome = outcome
    answers = [run(context), run(context)]
    assert [answer["unfillable"] for answer in answers] == [26, 26]
    assert [answer["unexplained"] for answer in answers] == [26, 26]
    assert [asked["asset"] for asked in ingest.asked] == ["ETH"]
    run(context, again=True)
    assert len(ingest.asked) == 2


def test_an_answer_in_quarantine_cannot_fill(s3, ingest, context):
    commit(s3, "BTC", 0, list(range(12)), count=12)
    commit(s3, "BTC", 12, [], count=14, rows_in=1, rows_quarantined=1, reasons={"api_error": 1})
    assert run(context)["unfillable"] == 14


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
    assert not ingest.asked


def test_what_was_backfilled_is_accounted_for_without_a_feed_and_to_its_last_bucket_alone(
    s3, ingest, context
):
    daily(s3, -400, list(range(-398, -390)))
    daily(s3, -390, list(range(-390, -380)))
    answer = run(context, days=420)
    assert books(s3, "binance", "1d", "2025-10") == [
        ("XRP", -400, 2, "not_listed"),
        ("XRP", -398, 14, "present"),
    ]
    assert books(s3, "binance", "1d", "2025-11") == [("XRP", -384, 4, "present")]
    assert answer == answer | {"buckets": 20, "present": 18, "not_listed": 2, "unexplained": 0}
    assert not ingest.asked


def test_a_hole_in_the_middle_of_what_was_backfilled_is_asked_for_and_a_lost_end_too(s3, ingest, context):
    daily(s3, -60, list(range(-60, -50)))
    lost = [daily(s3, day, list(range(day, day + 10))) for day in (-50, -30)]
    daily(s3, -40, list(range(-40, -30)))
    run(context, days=90)
    for key in lost:
        s3.delete_object(Bucket="lake", Key=key)
    answer = run(context, days=90)
    assert {(asked["source"], asked["asset"], asked["quote"]) for asked in ingest.asked} == {
        ("binance", "XRP", "USDT")
    }
    assert sum(asked["count"] for asked in ingest.asked) == answer["refilled"] == 20
    assert answer["unexplained"] == 0


def test_the_past_of_one_market_is_not_asked_for_of_the_others_of_its_feed(s3, ingest, context):
    commit(s3, "BTC", -100, list(range(-100, 0)), count=100)
    for base in ("BTC", "ETH"):
        feed(s3, base)
    run(context)
    assert [row for row in books(s3) if row[0] == "ETH"] == [
        ("ETH", 0, 26, "present"),
        ("ETH", 26, 3, "pending"),
    ]
    assert ("BTC", -100, 126, "present") in books(s3)
    assert not ingest.asked


def test_a_market_that_left_the_asset_map_is_audited_under_its_own_name(s3, ingest, context):
    daily(s3, -10, list(range(-10, 0)), "GONE-USDT")
    run(context)
    assert books(s3, "binance", "1d") == [("binance:GONE", -10, 10, "present")]


def test_rows_from_before_the_first_window_change_nothing(s3, ingest, context):
    daily(s3, -10, list(range(-12, 0)))
    run(context)
    assert books(s3, "binance", "1d") == [("XRP", -10, 10, "present")]


def test_the_same_lake_gives_the_same_bytes(s3, ingest, context):
    commit(s3, "BTC", 0, DAY[:20])
    bodies = []
    for _ in range(2):
        run(context)
        answer = s3.get_object(Bucket="lake", Key=gaps_key("coinbase", "1h", "2026-11"))
        bodies.append(answer["Body"].read())
    assert bodies[0] == bodies[1]


def test_the_metric_counts_what_nothing_explains(s3, ingest, context, capsys):
    feed(s3, "BTC")
    ingest.outcome = "refused"
    run(context)
    emitted = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line["GapsUnexplained"] for line in emitted] == [[26.0]]


def test_a_lambda_that_is_gone_raises_so_that_the_run_is_tried_again(aws):
    refill = Refill(clients.client("lambda"), "gone", lambda: True)
    with pytest.raises(StoreUnavailable, match="could not invoke gone"):
        refill._ask({})
