"""Events about trusted files into parts: merged, derived, each partition by itself."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from coinlake.keys import RawKey, Slot
from tests.integration.conftest import FakeContext
from tests.unit.refine.rows import DAY, candle, quote, raw_key

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics")

NOVEMBER = "interval=1m/month=2026-11"
MINUTES = f"refined/candles/{NOVEMBER}/part.parquet"
QUOTES = "refined/quotes/dt=2026-11-20/part.parquet"


def page(number: int) -> RawKey:
    return RawKey("coingecko", "quotes", Slot(DAY, ("usd", f"p{number}")))


def month(interval: str) -> str:
    return f"refined/candles/interval={interval}/month=2026-11/part.parquet"


def test_new_files_are_merged_into_the_file_of_their_partition(line):
    first = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 5, page(1))])
    second = line.put("quotes", "dt=2026-11-20", page(2), [quote(1, 6, page(2), "ETH")])
    assert line.run(first) == []
    assert line.run(second) == []
    assert [(row["base"], row["price"]) for row in line.rows(QUOTES)] == [("BTC", 5), ("ETH", 6)]


def test_only_the_touched_partitions_are_read_however_many_there_are(line):
    for day in range(14, 20):
        line.run(line.put("quotes", f"dt=2026-11-{day:02d}", page(day), [quote(1, day, page(day))]))
    line.run(line.put("quotes", "dt=2026-11-20", page(20), [quote(1, 20, page(20))]))
    read = {key for key in line.counted("GetObject") if key.startswith(("refined/quotes/", "trusted/"))}
    assert read == {QUOTES, str(page(20).trusted("quotes", "dt=2026-11-20"))}
    assert line.counted("PutObject")[QUOTES] == 1
    assert not [key for key in line.counted("ListObjectsV2") if key.startswith(("refined/quotes", "trusted"))]


def test_a_partition_that_would_not_change_is_not_written(line):
    message = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 5, page(1))])
    line.run(message)
    line.run(message)
    assert not line.counted("PutObject")


def test_minutes_become_longer_candles_up_to_the_day_marked_with_what_they_come_from(line):
    key = raw_key(200)
    line.run(line.put("candles", NOVEMBER, key, [candle(minute, minute + 1, key) for minute in range(180)]))
    assert len(line.rows(MINUTES)) == 180
    assert [(row["derived_from"], row["parts"]) for row in line.rows(month("1h"))] == [("1m", 60)] * 3
    assert [(row["derived_from"], row["parts"]) for row in line.rows(month("4h"))] == [("1h", 3)]
    (day,) = line.rows(month("1d"))
    assert (day["open"], day["high"], day["low"], day["close"], day["volume"]) == (1, 180, 1, 180, 180)
    assert day["open_time"] == DAY


def test_a_venues_own_hour_wins_whether_it_comes_before_or_after_the_minutes(line):
    key, own = raw_key(200), raw_key(201)
    minutes = line.put("candles", NOVEMBER, key, [candle(minute, 1, key) for minute in range(120)])
    hours = line.put("candles", "interval=1h/month=2026-11", own, [candle(0, 7, own)])
    line.run(minutes)
    line.run(hours)
    after = line.refined()
    assert [(row["close"], row["derived_from"]) for row in line.rows(month("1h"))] == [(7, None), (1, "1m")]
    for part in after:
        line.s3.delete_object(Bucket="lake", Key=part)
    line.run(hours)
    line.run(minutes)
    assert line.refined() == after


def test_live_tickers_lie_by_stream_and_symbol(line):
    key = RawKey("binance", "tickers", Slot(DAY, ("one",)), ext="jsonl")
    rows = [
        {
            **{"source": "binance", "stream": f"{symbol.lower()}@miniTicker", "raw_symbol": symbol},
            **dict.fromkeys(["open", "high", "low", "close"], Decimal(second)),
            "event_time": DAY + timedelta(seconds=second),
            "received_at": DAY,
            "raw_key": str(key),
        }
        for symbol in ("BTCUSDT", "ETHUSDT")
        for second in (1, 2)
    ]
    line.run(line.put("tickers", "dt=2026-11-20", key, rows))
    assert list(line.refined()) == [
        f"refined/tickers/stream={symbol.lower()}@miniTicker/symbol={symbol}/dt=2026-11-20/part.parquet"
        for symbol in ("BTCUSDT", "ETHUSDT")
    ]
    found = line.rows(next(iter(line.refined())))
    assert [row["close"] for row in found] == [1, 2]
    assert "stream" not in found[0]


def test_a_schedule_empties_the_queue(line):
    line.send(
        *(line.put("quotes", "dt=2026-11-20", page(n), [quote(n, n, page(n))]) for n in range(1, 26)),
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}),
    )
    answer = line.run_scheduled()
    assert line.waiting() == 0
    assert len(line.rows(QUOTES)) == 25
    assert line.counted("PutObject")[QUOTES] == 1
    assert answer["failed"] == 0


def test_files_too_large_for_one_round_are_merged_in_several(line, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("refine.stage.ROUND_BYTES", 1)
    line.send(*(line.put("quotes", "dt=2026-11-20", page(n), [quote(n, n, page(n))]) for n in range(1, 26)))
    line.run_scheduled()
    assert line.waiting() == 0
    assert len(line.rows(QUOTES)) == 25
    assert line.counted("PutObject")[QUOTES] == 3


def test_a_run_without_time_left_leaves_the_rest_in_the_queue(line):
    line.send(line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 1, page(1))]))
    line.context = FakeContext(remaining_ms=1_000)
    line.run_scheduled()
    assert line.waiting() == 1


def test_files_whose_event_never_came_are_merged_by_the_daily_run(line, monkeypatch: pytest.MonkeyPatch):
    today = datetime.now(UTC)
    dt, key = f"dt={today:%Y-%m-%d}", page(1)
    line.put("quotes", dt, key, [quote(1, 5, key)])
    line.put("candles", f"interval=1h/month={today:%Y-%m}", raw_key(0), [candle(0, 1, raw_key(0))])
    line.put("quotes", "dt=2020-01-01", page(2), [quote(1, 5, page(2))])
    line.run_scheduled(heal="2026-11-21T05:00:00Z")
    assert f"refined/quotes/{dt}/part.parquet" in line.refined()
    assert f"refined/candles/interval=1h/month={today:%Y-%m}/part.parquet" in line.refined()
    assert "refined/quotes/dt=2020-01-01/part.parquet" not in line.refined()
    assert not [key for _, key in line.calls if "2020" in key]


def ours(line: Any) -> list[str]:
    return [key for key in line.refined() if key.startswith("refined/quotes/")]


@pytest.mark.parametrize(
    "key",
    [
        "trusted/latest/dt=2026-11-20/coingecko.quotes.20261120T000000Z.usd.p1.parquet",
        "trusted/quotes/month=2026-11/coingecko.quotes.20261120T000000Z.usd.p1.parquet",
        "trusted/candles/interval=7m/month=2026-11/coinbase.candles.20261120T000000Z.BTC-USD.parquet",
        "trusted/quotes/dt=2026-11-20/notes.txt",
    ],
)
def test_messages_about_other_objects_are_acknowledged_and_counted(line, key):
    good = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 5, page(1))])
    assert line.run(line.put_body(key, b"?"), good, "no json") == []
    assert ours(line) == [QUOTES]
    assert line.log.getvalue().count("message ignored") == 2


@pytest.mark.parametrize("foreign", [None, {}, {"eventName": "ObjectRemoved:Delete"}])
def test_a_foreign_record_does_not_cost_the_good_one_of_its_message(line, foreign):
    message = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 7, page(1))])
    records = [foreign, *json.loads(message)["Records"]]
    assert line.run(json.dumps({"Records": records})) == []
    assert list(line.refined()) and line.log.getvalue().count("message ignored") == 1


def test_between_due_runs_todays_quotes_are_merged_and_derived_tables_are_deferred(line, monkeypatch):
    monkeypatch.setenv("DERIVE_MINUTES", "60")
    line.start()
    line.send(line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 5, page(1))]))
    line.run_scheduled(refine="2026-11-20T07:17:00Z")
    assert set(line.refined()) == {QUOTES}
    line.run_scheduled(refine="2026-11-20T08:02:00Z")
    assert {"refined/latest/part.parquet"} < set(line.refined())


def test_tables_derived_from_older_data_are_not_deferred(line, monkeypatch):
    monkeypatch.setenv("DERIVE_MINUTES", "60")
    line.start()
    line.send(line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 5, page(1))]))
    line.run_scheduled(refine="2026-11-25T07:17:00Z")
    assert "refined/asset_days/month=2026-11/part.parquet" in line.refined()


def test_deferred_derived_tables_equal_those_derived_at_once(line, monkeypatch):
    message = line.put("quotes", "dt=2026-11-20", page(1), [quote(1, 5, page(1))])
    line.run(message)
    at_once = line.refined()
    for key in at_once:
        line.s3.delete_object(Bucket="lake", Key=key)
    monkeypatch.setenv("DERIVE_MINUTES", "60")
    line.start()
    line.send(message)
    line.run_scheduled(refine="2026-11-20T07:17:00Z")
    line.run_scheduled(refine="2026-11-20T08:02:00Z")
    assert line.refined() == at_once
