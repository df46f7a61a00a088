"""Frames that two sockets bring are kept once."""

from stream.sockets.deduplicator import MAX_KEYS, Deduplicator
from stream.streams import Stream


def ticker():
    return Stream(("binance", "book_tickers"), "btcusdt@bookTicker", "BTCUSDT")


def test_two_sockets_frames_are_kept_once_even_when_one_lags():
    deduplicator, stream = Deduplicator(), ticker()
    assert deduplicator.is_new(stream, 1)
    deduplicator.begin_overlap([stream])
    taken = [deduplicator.is_new(stream, number) for number in (3, 2, 1, 3, 2, 4)]
    assert taken == [True, True, False, False, False, True]
    deduplicator.end_overlap()
    assert not deduplicator.is_new(stream, 4)
    assert deduplicator.is_new(stream, 5)
    assert not deduplicator.newer


def test_the_memory_of_an_overlap_is_bounded():
    deduplicator, stream = Deduplicator(), ticker()
    deduplicator.begin_overlap([stream])
    for number in range(2 * MAX_KEYS):
        deduplicator.is_new(stream, number)
    assert len(deduplicator.newer) + len(deduplicator.older) <= MAX_KEYS
