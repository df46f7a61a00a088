"""REST is asked for exactly the missing trades: by their ids, or by time where ids cannot be asked for."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coinlake.errors import SourceUnavailable
from stream.venues.binance import Binance
from stream.venues.coinbase import Coinbase
from stream.venues.rest_trades import MICROS, Hole, RestTrades, TradesPage, by_time
from tests.examples import examples

NOW = 1_795_132_857_000_000
PAGE = 10


def page(path, ids, cursor=""):
    return TradesPage(path, b"[]", datetime(2026, 11, 21, tzinfo=UTC), list(ids), cursor)


def asked(venue, hole, have):
    """The paths that a venue's REST is asked for, and the ids of the last answer; ``have`` maps a path's
    first number after the market to what is answered."""
    paths = []

    async def get(path):
        paths.append(path)
        return page(path, have(path))

    return paths, asyncio.run(venue.fetch_trades(hole, RestTrades(get))).ids


def binance_rest(existing):
    def have(path):
        first, limit = (int(part.partition("=")[2]) for part in path.split("&")[1:])
        return [number for number in existing if number >= first][:limit]

    return have


def coinbase_rest(existing):
    def have(path):
        after, limit = (int(part.partition("=")[2]) for part in path.partition("?")[2].split("&"))
        return [number for number in reversed(existing) if number < after][:limit]

    return have


def test_binance_is_asked_for_exactly_the_missing_trades():
    paths, ids = asked(Binance(), Hole("BTCUSDT", 5, 9, NOW), binance_rest(range(100)))
    assert paths == ["/api/v3/historicalTrades?symbol=BTCUSDT&fromId=5&limit=5"]
    assert ids == [5, 6, 7, 8, 9]


def test_coinbase_is_asked_for_exactly_the_missing_trades():
    paths, ids = asked(Coinbase(), Hole("BTC-USD", 5, 9, NOW), coinbase_rest(range(100)))
    assert paths == ["/products/BTC-USD/trades?after=10&limit=5"]
    assert ids == [9, 8, 7, 6, 5]


def test_where_ids_are_left_out_fewer_are_asked_for_from_the_same_end():
    existing = [number for number in range(100) if number not in (12, 13, 14, 15, 16, 17)]
    paths, ids = asked(Binance(), Hole("BTCUSDT", 10, 19, NOW), binance_rest(existing))
    assert [path.rpartition("&")[0][-2:] for path in paths] == ["10", "10"] and ids == [10, 11, 18, 19]
    paths, ids = asked(Coinbase(), Hole("BTC-USD", 10, 19, NOW), coinbase_rest(existing))
    assert [path.rpartition("=")[2] for path in paths] == ["10", "4"] and ids == [19, 18, 11, 10]


def test_trades_that_the_venue_does_not_have_are_asked_for_once():
    paths, ids = asked(Binance(), Hole("BTCUSDT", 10, 19, NOW), binance_rest(range(30, 60)))
    assert len(paths) == 1 and ids == list(range(30, 40))


@pytest.mark.parametrize(
    ("venue", "url"),
    [
        (Binance(), "https://host/api/v3/historicalTrades?symbol=BTCUSDT&fromId=5&limit=2"),
        (Coinbase(), "https://host/base/products/BTCUSDT/trades?after=7&limit=2"),
    ],
    ids=["binance", "coinbase"],
)
def test_a_url_names_its_market(venue, url):
    assert venue.market_of_url(url) == "BTCUSDT"


@pytest.mark.parametrize(
    ("venue", "key"), [(Binance(), "id"), (Coinbase(), "trade_id")], ids=["binance", "coinbase"]
)
def test_an_answer_gives_its_trades_ids(venue, key):
    assert venue.read_trades(b'[{"%s": 5}, {"%s": "6"}]' % (key.encode(), key.encode()))[0] == [5, 6]
    for body in (b'{"msg": "error"}', b"no JSON", b"7", b'[{"price": "1"}]'):
        with pytest.raises((ValueError, TypeError, KeyError)):
            venue.read_trades(body)


class AskedByTime:
    """REST as Kraken has it: so many trades after a time in nanoseconds, and the cursor after the last.

    ``trades`` are times in microseconds by id; of two with one time the id makes the nanoseconds differ.
    """

    def __init__(self, trades):
        self.trades = [(moment * 1000 + number % 1000, number) for number, moment in sorted(trades.items())]
        self.requests = 0
        self.rest = RestTrades(self.get)

    async def get(self, path):
        self.requests += 1
        since, count = map(int, path.split("&"))
        trades = [(moment, number) for moment, number in self.trades if moment > since][:count]
        cursor = str(trades[-1][0]) if trades else str(since)
        return page(path, [number for _, number in trades], cursor)

    def fetch(self, first, last, found_at=NOW):
        hole = Hole("XBTUSD", first, last, found_at)

        def path(cursor, count):
            return f"{cursor}&{count}"

        return asyncio.run(by_time(hole, self.rest, path, lambda micros: f"{micros}000", PAGE))


def test_by_time_a_hole_of_a_moment_ago_takes_few_requests():
    venue = AskedByTime({number: NOW - (100 - number) * MICROS for number in range(100)})
    assert venue.fetch(90, 94).ids == [90, 91, 92, 93, 94]
    assert venue.requests <= 8


def test_by_time_the_next_page_of_a_hole_begins_where_the_last_one_ended():
    venue = AskedByTime({number: NOW - (1000 - number) * MICROS for number in range(1000)})
    assert venue.fetch(500, 509).ids == list(range(500, 510))
    venue.requests = 0
    for first in range(510, 600, PAGE):
        assert venue.fetch(first, first + PAGE - 1).ids == list(range(first, first + PAGE))
    assert venue.requests == 9


def test_by_time_a_hole_of_a_day_ago_is_found():
    hour = 3600 * MICROS
    venue = AskedByTime({number: NOW - 48 * hour + number * 30 * MICROS for number in range(5760)})
    assert venue.fetch(2000, 2004).ids == [2000, 2001, 2002, 2003, 2004]
    assert venue.requests < 30


def test_by_time_trades_of_one_microsecond_are_distinguished():
    venue = AskedByTime(dict.fromkeys(range(40), NOW - 5 * MICROS))
    assert venue.fetch(17, 19).ids == [17, 18, 19]


@given(st.data())
@settings(max_examples=examples(200))
def test_by_time_exactly_the_trades_of_the_hole_that_exist_are_answered(data):
    steps = data.draw(st.lists(st.integers(0, 10**8), min_size=2, max_size=60))
    moments, now = {}, NOW - sum(steps)
    for number, step in enumerate(steps):
        now += step
        moments[number] = now
    first = data.draw(st.integers(1, len(steps) - 1))
    last = min(len(steps) - 1, first + data.draw(st.integers(0, PAGE - 1)))
    lost = data.draw(st.sets(st.integers(first, last)))
    venue = AskedByTime({number: moment for number, moment in moments.items() if number not in lost})
    answer = venue.fetch(first, last, NOW + 1)
    wanted = [number for number in range(first, last + 1) if number not in lost]
    assert Hole("XBTUSD", first, last, NOW).inside(answer.ids) == wanted
    assert answer.ids == wanted or not wanted


def test_a_venue_that_answers_more_than_it_is_asked_for_is_not_asked_for_ever():
    paths, ids = asked(Binance(), Hole("BTCUSDT", 5, 9, NOW), lambda _: list(range(5, 50)))
    assert len(paths) == 1 and ids[:5] == [5, 6, 7, 8, 9]
    venue = AskedByTime({number: NOW - (100 - number) * MICROS for number in range(100)})
    get = venue.get

    async def all_of_them(path):
        return await get(path.partition("&")[0] + "&1000")

    venue.rest = RestTrades(all_of_them)
    with pytest.raises(SourceUnavailable):
        venue.fetch(50, 54)
