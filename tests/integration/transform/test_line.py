"""One raw object through the whole function, on moto."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow.parquet as pq

from coinlake.s3_events import ObjectRef, created_event
from coinlake.tables import tables

COINS = "raw/source=coingecko/dataset=quotes/dt=2026-11-20/20261120T010000Z.markets.usd.p1.json.gz"
QUOTES = "trusted/quotes/dt=2026-11-20/coingecko.quotes.20261120T010000Z.markets.usd.p1.parquet"
COINS_LEDGER = "ledger/coingecko/quotes/dt=2026-11-20/20261120T010000Z.markets.usd.p1.json"
COINS_QUARANTINE = "quarantine/coingecko/quotes/dt=2026-11-20/20261120T010000Z.markets.usd.p1.jsonl"
PAGE = """[
  {"id": "bitcoin", "symbol": "btc", "current_price": 77361, "market_cap": 1549886872303,
   "market_cap_rank": 1, "total_volume": 33235034316, "high_24h": 78419, "low_24h": 76696,
   "price_change_percentage_24h": -0.95302, "circulating_supply": 20030493.0,
   "total_supply": 20030843.0, "max_supply": 21000000.0, "roi": null,
   "last_updated": "2026-11-20T00:59:58.599Z"},
  {"id": "shiba-inu", "symbol": "shib", "current_price": 8.47e-06, "market_cap": 4990231551,
   "market_cap_rank": null, "max_supply": null, "last_updated": "2026-11-20T00:59:51.104Z"}
]"""


def test_a_page_of_coins_becomes_one_parquet_object_and_a_ledger_entry(line):
    assert line.run(line.put_rows(COINS, PAGE)) == []
    assert set(line.everything()) == {QUOTES, COINS_LEDGER}
    bitcoin, shiba = line.table(QUOTES).to_pylist()
    assert bitcoin["base"] == "BTC"
    assert bitcoin["price"] == Decimal(77361)
    assert bitcoin["observed_at"] == datetime(2026, 11, 20, 0, 59, 58, 599000, tzinfo=UTC)
    assert bitcoin["received_at"] == datetime(2026, 11, 20, 1, 0, 2, 500000, tzinfo=UTC)
    assert bitcoin["raw_key"] == COINS
    assert shiba["base"] == "coingecko:shiba-inu"
    assert shiba["price"] == Decimal("0.00000847")
    assert shiba["rank"] is None
    entry = line.ledger(COINS_LEDGER)
    assert (entry.rows_in, entry.rows_trusted, entry.rows_quarantined) == (2, 2, 0)
    assert entry.outputs == (QUOTES,)
    assert entry.version == "version-1"


def test_candles_become_one_object_for_each_month(line):
    rows = [
        [1796083200, 77290.11, 77480.5, 77353.82, 77361.43, 301.88412077],
        [1796079600, 77102.4, 77411.0, 77240.91, 77353.5, 254.10233145],
    ]
    slot = "20261201T010000Z.BTC-USD.1h.24"
    key = f"raw/source=coinbase/dataset=candles/dt=2026-12-01/{slot}.json.gz"
    line.run(line.put_rows(key, rows, fetched_at="2026-12-01T00:30:00+00:00"))
    november, december = (
        f"trusted/candles/interval=1h/month={month}/coinbase.candles.{slot}.parquet"
        for month in ("2026-11", "2026-12")
    )
    assert set(line.everything()) == {
        november,
        december,
        f"ledger/coinbase/candles/dt=2026-12-01/{slot}.json",
    }
    (closed,), (open_,) = (line.table(key).to_pylist() for key in (november, december))
    assert closed["open_time"] == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert [closed[name] for name in ("open", "high", "low", "close", "volume")] == [
        Decimal(text) for text in ("77240.91", "77411.0", "77102.4", "77353.5", "254.10233145")
    ]
    assert closed["is_closed"]
    assert not open_["is_closed"]


def test_a_bad_row_goes_to_quarantine_and_its_neighbours_stay(line):
    rows = json.loads(PAGE)
    rows[0]["current_price"] = None
    line.run(line.put_rows(COINS, rows))
    assert line.table(QUOTES).num_rows == 1
    assert line.quarantine(COINS_QUARANTINE) == [
        {"raw_key": COINS, "code": "missing_price", "row": 0, "field": "current_price", "value": None}
    ]
    entry = line.ledger(COINS_LEDGER)
    assert (entry.rows_in, entry.rows_trusted, entry.rows_quarantined) == (2, 1, 1)
    assert entry.reasons == {"missing_price": 1}
    assert entry.outputs == (COINS_QUARANTINE, QUOTES)


def test_the_parquet_is_written_for_every_reader(line):
    line.run(line.put_rows(COINS, PAGE))
    file = pq.ParquetFile(io.BytesIO(line.body(QUOTES)))
    schema = tables()["quotes"].schema
    assert file.schema_arrow.names == schema.names
    assert file.schema_arrow.types == schema.types
    assert file.metadata.metadata is None
    group = file.metadata.row_group(0)
    columns = {group.column(place).path_in_schema: group.column(place) for place in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert columns["observed_at"].physical_type == "INT64"
    assert columns["observed_at"].statistics.min == datetime(2026, 11, 20, 0, 59, 51, 104000, tzinfo=UTC)
    with_dictionary = {name for name, column in columns.items() if column.has_dictionary_page}
    assert with_dictionary == set(tables()["quotes"].dictionary)


def test_a_good_page_costs_three_calls_and_one_with_rejected_rows_four(line):
    line.run(line.put_rows(COINS, PAGE))
    assert line.calls == ["GetObject", "PutObject", "PutObject"]
    rows = json.loads(PAGE)
    rows[0]["current_price"] = None
    line.run(line.put_rows(COINS.replace(".p1.", ".p2."), rows))
    assert line.calls == ["GetObject", "PutObject", "PutObject", "PutObject"]


def test_the_older_entry_is_read_only_where_the_new_one_is_refused(line, capsys):
    message = line.put_rows(COINS, PAGE)
    line.run(message)
    before, written = line.everything(), line.s3.head_object(Bucket="lake", Key=COINS_LEDGER)["LastModified"]
    assert line.run(message) == []
    assert line.calls == ["GetObject", "PutObject", "PutObject", "GetObject"]
    assert line.everything() == before
    assert line.s3.head_object(Bucket="lake", Key=COINS_LEDGER)["LastModified"] == written
    counted = [json.loads(text)["RowsTrusted"] for text in capsys.readouterr().out.splitlines()]
    assert counted == [[2.0], [0.0]]


def test_an_event_without_etag_is_settled_by_the_object_itself(line):
    line.run(line.put_rows(COINS, PAGE))
    before = line.everything()
    assert line.run(created_event(ObjectRef("raw", COINS))) == []
    assert line.calls == ["GetObject", "PutObject", "PutObject", "GetObject"]
    assert line.everything() == before


def test_the_order_of_the_rows_does_not_change_the_bytes(line):
    rows = json.loads(PAGE)
    line.run(line.put_rows(COINS, rows))
    first = line.body(QUOTES)
    line.run(line.put_rows(COINS, rows[::-1]))
    assert line.body(QUOTES) == first


def test_an_answer_without_rows_is_a_ledger_entry_and_a_note(line):
    line.run(line.put_rows(COINS, []))
    assert set(line.everything()) == {COINS_LEDGER}
    entry = line.ledger(COINS_LEDGER)
    assert (entry.rows_in, entry.notes) == (0, ("no_rows",))


def test_an_unreadable_answer_is_one_quarantined_row(line):
    line.run(line.put_rows(COINS, "<html>"))
    assert set(line.everything()) == {COINS_LEDGER, COINS_QUARANTINE}
    assert line.ledger(COINS_LEDGER).reasons == {"not_json": 1}
    assert line.quarantine(COINS_QUARANTINE)[0]["row"] is None


def test_an_object_over_the_cap_is_not_fetched(line):
    line.run(line.put(COINS, bytes(1024 * 1024 + 1)))
    assert line.calls == ["PutObject", "PutObject"]
    assert line.ledger(COINS_LEDGER).reasons == {"too_large": 1}


def test_an_object_over_the_cap_whose_event_gives_no_size_is_not_read(line):
    line.put(COINS, bytes(1024 * 1024 + 1))
    line.run(created_event(ObjectRef("raw", COINS)))
    assert line.ledger(COINS_LEDGER).reasons == {"too_large": 1}


def test_an_object_without_bytes_is_not_fetched(line):
    line.run(line.put(COINS, b""))
    assert line.calls == ["PutObject", "PutObject"]
    assert line.ledger(COINS_LEDGER).reasons == {"empty_object": 1}


def test_a_revision_has_keys_of_its_own(line):
    revised = COINS.replace(".p1.", ".p1.r2.")
    line.run(line.put_rows(COINS, []), line.put_rows(revised, PAGE))
    assert QUOTES.replace(".p1.", ".p1.r2.") in line.everything()
    assert line.ledger(COINS_LEDGER).notes == ("no_rows",)
