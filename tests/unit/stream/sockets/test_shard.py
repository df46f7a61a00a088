"""A share of the streams: what becomes of its connections when the collector stops."""

import asyncio

from stream.intake import Intake
from stream.metrics import Counters
from stream.sockets.attempts import Attempts
from stream.sockets.shard import Shard
from stream.timeouts import Timeouts
from stream.venues.binance import Binance


class Socket:
    """A connection that opens at once and ends when it is closed."""

    def __init__(self):
        self.ended, self.replacement_due, self.open_now = asyncio.Event(), asyncio.Event(), False
        self.messages = self.last_message_at = self.opened_at = 0
        self.fault, self.refused = "", []

    async def open(self):
        self.open_now = True

    async def close(self):
        self.open_now = False


def test_a_stop_while_two_sockets_overlap_closes_both():
    async def scenario():
        sockets = []

        def connect(_streams):
            sockets.append(Socket())
            return sockets[-1]

        intake = Intake(Counters(), 10, 1000)
        attempts = Attempts(asyncio.get_running_loop().time, 250)
        timeouts = Timeouts(overlap_seconds=60.0)
        shard = Shard(Binance(), ["btcusdt@trade"], connect, intake, attempts, timeouts, {})
        running = asyncio.create_task(shard.run())
        while not sockets:
            await asyncio.sleep(0)
        sockets[0].replacement_due.set()
        while len(sockets) < 2 or not intake.deduplicator.overlaps or not sockets[1].open_now:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        assert [one.open_now for one in sockets] == [True, True]
        running.cancel()
        await asyncio.wait([running])
        return sockets

    sockets = asyncio.run(scenario())
    assert [one.open_now for one in sockets] == [False, False]
