"""The spool: what is on disk, under which name, and what a crash leaves."""

import json
from datetime import UTC, datetime

import pytest

from coinlake.keys import RawKey, Slot
from stream.gaps import recovery
from stream.gaps.gap_records import Gap
from stream.gaps.ids import Ids
from stream.intake import Chunk
from stream.spool.files import OpenFile
from stream.spool.spool import Spool
from stream.spool.state import State
from stream.venues.binance import Binance

TRADES = ("binance", "trades")


def spool(folder, frames=3):
    made = Spool(folder, "me", State.load(folder), {"binance": "wss://host"}, frames, 1 << 20, 10.0)
    return made, [read_back(file) for file in made.recover()]


def read_back(file):
    recovery.read_back(file, Binance())
    return file


def chunk(*numbers):
    lines = [
        b'{"received_at":%d,"frame":{"stream":"btcusdt@trade","data":{"s":"BTCUSDT","t":%d}}}\n'
        % (1000 + number, number)
        for number in numbers
    ]
    ids = {"BTCUSDT": Ids((number, number) for number in numbers)}
    return Chunk(lines, sum(map(len, lines)), ids, {"btcusdt@trade": 1000 + max(numbers)})


def test_a_batch_is_full_at_its_count_and_never_longer(tmp_path):
    made, _ = spool(tmp_path)
    assert made.commit({TRADES: [chunk(1, 2)]}, 0.0) == []
    sealed = made.commit({TRADES: [chunk(3, 4), chunk(5), chunk(6, 7, 8)]}, 0.0)
    assert [file.rows for file in sealed] == [2, 3, 3]
    assert [file.ids["BTCUSDT"].ranges() for file in sealed] == [[(1, 2)], [(3, 5)], [(6, 8)]]
    assert [file.key.slot.parts[1] for file in sealed] == ["000000001", "000000002", "000000003"]


def test_a_batch_is_full_at_its_age_even_if_nothing_comes(tmp_path):
    made, _ = spool(tmp_path)
    made.commit({TRADES: [chunk(1)]}, 100.0)
    assert made.commit({}, 109.9) == []
    (sealed,) = made.commit({}, 110.0)
    assert sealed.read()[1] == chunk(1).lines[0]


def test_committed_frames_are_recovered_by_the_next_run_with_their_ids_and_times(tmp_path):
    made, _ = spool(tmp_path)
    made.commit({TRADES: [chunk(1, 2)]}, 0.0)
    again, (recovered,) = spool(tmp_path)
    assert (recovered.rows, recovered.ids["BTCUSDT"].ranges(), recovered.seen) == (
        2,
        [(1, 2)],
        {"btcusdt@trade": 1002},
    )
    assert again.size == made.size == recovered.size
    assert recovery.accounted_trades([recovered], again.state.ids)["binance", "BTCUSDT"].ranges() == [(1, 2)]


@pytest.mark.parametrize("torn", ['{"received_at":1003,"fra', "\0" * 100, '{"received_at":1003}\0\0\0\n'])
def test_a_torn_end_is_cut(tmp_path, torn):
    made, _ = spool(tmp_path)
    made.commit({TRADES: [chunk(1, 2)]}, 0.0)
    (path,) = made.files.iterdir()
    before = path.read_bytes()
    path.write_bytes(before + torn.encode())
    _, (recovered,) = spool(tmp_path)
    assert path.read_bytes() == before and recovered.rows == 2


@pytest.mark.parametrize(
    "content", [b"", b'{"url', b'{"url": "wss://host"}\n', b'{"url": "wss://host"}\n{"recei']
)
def test_a_file_without_a_whole_line_is_no_batch(tmp_path, content):
    made, _ = spool(tmp_path)
    made.commit({TRADES: [chunk(1)]}, 0.0)
    (path,) = made.files.iterdir()
    path.write_bytes(content)
    _, recovered = spool(tmp_path)
    assert not recovered and not path.exists()


def test_a_disk_that_refuses_changes_nothing(tmp_path, monkeypatch):
    made, _ = spool(tmp_path)
    made.commit({TRADES: [chunk(1)]}, 0.0)
    before = {path: path.read_bytes() for path in made.files.iterdir()}
    write = OpenFile.write

    def full(self, chunks):
        write(self, chunks)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(OpenFile, "write", full)
    drained = {TRADES: [chunk(2)], ("binance", "tickers"): [chunk(3)]}
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            made.commit(drained, 0.0)
    assert {path: path.read_bytes() for path in made.files.iterdir()} == before
    monkeypatch.undo()
    made.commit(drained, 0.0)
    bodies = sorted(file.read()[1] for file in made.seal())
    assert bodies == sorted([chunk(1).lines[0] + chunk(2).lines[0], chunk(3).lines[0]])


def test_uploaded_files_are_deleted_and_their_trades_remembered(tmp_path):
    made, _ = spool(tmp_path)
    sealed = made.commit({TRADES: [chunk(1, 2, 3)]}, 0.0)
    made.forget(sealed)
    assert made.size == 0 and not list(made.files.iterdir())
    again, recovered = spool(tmp_path)
    assert not recovered
    assert again.state.ids["binance", "BTCUSDT"].ranges() == [(1, 3)]
    assert again.state.seen["binance", "btcusdt@trade"] == 1003


def test_a_number_is_never_given_out_twice(tmp_path):
    made, _ = spool(tmp_path)
    first = {made.state.next_number(tmp_path) for _ in range(5)}
    second = {State.load(tmp_path).next_number(tmp_path)}
    assert not first & second


def test_an_answer_of_rest_is_found_with_its_ids(tmp_path):
    made, _ = spool(tmp_path)
    key = RawKey("binance", "trade_history", Slot(datetime(2026, 11, 21, tzinfo=UTC), ("BTC-USDT", "5", "2")))
    body = json.dumps([{"id": 5}, {"id": 6}], indent=1).encode()
    url = "https://host/api/v3/historicalTrades?symbol=BTCUSDT&fromId=5&limit=2"
    made.store(made.file(key, url), body, datetime.now(UTC))
    _, (recovered,) = spool(tmp_path)
    assert recovered.key == key and recovered.url == url
    assert recovered.ids["BTCUSDT"].ranges() == [(5, 6)]
    assert recovered.read()[1] == body


def test_trades_given_up_are_not_asked_for_again_after_a_restart(tmp_path):
    made, _ = spool(tmp_path)
    lines = [
        Gap("btcusdt@trade", "refill_failed", 1, 1, 5, 9, 5).line(1),
        Gap("btcusdt@trade", "backpressure", 1, 1, 20, 29, 10).line(1),
    ]
    made.commit({("binance", "stream_gaps"): [Chunk(lines, sum(map(len, lines)))]}, 0.0)
    _, (recovered,) = spool(tmp_path)
    assert recovered.ids["BTCUSDT"].ranges() == [(5, 9)]


def test_files_of_others_are_left_alone(tmp_path):
    made, _ = spool(tmp_path)
    (made.files / "notes.txt").write_text("mine")
    (made.files / ".part").write_text("half written")
    _, recovered = spool(tmp_path)
    assert not recovered and [path.name for path in made.files.iterdir()] == ["notes.txt"]


def test_an_unreadable_state_counts_as_none(tmp_path):
    (tmp_path / "state.json").write_text("{")
    assert not State.load(tmp_path).ids
