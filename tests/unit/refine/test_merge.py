"""Merging: any order, any repetition, the same bytes; and the row that should win does."""

from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from coinlake import parquet
from coinlake.tables import refined
from refine.merge import in_order, merge
from tests.unit.refine.rows import DAY, candle, file, nothing, quote, raw_key

CANDLES = refined()["candles"]


def merged(*files: pa.Table, table: str = "candles") -> pa.Table:
    """As if each file came by itself, in this order."""
    part = nothing(table)
    for rows in files:
        part = merge(refined()[table], part, [rows])
    return part


def closes(rows: pa.Table) -> list[int]:
    return [int(close) for close in rows["close"].to_pylist()]


requests = st.builds(
    raw_key,
    st.integers(min_value=0, max_value=3),
    st.integers(min_value=0, max_value=2),
    st.sampled_from(["binance", "coinbase"]),
)


@st.composite
def files(draw: st.DrawFn) -> list[pa.Table]:
    """Files of different raw objects, each with some of a few buckets; values tell them apart."""
    drawn = []
    for number, key in enumerate(draw(st.lists(requests, max_size=6, unique_by=str))):
        minutes = draw(st.sets(st.integers(min_value=0, max_value=4), min_size=1))
        closed = draw(st.booleans())
        received = DAY + timedelta(minutes=draw(st.integers(min_value=0, max_value=2)))
        drawn.append(
            file(
                "candles",
                [candle(at, number + 1, key, is_closed=closed, received_at=received) for at in minutes],
            )
        )
    return drawn


@given(files(), st.data())
def test_any_order_and_any_repetition_gives_the_same_bytes(drawn: list[pa.Table], data: st.DataObject):
    again = data.draw(
        st.permutations([*drawn, *data.draw(st.lists(st.sampled_from(drawn)) if drawn else st.just([]))])
    )
    at_once = merge(CANDLES, nothing("candles"), drawn) if drawn else nothing("candles")
    assert parquet.encode(CANDLES, merged(*again)) == parquet.encode(CANDLES, at_once)


def best(rows: Sequence[dict]) -> dict:
    """The rule said once more, by plain comparison; open minutes' coverage grows as they are received."""
    return max(
        rows,
        key=lambda row: (row["is_closed"], row["coverage"] or 0, row["received_at"], row["raw_key"]),
    )


@given(files())
def test_of_each_bucket_the_closed_one_received_last_stays(drawn: list[pa.Table]):
    every = [row for rows in drawn for row in rows.to_pylist()]
    by_key: dict[tuple, list[dict]] = {}
    for row in every:
        by_key.setdefault((row["base"], row["quote"], row["open_time"], row["source"]), []).append(row)
    expected = [best(by_key[key]) for key in sorted(by_key)]
    assert merged(*drawn).to_pylist() == expected


def test_what_was_received_later_wins_over_the_revision_of_another_request():
    """A window's revision of January, and the archive's file of February."""
    archive, revision = raw_key(9, source="binance_archive"), raw_key(0, revision=1, source="binance")
    late = candle(0, 1, archive, source="binance", received_at=DAY + timedelta(days=31))
    assert closes(merged(file("candles", [candle(0, 2, revision)]), file("candles", [late]))) == [1]


def test_a_revision_wins_over_what_it_revises():
    first, second = raw_key(0), raw_key(0, revision=1)
    later = candle(0, 2, second, received_at=DAY + timedelta(minutes=3))
    assert closes(merged(file("candles", [later]), file("candles", [candle(0, 1, first)]))) == [2]


def test_a_closed_bucket_wins_over_any_that_could_still_change():
    still_open = candle(0, 1, raw_key(9, revision=3), is_closed=False)
    assert closes(merged(file("candles", [candle(0, 2, raw_key(1))]), file("candles", [still_open]))) == [2]


def test_a_file_written_anew_replaces_all_rows_of_its_raw_object():
    key = raw_key(0)
    before = file("candles", [candle(0, 1, key), candle(1, 1, key)])
    after = file("candles", [candle(1, 7, key)])
    assert closes(merged(before, after)) == [7]


def test_gaps_of_one_moment_that_lost_other_ids_are_all_kept_and_each_once():
    first, second = raw_key(0, dataset="stream_gaps"), raw_key(1, dataset="stream_gaps")
    gaps = [
        {
            **dict.fromkeys(refined()["stream_gaps"].schema.names),
            **{"source": "binance", "stream": "btcusdt@trade", "reason": "refill_failed"},
            **{"gap_from": DAY, "gap_to": DAY, "first_id": first_id, "last_id": last_id},
        }
        for first_id, last_id in ((None, None), (1, 9), (1, None), (20, 29))
    ]
    files = [
        file("stream_gaps", [{**gap, "received_at": key.slot.time, "raw_key": str(key)} for gap in gaps])
        for key in (first, second)
    ]
    rows = merged(*files, table="stream_gaps")
    ids = [(None, None), (1, None), (1, 9), (20, 29)]
    assert list(zip(rows["first_id"].to_pylist(), rows["last_id"].to_pylist(), strict=True)) == ids
    assert set(rows["raw_key"].to_pylist()) == {str(second)}
    assert merged(*reversed(files), table="stream_gaps").to_pylist() == rows.to_pylist()


def test_rows_lie_in_the_order_of_the_table():
    key = raw_key(0)
    rows = [quote(second, 1, key, base) for base in ("ETH", "BTC") for second in (2, 1)]
    part = merged(file("quotes", rows), table="quotes")
    assert list(zip(part["base"].to_pylist(), part["observed_at"].to_pylist(), strict=True)) == [
        (base, DAY + timedelta(seconds=second)) for base in ("BTC", "ETH") for second in (1, 2)
    ]


def test_rows_of_a_derived_table_are_put_in_its_order():
    rows = file("quotes", [quote(2, 1, raw_key(0)), quote(1, 1, raw_key(0))]).cast(refined()["quotes"].schema)
    ordered = in_order(refined()["quotes"], rows)
    assert ordered["observed_at"].to_pylist() == sorted(rows["observed_at"].to_pylist())
    assert ordered.schema == refined()["quotes"].schema


def test_nothing_and_nothing_is_nothing():
    assert merge(CANDLES, nothing("candles"), [nothing("candles")]).num_rows == 0
