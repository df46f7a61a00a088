"""From memory to disk: what a full spool does, and what a stop does not interrupt."""

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from stream.intake import Intake
from stream.metrics import Counters
from stream.spool.committer import Committer
from stream.spool.spool import Spool
from stream.spool.state import State
from stream.timeouts import Timeouts
from stream.venues.binance import Binance


class Waiting:
    """An uploader that only remembers."""

    def __init__(self):
        self.files = []

    def add(self, file):
        self.files.append(file)


def trade(number):
    data = f'{{"e":"trade","E":1,"s":"BTCUSDT","t":{number},"p":"1.0","q":"2.0","T":1}}'
    return f'{{"stream":"btcusdt@trade","data":{data}}}'.encode()


@pytest.fixture
def parts(tmp_path):
    spool = Spool(tmp_path, "me", State.load(tmp_path), {"binance": "wss://host"}, 10, 1 << 20, 10.0)
    assert list(spool.recover()) == []
    with ThreadPoolExecutor(1) as disk:
        intake = Intake(Counters(), 10, 1000)
        yield intake, Committer(intake, spool, Waiting(), Timeouts(commit_seconds=0.01), disk, 2000)


def take(intake, numbers):
    streams = [
        intake.accept("binance", Binance().read(trade(number)), trade(number), 1) for number in numbers
    ]
    return [stream is not None for stream in streams]


def test_over_its_cap_the_spool_takes_nothing_and_dropped_frames_become_a_gap(parts):
    intake, committer = parts

    async def scenario():
        assert all(take(intake, range(5)))
        assert await committer.commit()
        committer.spool.size += 2000  # what S3 does not take
        assert not await committer.commit()
        taken = take(intake, range(5, 30))
        assert taken.count(False) > 0 and intake.spool_full
        committer.spool.size -= 2000
        assert await committer.commit()
        assert not intake.spool_full and all(take(intake, [30]))
        await committer.seal()
        return taken.count(False)

    dropped = asyncio.run(scenario())
    lines = [line for file in committer.uploader.files for line in file.read()[1].splitlines()]
    frames = [json.loads(line)["frame"] for line in lines]
    (gap,) = [frame for frame in frames if "reason" in frame]
    assert (gap["reason"], gap["frames"]) == ("spool_full", dropped)
    kept = [frame["data"]["t"] for frame in frames if "data" in frame]
    assert sorted(kept) == [*range(30 - dropped), 30]
    assert list(intake.trades.missing()) == [("binance", "BTCUSDT", 30 - dropped, 29)]


def test_frames_that_a_full_disk_refused_are_written_later(parts, monkeypatch):
    intake, committer = parts
    commit = Spool.commit

    def refusing(self, drained, seconds):
        raise OSError(28, "No space left on device")

    async def scenario():
        take(intake, range(3))
        monkeypatch.setattr(Spool, "commit", refusing)
        assert not await committer.commit()
        take(intake, range(3, 5))
        monkeypatch.setattr(Spool, "commit", commit)
        await committer.seal()

    asyncio.run(scenario())
    lines = [line for file in committer.uploader.files for line in file.read()[1].splitlines()]
    assert [json.loads(line)["frame"]["data"]["t"] for line in lines] == [0, 1, 2, 3, 4]


def test_a_stop_in_the_middle_of_a_commit_writes_every_frame_once(parts, monkeypatch):
    intake, committer = parts
    commit = Spool.commit

    def slow(self, drained, seconds):
        time.sleep(0.1)
        return commit(self, drained, seconds)

    async def scenario():
        monkeypatch.setattr(Spool, "commit", slow)
        running = asyncio.create_task(committer.run())
        take(intake, range(5))
        await asyncio.sleep(0.05)
        committer.stopping = True
        await running
        await committer.seal()

    asyncio.run(scenario())
    lines = [line for file in committer.uploader.files for line in file.read()[1].splitlines()]
    assert [json.loads(line)["frame"]["data"]["t"] for line in lines] == [0, 1, 2, 3, 4]


def test_a_stop_puts_on_disk_what_is_held_though_the_spool_is_over_its_cap(parts):
    intake, committer = parts

    async def scenario():
        take(intake, range(5))
        committer.spool.size += 2000  # what S3 does not take
        assert not await committer.commit()
        committer.stopping = True
        await committer.seal()

    asyncio.run(scenario())
    lines = [line for file in committer.uploader.files for line in file.read()[1].splitlines()]
    assert [json.loads(line)["frame"]["data"]["t"] for line in lines] == [0, 1, 2, 3, 4]
    assert intake.held_bytes == 0
