"""Frames are held once, dropped where there is no room, and what was dropped becomes a gap."""

import asyncio
import json

from stream.frames import Frame
from stream.gaps.gap_records import Gap
from stream.gaps.ids import Ids, TradeIds
from stream.intake import Intake
from stream.metrics import Counters
from stream.venues.binance import Binance


def trade(number, symbol="btcusdt"):
    return (
        f'{{"stream":"{symbol}@trade","data":{{"e":"trade","E":1,"s":"{symbol.upper()}","t":{number},'
        f'"p":"1.0","q":"2.0","T":1}}}}'
    ).encode()


def ticker(moment):
    data = f'{{"e":"24hrMiniTicker","E":{moment},"s":"BTCUSDT","c":"1"}}'
    return f'{{"stream":"btcusdt@miniTicker","data":{data}}}'.encode()


def intake(max_bytes=1 << 20, chunk_frames=100, **more):
    return Intake(Counters(), chunk_frames, max_bytes, **more)


def take(into, text, now=1_000_000):
    return into.accept("binance", Binance().read(text), text, now) is not None


def written_gaps(into):
    chunks = into.drain().get(("binance", "stream_gaps"), [])
    return [json.loads(line)["frame"] for chunk in chunks for line in chunk.lines]


def test_frames_are_held_by_dataset_in_chunks():
    into = intake(chunk_frames=2)
    for number in range(5):
        assert take(into, trade(number))
    assert take(into, ticker(1))
    drained = into.drain()
    assert [len(chunk.lines) for chunk in drained["binance", "trades"]] == [2, 2, 1]
    assert [chunk.ids["BTCUSDT"].ranges() for chunk in drained["binance", "trades"]] == [
        [(0, 1)],
        [(2, 3)],
        [(4, 4)],
    ]
    assert drained["binance", "tickers"][0].seen == {"btcusdt@miniTicker": 1_000_000}
    assert into.held_bytes == sum(chunk.size for chunks in drained.values() for chunk in chunks)


def test_the_last_times_of_all_chunks_are_those_of_the_moment_they_are_drained():
    into = intake(chunk_frames=1)
    for moment in (1, 2):
        assert take(into, ticker(moment), now=moment)
    assert take(into, trade(1), now=3)
    drained = into.drain()
    assert [chunk.seen for chunk in drained["binance", "tickers"]] == [{}, {"btcusdt@miniTicker": 2}]
    assert [chunk.seen for chunk in drained["binance", "trades"]] == [{"btcusdt@trade": 3}]
    assert not into.drain()
    assert take(into, ticker(3), now=4)
    assert [chunk.seen for chunk in into.drain()["binance", "tickers"]] == [{"btcusdt@miniTicker": 4}]


def test_a_stream_remembers_its_newest_frame_as_received():
    into = intake()
    assert take(into, ticker(1), now=1) and not take(into, ticker(1), now=2) and take(into, ticker(2), now=3)
    (stream,) = into.streams.values()
    assert (stream.source, stream.name, stream.market) == ("binance", "btcusdt@miniTicker", "BTCUSDT")
    assert (stream.frame, stream.received_at, stream.frames) == (ticker(2), 3, 2)


def test_a_trade_is_taken_once_in_whatever_order():
    into = intake()
    assert [take(into, trade(number)) for number in (5, 7, 5, 6, 7, 8)] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert into.counters.repeated == 2


def test_a_trade_of_an_earlier_run_is_not_taken_again():
    into = intake(trades=TradeIds({("binance", "BTCUSDT"): Ids([(1, 9)])}))
    assert not take(into, trade(9))
    assert take(into, trade(12))
    assert list(into.trades.missing()) == [("binance", "BTCUSDT", 10, 11)]


def batch(*numbers):
    """A frame of several trades, as some venues send them."""
    return Frame("trades", "BTCUSD@trade", "BTCUSD", numbers[-1], numbers)


def test_a_frame_of_several_trades_is_kept_whole_with_all_their_ids():
    into = intake()
    assert into.accept("kraken", batch(5, 6, 7), b"{}", 1) and into.accept("kraken", batch(9, 10), b"{}", 1)
    assert not into.accept("kraken", batch(5, 6, 7), b"{}", 1)
    (chunk,) = into.drain()["kraken", "trades"]
    assert chunk.ids["BTCUSD"].ranges() == [(5, 7), (9, 10)] and len(chunk.lines) == 2
    assert list(into.trades.missing()) == [("kraken", "BTCUSD", 8, 8)]


def test_new_trades_beside_a_known_one_stay_missing_so_that_none_is_doubled():
    into = intake()
    assert into.accept("kraken", batch(5, 6), b"{}", 1)
    assert not into.accept("kraken", batch(6, 7, 8), b"{}", 1)
    assert into.accept("kraken", batch(9), b"{}", 1)
    assert list(into.trades.missing()) == [("kraken", "BTCUSD", 7, 8)]


def test_a_dropped_frame_of_several_trades_names_all_their_ids():
    into = intake(max_bytes=0)
    assert not into.accept("binance", batch(5, 6, 7), b"{}", 1)
    into.close_gaps(1, unsettled=True)
    (gap,) = written_gaps(into)
    assert (gap["first_id"], gap["last_id"], gap["frames"]) == (5, 7, 1)


def test_holes_are_gone_once_they_are_filled():
    into = intake()
    for number in (1, 3):
        take(into, trade(number))
    assert list(into.trades.missing()) == [("binance", "BTCUSDT", 2, 2)]
    take(into, trade(2))
    assert list(into.trades.missing()) == []


def test_dropped_frames_are_counted_and_recorded_and_their_trades_stay_missing():
    into = intake(max_bytes=300)
    taken = [take(into, trade(number)) for number in range(5)]
    dropped = taken.count(False)
    assert 0 < dropped < 5 and into.counters.dropped == dropped
    into.release(into.held_bytes)
    assert take(into, trade(5), now=9_000_000)
    into.close_gaps(9_000_000)
    (gap,) = written_gaps(into)
    assert gap == {
        "stream": "btcusdt@trade",
        "reason": "backpressure",
        "from": 1_000_000,
        "to": 1_000_000,
        "first_id": 5 - dropped,
        "last_id": 4,
        "frames": dropped,
    }
    assert list(into.trades.missing()) == [("binance", "BTCUSDT", 5 - dropped, 4)]


def test_a_gap_is_written_only_when_it_is_over():
    into = intake(max_bytes=1)
    take(into, trade(1))
    take(into, trade(2), now=1_000_000)
    into.close_gaps(1_500_000)
    assert not written_gaps(into)
    into.close_gaps(1_500_000, unsettled=True)
    assert written_gaps(into)


def test_the_reason_is_the_spool_when_the_spool_is_full():
    into = intake(max_bytes=1, spool_full=True)
    take(into, trade(1))
    take(into, trade(2))
    into.close_gaps(0, unsettled=True)
    assert [gap["reason"] for gap in written_gaps(into)] == ["spool_full"]


def test_ids_that_are_given_up_are_accounted_for_in_the_file_that_says_so():
    into = intake()
    into.add_gap("binance", Gap("btcusdt@trade", "refill_failed", 1, 1, 5, 9, 5), 1, given_up="BTCUSDT")
    (chunk,) = into.drain()["binance", "stream_gaps"]
    assert chunk.ids["BTCUSDT"].ranges() == [(5, 9)]


def test_a_reader_waits_for_room_for_a_second_once(monkeypatch):
    monkeypatch.setattr("stream.intake.MAX_WAIT_SECONDS", 0.01)

    async def scenario():
        into = intake(max_bytes=1)
        assert into.backpressure() is None
        take(into, trade(1))
        await into.backpressure()
        assert into.backpressure() is None, "out of patience: frames are dropped, not waited for one by one"
        into.release(into.held_bytes)
        take(into, trade(2))
        waiting = asyncio.ensure_future(into.backpressure())
        await asyncio.sleep(0)
        into.release(into.held_bytes)
        await waiting
        assert not into.wait_timed_out

    asyncio.run(scenario())
