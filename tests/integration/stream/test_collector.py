"""The collector as a process, beside a venue that misbehaves in one way at a time.

One collector serves all tests, in their order: each looks for what it caused itself.
"""

import shutil
import time
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer

from tests.integration.stream.rig import prepared
from tests.integration.stream.venue import START_MS
from tests.patience import PATIENCE_SECONDS

SYMBOLS = ("btcusdt", "ethusdt")
TICKERS = "btcusdt@miniTicker"
REFUSED = "dogeusdt@miniTicker"
# Each test breaks the connection itself: a machine that is busy for a while must not.
PATIENT = dict.fromkeys(
    ("pong_seconds", "silence_seconds", "reply_seconds", "open_seconds"), PATIENCE_SECONDS
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rig")
    with prepared(folder, SYMBOLS, (TICKERS, REFUSED), timeouts=PATIENT, BATCH_FRAMES="50") as rig:
        rig.venue.refused = {REFUSED}
        rig.start()
        yield rig


def eventually(look, wanted):
    """Wait until ``look`` gives what is wanted; the rest of the test judges what it gave."""
    end = time.monotonic() + PATIENCE_SECONDS
    value = look()
    while not wanted(value) and time.monotonic() < end:
        time.sleep(0.1)
        value = look()
    assert wanted(value), value
    return value


def connected(rig):
    """Wait until one connection has every stream that the venue gives."""
    wanted = {TICKERS, *(f"{symbol}@trade" for symbol in SYMBOLS)}
    eventually(lambda: list(rig.venue.clients), lambda clients: any(one.streams >= wanted for one in clients))


def gone(rig, clients):
    """Wait until the venue has noticed that these are closed."""
    eventually(lambda: set(clients) & set(rig.venue.clients), lambda left: not left)


def cut(rig, unheard):
    """Reset the connection, publish trades that nobody hears, and wait until there is another."""
    before = list(rig.venue.clients)
    rig.venue.hang_up(unheard)
    gone(rig, before)
    connected(rig)


def gaps(rig, reason):
    return [gap for gap in rig.gaps() if gap["reason"] == reason]


def ticker_numbers(rig, first, last):
    sent = [line["frame"]["data"]["E"] for line in rig.lines("tickers")]
    return sorted(moment - START_MS for moment in sent if first <= moment - START_MS < last)


def everything(rig):
    """How often each published trade lies in raw, once all of them do."""
    wanted = {
        (symbol, number)
        for symbol, last in rig.venue.published.items()
        for number in range(rig.venue.first_id, last + 1)
    } - rig.venue.unavailable
    eventually(lambda: sorted(wanted - set(rig.trades())), lambda missing: not missing)
    return rig.trades()


def test_one_refused_stream_costs_no_other(rig):
    rig.venue.trades(60)
    assert set(everything(rig).values()) == {1}
    eventually(rig.collector.log.read_text, lambda log: '"ws_refused"' in log and REFUSED in log)
    assert any(TICKERS in one.streams for one in rig.venue.clients)


def test_frames_lie_in_raw_as_received_with_their_hash_and_origin(rig):
    key = next(key for key in rig.aws.listed() if "dataset=trades" in key)
    head = rig.aws.s3.head_object(Bucket="raw", Key=key)
    assert head["Metadata"]["url"] == rig.venue.url
    assert len(head["Metadata"]["sha256"]) == 64
    line = rig.lines("trades")[0]
    assert list(line) == ["received_at", "frame"]
    assert abs(line["received_at"] / 1e6 - time.time()) < PATIENCE_SECONDS


def test_an_announced_shutdown_costs_no_frame_and_doubles_none(rig):
    connected(rig)
    before = list(rig.venue.clients)
    for number in range(100):
        if number == 20:  # the end itself must not come first: it would be a gap, rightly
            rig.venue.shut_down(end_seconds=PATIENCE_SECONDS)
        rig.venue.ticker("btcusdt", number)
        time.sleep(0.015)
    numbers = eventually(lambda: ticker_numbers(rig, 0, 100), lambda numbers: len(numbers) >= 100)
    assert numbers == list(range(100))
    gone(rig, before)
    assert not gaps(rig, "disconnected")


def test_a_lost_connection_is_a_gap_for_what_has_no_ids_and_none_for_trades(rig):
    cut(rig, unheard=30)
    rig.venue.trades(10)
    assert set(everything(rig).values()) == {1}
    (gap,) = eventually(lambda: gaps(rig, "disconnected"), bool)
    assert gap["stream"] == TICKERS and gap["from"] < gap["to"] and gap["frames"] is None


def test_trades_that_rest_does_not_have_become_a_gap_and_the_others_come(rig):
    first = rig.venue.published["btcusdt"] + 1
    rig.venue.unavailable = {("btcusdt", first + 3), ("btcusdt", first + 4)}
    cut(rig, unheard=40)
    rig.venue.trades(10)
    assert set(everything(rig).values()) == {1}
    (gap,) = eventually(lambda: gaps(rig, "refill_failed"), bool)
    assert (gap["stream"], gap["first_id"], gap["last_id"], gap["frames"]) == (
        "btcusdt@trade",
        first + 3,
        first + 4,
        2,
    )


def test_frames_that_cannot_be_read_are_counted_and_recorded_as_a_gap(rig):
    rig.venue.say("no JSON", b"\x00\x01")
    (gap,) = eventually(lambda: gaps(rig, "bad_frame"), bool)
    assert gap["frames"] == 2


def test_a_frame_past_the_cap_ends_the_connection_and_is_recorded_as_a_gap(rig):
    rig.venue.say("x" * (3 << 20))
    (gap,) = eventually(lambda: gaps(rig, "too_large"), bool)
    assert gap["stream"] == TICKERS


def test_the_newest_price_is_in_the_table_as_exact_numbers_and_expires(rig):
    rig.venue.ticker("btcusdt", 5000)

    def row():
        item = rig.aws.dynamodb.get_item(TableName="latest", Key={"stream": {"S": TICKERS}})["Item"]
        return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}

    item = eventually(row, lambda row: row["event_time"] == (START_MS + 5000) * 1000)
    assert item["price"] == 100
    assert isinstance(item["price"], Decimal)
    assert (item["source"], item["symbol"]) == ("binance", "BTCUSDT")
    assert 86_000 < int(item["expires_at"]) - time.time() < 87_000


def test_a_stop_leaves_nothing_behind_and_the_pause_is_a_gap(rig):
    rig.venue.trades(33)
    assert rig.collector.stop() == 0
    assert not list((rig.spool / "files").iterdir())
    rig.venue.trades(20)
    rig.start()
    connected(rig)
    rig.venue.trades(10)
    assert set(everything(rig).values()) == {1}
    (gap,) = eventually(lambda: gaps(rig, "restarted"), bool)
    assert gap["stream"] == TICKERS and gap["from"] < gap["to"]


def test_a_task_without_its_predecessors_spool_resumes_after_the_last_trade_known_to_be_in_raw(rig):
    def noted():
        """Publish more, and say up to which trade each symbol's row has all of them in raw."""
        rig.venue.trades(len(SYMBOLS))
        keys = [{"stream": {"S": f"{symbol}@trade"}} for symbol in SYMBOLS]
        rows = [rig.aws.dynamodb.get_item(TableName="latest", Key=key).get("Item", {}) for key in keys]
        return [int(row["uploaded_id"]["N"]) if "uploaded_id" in row else -1 for row in rows]

    rig.venue.trades(4)
    everything(rig)
    last = [rig.venue.published[symbol] for symbol in SYMBOLS]
    eventually(noted, lambda ids: all(known >= one for known, one in zip(ids, last, strict=True)))
    everything(rig)
    rig.collector.kill()
    shutil.rmtree(rig.spool)
    rig.venue.trades(20)
    rig.start()
    connected(rig)
    rig.venue.trades(10)
    everything(rig)


def test_health_and_streams_are_served_over_http(rig):
    health = rig.collector.ask()
    assert health["status"] == "ok"
    assert {"frames", "committed", "uploaded_rows", "dropped", "reconnects", "spool_bytes"} <= set(health)
    streams = {one["stream"]: one for one in rig.collector.ask("/streams")}
    assert streams["btcusdt@trade"]["frames"] > 0
    assert "error" in rig.collector.ask("/nothing")
