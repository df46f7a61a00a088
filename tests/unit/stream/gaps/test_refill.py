"""Missing trades come from REST, through the spool, each once; what cannot be had becomes a gap."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from coinlake.errors import SourceUnavailable
from coinlake.http import HttpResponse
from stream.gaps.refill import Refiller
from stream.intake import Intake
from stream.metrics import Counters
from stream.spool.spool import Spool
from stream.spool.state import State
from stream.timeouts import Timeouts
from stream.venues.binance import Binance
from stream.venues.rest_trades import by_time
from tests.patience import PATIENCE_SECONDS

TIMEOUTS = Timeouts(settle_seconds=0.02, refill_retry_seconds=0.01)


class ByTime(Binance):
    """A venue whose REST gives trades after a nanosecond, and tells errors in answers of status 200."""

    source = "coinbase"
    max_trades = 10

    async def fetch_trades(self, hole, rest):
        def path(cursor, count):
            return f"/Trades?pair={hole.market}&since={cursor}&count={count}"

        return await by_time(hole, rest, path, lambda micros: f"{micros}000", self.max_trades)

    def read_trades(self, body):
        document = json.loads(body)
        if document["error"]:
            raise SourceUnavailable("; ".join(document["error"]))
        return [row[-1] for row in document["result"]], document["last"]


class Rest:
    """``trades`` by id are times in nanoseconds; ``faults`` are answered first."""

    def __init__(self, trades, faults=()):
        self.trades, self.faults, self.paths = trades, list(faults), []

    def get(self, path, params, seconds):
        self.paths.append(path)
        if self.faults:
            return self.faults.pop(0)
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        if "since" in query:
            since, count = int(query["since"]), int(query["count"])
            page = [(moment, number) for number, moment in self.trades.items() if moment > since][:count]
            last = str(page[-1][0] if page else since)
            return response({"error": [], "result": [["1.0", number] for _, number in page], "last": last})
        first, limit = int(query["fromId"]), int(query["limit"])
        return response([{"id": number} for number in self.trades if number >= first][:limit])


def response(document, status=200, **headers):
    body = json.dumps(document).encode()
    return HttpResponse("https://host/x", status, body, datetime.now(UTC), headers)


def now_ns():
    return int(datetime.now(UTC).timestamp() * 1e9)


@pytest.fixture
def refilled(tmp_path):
    """Run a refiller until nothing is missing; its intake and the stored files."""

    def run(venue, rest, received, market="BTCUSDT"):
        counters = Counters()
        intake, files = Intake(counters, 100, 1 << 20), []
        spool = Spool(tmp_path, "me", State.load(tmp_path), {venue.source: "wss://host"}, 100, 1 << 20, 10.0)
        assert list(spool.recover()) == []
        for number in received:
            intake.trades.add((venue.source, market), (number,))

        async def scenario():
            with ThreadPoolExecutor(1) as threads, ThreadPoolExecutor(1) as disk:
                stream = {market: "btcusdt@trade"}
                refiller = Refiller(
                    venue=venue,
                    http=rest,
                    intake=intake,
                    spool=spool,
                    timeouts=TIMEOUTS,
                    pause_seconds=0.0,
                    bases=["BTC"],
                    streams=stream,
                    threads=threads,
                    disk=disk,
                    upload=files.append,
                )
                running = asyncio.create_task(refiller.run())
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while list(intake.trades.missing()) or counters.refilling:
                        await asyncio.sleep(0.01)
                running.cancel()

        asyncio.run(scenario())
        return intake, files

    return run


def gaps(intake):
    chunks = [
        chunk for topic, chunks in intake.drain().items() if topic[1] == "stream_gaps" for chunk in chunks
    ]
    frames = [json.loads(line)["frame"] for chunk in chunks for line in chunk.lines]
    return [(gap["reason"], gap["first_id"], gap["last_id"]) for gap in frames]


def stored_ids(files):
    return [
        number
        for file in files
        for first, last in file.ids["BTCUSDT"].ranges()
        for number in range(first, last + 1)
    ]


def test_a_hole_is_stored_as_received_under_its_pair_first_id_and_count(refilled):
    intake, (file,) = refilled(Binance(), Rest(dict.fromkeys(range(100))), [1, 7])
    assert file.key.slot.parts == ("BTC-USDT", "2", "5") and file.key.dataset == "trade_history"
    assert [trade["id"] for trade in json.loads(file.read()[1])] == [2, 3, 4, 5, 6]
    assert (intake.counters.refilled, gaps(intake)) == (5, [])


def test_a_hole_of_many_pages_is_refilled_by_time_each_trade_once(refilled):
    start = now_ns() - 3600 * 10**9
    rest = Rest({number: start + number * 10**9 for number in range(3000)})
    intake, files = refilled(ByTime(), rest, [1500, 1600])
    assert stored_ids(files) == list(range(1501, 1600)) and gaps(intake) == []
    for file in files:
        assert [row[-1] for row in json.loads(file.read()[1])["result"]] == stored_ids([file])
    assert len(rest.paths) < 40


def test_trades_that_rest_lacks_after_six_tries_are_a_gap(refilled):
    rest = Rest(dict.fromkeys([*range(4), *range(6, 20)]))
    intake, files = refilled(Binance(), rest, [1, 9])
    assert stored_ids(files) == [2, 3, 6, 7, 8]
    assert gaps(intake) == [("refill_failed", 4, 5)] and intake.counters.refill_failed == 2


@pytest.mark.parametrize(
    "fault",
    [
        response({}, 429, **{"Retry-After": "0"}),
        response({}, 503),
        response({}, 418, **{"Retry-After": "0"}),
    ],
    ids=["throttled", "unavailable", "banned"],
)
def test_a_venue_that_is_busy_is_asked_again_and_nothing_is_given_up(refilled, fault):
    intake, files = refilled(Binance(), Rest(dict.fromkeys(range(100)), [fault] * 10), [1, 5])
    assert stored_ids(files) == [2, 3, 4] and gaps(intake) == []


def test_an_error_in_an_answer_of_status_200_is_asked_again(refilled):
    start = now_ns() - 60 * 10**9
    busy = response({"error": ["EAPI:Rate limit exceeded"]})
    rest = Rest({number: start + number * 10**9 for number in range(50)}, [busy] * 10)
    intake, files = refilled(ByTime(), rest, [1, 5])
    assert stored_ids(files) == [2, 3, 4] and gaps(intake) == []


def test_a_request_that_is_refused_six_times_is_given_up(refilled):
    rest = Rest(dict.fromkeys(range(100)), [response({"code": -1121, "msg": "Invalid symbol."}, 400)] * 6)
    intake, files = refilled(Binance(), rest, [1, 5])
    assert not files and gaps(intake) == [("refill_failed", 2, 4)]
