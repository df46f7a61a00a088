"""A file reaches S3 once, whatever S3 answers; what is given up is nothing."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from coinlake.errors import PreconditionFailed, StoreUnavailable
from coinlake.retries import Backoff
from coinlake.stores import StoredObject, sha256
from stream.intake import Chunk
from stream.metrics import Counters
from stream.spool import uploader
from stream.spool.spool import Spool
from stream.spool.state import State
from stream.spool.uploader import Uploader

LINE = b'{"received_at":1,"frame":{"stream":"a","data":{}}}\n'


class Store:
    """S3 with a script: each put takes the next answer, and what lies there is ``stored``."""

    def __init__(self, *script, stored=b""):
        self.script, self.stored, self.keys = list(script), stored, []

    def put(self, key, body, *, content_type, metadata, IfNoneMatch):
        self.keys.append(key)
        assert IfNoneMatch == "*"
        answer = self.script.pop(0) if self.script else None
        if answer is not None:
            raise answer

    def head(self, key):
        return StoredObject(b"", "etag", {"sha256": sha256(self.stored)}, datetime.now(UTC))


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path, "me", State.load(tmp_path), {"binance": "wss://host"}, 1, 1 << 20, 10.0)
    assert list(made.recover()) == []
    return made


def uploaded(store, spool, monkeypatch):
    monkeypatch.setattr(uploader, "UPLOAD", Backoff(first_seconds=0.0, max_seconds=0.0))
    (file,) = spool.commit({("binance", "tickers"): [Chunk([LINE], len(LINE))]}, 0.0)

    async def scenario():
        with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
            made = Uploader(store, spool, Counters(), one, other)
            made.add(file)
            running = asyncio.create_task(made.run())
            left = await made.finish(10)
            running.cancel()
            return made, left

    made, left = asyncio.run(scenario())
    assert left == 0 and not list(spool.files.iterdir()) and spool.size == 0
    return made


def test_a_failing_s3_is_asked_until_it_answers(spool, monkeypatch):
    store = Store(*[StoreUnavailable("500")] * 5)
    made = uploaded(store, spool, monkeypatch)
    assert len(store.keys) == 6 and len(set(store.keys)) == 1
    assert (made.counters.upload_errors, made.counters.uploaded_rows) == (5, 1)


def test_a_name_taken_by_our_own_bytes_is_done(spool, monkeypatch):
    store = Store(PreconditionFailed("412"), stored=LINE)
    uploaded(store, spool, monkeypatch)
    assert len(store.keys) == 1


def test_a_name_taken_by_other_bytes_costs_no_frame(spool, monkeypatch):
    store = Store(PreconditionFailed("412"), stored=b"somebody else's")
    uploaded(store, spool, monkeypatch)
    first, second = store.keys
    assert first != second and second.endswith(".me.000000002.jsonl.gz")
