"""Keys and slots: what is built can be parsed, and nothing else can."""

from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coinlake import keys
from coinlake.errors import BadKey
from coinlake.keys import LedgerKey, Partition, QuarantineKey, RawKey, Slot, SnappyKey, TrustedKey

times = st.datetimes(
    min_value=datetime(2009, 1, 3), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))
words = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True).filter(lambda word: not word.startswith("r"))
names = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
slots = st.builds(
    Slot, times, st.lists(words, max_size=4).map(tuple), st.integers(min_value=0, max_value=999_999)
)
raw_keys = st.builds(RawKey, names, names, slots, st.sampled_from(["json", "jsonl", "csv"]))

WINDOW = Slot(datetime(2026, 11, 21, 7, tzinfo=UTC), ("BTC-USD", "1h", "24"))
RAW = RawKey("coinbase", "candles", WINDOW)


def test_a_raw_key_names_its_source_dataset_day_and_slot():
    assert str(RAW) == (
        "raw/source=coinbase/dataset=candles/dt=2026-11-21/20261121T070000Z.BTC-USD.1h.24.json.gz"
    )


def test_every_key_of_a_raw_object_carries_its_slot():
    assert (
        str(RAW.quarantine())
        == "quarantine/coinbase/candles/dt=2026-11-21/20261121T070000Z.BTC-USD.1h.24.jsonl"
    )
    assert str(RAW.ledger()) == "ledger/coinbase/candles/dt=2026-11-21/20261121T070000Z.BTC-USD.1h.24.json"
    assert str(RAW.trusted("candles", "interval=1h/month=2026-11")) == (
        "trusted/candles/interval=1h/month=2026-11/coinbase.candles.20261121T070000Z.BTC-USD.1h.24.parquet"
    )


@given(raw_keys)
def test_every_key_survives_the_round_trip(raw: RawKey):
    assert RawKey.parse(str(raw)) == raw
    assert QuarantineKey.parse(str(raw.quarantine())) == raw.quarantine()
    assert LedgerKey.parse(str(raw.ledger())) == raw.ledger()
    trusted = raw.trusted("candles", "interval=1h/month=2026-11")
    assert TrustedKey.parse(str(trusted)) == trusted


@given(st.text(min_size=1), st.text(min_size=1), st.dates())
def test_the_copy_of_a_part_has_a_key_of_its_own(stream: str, symbol: str, day: date):
    levels = {name: quote(value, safe="") for name, value in (("stream", stream), ("symbol", symbol))}
    key = SnappyKey("trades", Partition.day(day, **levels))
    assert SnappyKey.parse(str(key)) == key
    assert str(key).split("/")[2:] == [
        f"stream={levels['stream']}",
        f"symbol={levels['symbol']}",
        f"{day:%Y-%m-%d}.snappy.parquet",
    ]


@given(st.text())
@example("raw/source=coinbase/dataset=candles/dt=2026-11-22/20261121T070000Z.BTC-USD.1h.24.json.gz")
@example("raw/source=coinbase/dataset=candles/dt=2026-11-21/20261121T070000Z.BTC-USD.1h.24.json")
@example("raw/source=../dataset=candles/dt=2026-11-21/20261121T070000Z.json.gz")
@example("raw/source=coinbase/dataset=candles/dt=2026-11-21/20261121T070000Z.r0.json.gz")
@example("raw/source=coinbase/dataset=candles/dt=2026-11-21/20261321T070000Z.json.gz")
@example("snappy/trades/stream=a/symbol=b/2026-11-21.parquet")
@example("snappy/trades/2026-11-21.snappy.parquet")
def test_any_other_text_is_an_unexpected_key(text: str):
    for parse in (RawKey.parse, TrustedKey.parse, QuarantineKey.parse, LedgerKey.parse, SnappyKey.parse):
        with pytest.raises(BadKey, match="unexpected_key"):
            parse(text)


def test_a_revision_is_another_object_of_the_same_day_and_request():
    revised = RAW.revised(2)
    assert str(revised).endswith("/20261121T070000Z.BTC-USD.1h.24.r2.json.gz")
    assert RawKey.parse(str(revised)).slot.revision == 2
    assert revised.slot.parts == RAW.slot.parts


def test_revisions_sort_after_the_first_answer():
    assert RAW.slot < RAW.revised(1).slot < RAW.revised(10).slot


@pytest.mark.parametrize("part", ["", "r1", "a.b", "a/b", "BTC USD", "é", "x" * 61])
def test_a_part_that_could_not_be_parsed_back_is_refused(part: str):
    with pytest.raises(ValueError, match="cannot be a part"):
        Slot(datetime(2026, 1, 1, tzinfo=UTC), (part,))


def test_a_slot_needs_a_zone_and_whole_seconds():
    for moment in (datetime(2026, 1, 1), datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)):
        with pytest.raises(ValueError, match="UTC in whole seconds"):
            Slot(moment)


def test_a_slot_in_another_zone_lies_in_its_utc_day():
    late = datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert Slot(late).dt == date(2026, 11, 22)
    assert str(Slot(late)) == "20261122T043000Z"


@given(raw_keys)
def test_the_prefix_of_a_day_holds_its_keys(raw: RawKey):
    assert str(raw).startswith(keys.raw_prefix(raw.source, raw.dataset, raw.slot.dt))
    assert str(raw.ledger()).startswith(keys.ledger_prefix(raw.source, raw.dataset, raw.slot.dt))


@pytest.mark.parametrize(
    ("table", "partition", "key"),
    [
        ("quotes", "dt=2026-11-21", "refined/quotes/dt=2026-11-21/part.parquet"),
        ("candles", "interval=1h/month=2026-11", "refined/candles/interval=1h/month=2026-11/part.parquet"),
        ("latest", "", "refined/latest/part.parquet"),
    ],
)
def test_a_refined_key_has_one_file_for_each_partition(table: str, partition: str, key: str) -> None:
    refined = keys.RefinedKey(table, keys.Partition(partition))
    assert str(refined) == key
    assert keys.RefinedKey.parse(key) == refined


def test_other_keys_are_not_refined_ones() -> None:
    for key in ("trusted/quotes/dt=2026-11-21/part.parquet", "refined/quotes/dt=1/other.parquet", "refined/"):
        with pytest.raises(BadKey):
            keys.RefinedKey.parse(key)


def test_a_partition_is_made_and_parsed_in_one_place() -> None:
    day = date(2026, 11, 21)
    assert keys.Partition.day(day) == "dt=2026-11-21"
    assert (
        keys.Partition.day(day, stream="trade", symbol="BTCUSDT")
        == "stream=trade/symbol=BTCUSDT/dt=2026-11-21"
    )
    assert keys.Partition.month(day, interval="1h") == keys.Partition.month("2026-11", interval="1h")
    hourly = keys.Partition.parse("interval=1h/month=2026-11")
    assert hourly.levels == {"interval": "1h", "month": "2026-11"}
    assert hourly.dates() == (date(2026, 11, 1), date(2026, 11, 30))
    assert hourly.prefix("refined/candles/") == "refined/candles/interval=1h/month=2026-11/"
    assert keys.Partition.parse("").prefix("refined/latest/") == "refined/latest/"
    assert keys.Partition().dates() is None


@pytest.mark.parametrize("text", ["dt", "dt=", "=1", "/dt=1", "dt=1/", "a=1//b=2", "a=b=c"])
def test_a_text_that_is_no_partition_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        keys.Partition.parse(text)


def test_a_gaps_key_parses_to_itself() -> None:
    key = "gaps/interval=1h/month=2026-11/coinbase.parquet"
    assert str(keys.GapsKey.parse(key)) == key
    with pytest.raises(BadKey):
        keys.GapsKey.parse("gaps/interval=1h/coinbase.parquet")
