"""Whatever the length of a run, the same rows are kept and the same are repeats."""

import gzip
import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinlake import parquet
from coinlake.keys import RawKey
from coinlake.tables import tables
from tests.examples import examples
from tests.unit.transform.conftest import TICKERS
from tests.unit.transform.readers.test_json_lines import SENT, line
from transform.model import AssetMap, RawDocument
from transform.parsers.binance.streams import MiniTickers
from transform.readers import json_lines
from transform.readers.json_lines import LineReader
from transform.tables import batches

DOCUMENT = RawDocument(
    key=RawKey.parse(TICKERS),
    received_at=datetime(2026, 11, 20, tzinfo=UTC),
    assets=AssetMap(lambda _, name: name),
)
MIDNIGHT = 1795132800000
FRAMES = st.lists(
    st.builds(
        lambda number, symbol: line(
            received_at=MIDNIGHT * 1000 + 5_000_000,
            E=MIDNIGHT + number,
            s=symbol,
            stream=f"{symbol.lower()}@miniTicker",
        ),
        st.integers(-30, 30),
        st.sampled_from(["BTCUSDT", "ETHUSDT"]),
    ),
    min_size=1,
    max_size=60,
)


def read(frames):
    return LineReader(MiniTickers()).read(gzip.compress("\n".join(frames).encode()), DOCUMENT, 1 << 24)


def outcome(parsed):
    """Rows by partition, in the table's order."""
    sort = [(name, "ascending") for name in tables()["tickers"].sort]
    rows = {
        part.partition: part.rows.cast(tables()["tickers"].schema).sort_by(sort) for part in parsed.slices
    }
    return parsed.rows_in, {key: table.to_pylist() for key, table in rows.items()}, parsed.rejections


@given(FRAMES, st.integers(1, 20))
@settings(max_examples=examples(60))
def test_rows_and_repeats_do_not_depend_on_the_length_of_a_run(frames, run_rows):
    whole = outcome(read(frames))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "RUN_ROWS", run_rows)
        assert outcome(read(frames)) == whole


def test_each_run_is_sorted_and_begins_a_row_group(monkeypatch):
    frames = [line(E=SENT + (7 * number) % 50) for number in range(50)]
    monkeypatch.setattr(json_lines, "RUN_ROWS", 20)
    (part,) = read(frames).slices
    file = pq.ParquetFile(io.BytesIO(part.body))
    groups = [file.read_row_group(place)["event_time"].to_pylist() for place in range(file.num_row_groups)]
    assert [len(group) for group in groups] == [20, 20, 10]
    assert groups == [sorted(group) for group in groups]


def test_a_repeat_of_an_earlier_run_has_the_object_sorted_whole(monkeypatch):
    frames = [line(E=SENT + number) for number in range(30)]
    monkeypatch.setattr(json_lines, "RUN_ROWS", 10)
    parsed = read([*frames, frames[3]])
    assert [(fault.code, fault.row) for fault in parsed.rejections] == [("duplicate_row", 30)]
    assert pq.ParquetFile(io.BytesIO(parsed.slices[0].body)).num_row_groups == 1


def test_equal_hashes_of_different_keys_cost_time_and_no_row(monkeypatch):
    frames = [line(E=SENT + number) for number in range(30)]
    whole = outcome(read(frames))
    monkeypatch.setattr(json_lines, "RUN_ROWS", 10)
    monkeypatch.setattr(batches, "_hashes", lambda columns: batches.np.zeros(len(columns[0]), "u8"))
    assert outcome(read(frames)) == whole


def test_a_run_is_whole_row_groups():
    assert batches.RUN_ROWS % parquet.ROW_GROUP_ROWS == 0


def test_a_key_has_the_same_hash_in_any_run():
    texts, times = pa.array(["a", "b", "a"]).dictionary_encode(), pa.array([1, 2, 3])
    first = batches._hashes([texts, times])
    other = batches._hashes([pa.array(["b", "a"]).dictionary_encode(), pa.array([2, 3])])
    assert first[1:].tolist() == other.tolist()
    assert len({*first.tolist()}) == 3
