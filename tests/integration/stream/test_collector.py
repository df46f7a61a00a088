"""The collector as a process, beside a venue that misbehaves in one way at a time.

One collector serves all tests, in their order: each looks for what it caused itself.
"""

import shutil
import time
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer

from tests.integration.stream.stage import staged
from tests.integration.stream.venue import START_MS

SYMBOLS = ("btcusdt", "ethusdt")
TICKERS = "btcusdt@miniTicker"
REFUSED = "dogeusdt@miniTicker"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage")
    with staged(folder, SYMBOLS, (TICKERS, REFUSED), BATCH_FRAMES="50") as stage:
        stage.venue.refused = {REFUSED}
        stage.start()
        yield stage


def eventually(look, wanted, seconds=15):
    """Wait until ``look`` gives what is wanted; the rest of the test judges what it gave."""
    end = time.monotonic() + seconds
    found = look()
    while not wanted(found) and time.monotonic() < end:
        time.sleep(0.1)
        found = look()
    assert wanted(found), found
    return found


def connected(stage):
    """Wait until one connection has every stream that the venue gives."""
    wanted = {TICKERS, *(f"{symbol}@trade" for symbol in SYMBOLS)}
    eventually(
        lambda: list(stage.venue.clients), lambda clients: any(one.streams >= wanted for one in clients)
    )


def cut(stage):
    """Reset the connection, and wait until the venue has noticed."""
    before = list(stage.venue.clients)
    stage.venue.hang_up()
    eventually(lambda: list(stage.venue.clients), lambda clients: not set(before) & set(clients))


def gaps(stage, reason):
    return [gap for gap in stage.gaps() if gap["reason"] == reason]


def ticker_numbers(stage, first, last):
    sent = [line["frame"]["data"]["E"] for line in stage.lines("tickers")]
    return sorted(moment - START_MS for moment in sent if first <= moment - START_MS < last)


def everything(stage):
    """How often each published trade lies in raw, once all of them do."""
    wanted = {
        (symbol, number)
        for symbol, last in stage.venue.published.items()
        for number in range(stage.venue.first_id, last + 1)
    } - stage.venue.unavailable
    eventually(lambda: sorted(wanted - set(stage.trades())), lambda missing: not missing)
    return stage.trades()


def test_one_refused_stream_costs_no_other(stage):
    stage.venue.trades(60)
    assert set(everything(stage).values()) == {1}
    eventually(stage.collector.log.read_text, lambda log: '"ws_refused"' in log and REFUSED in log)
    assert any(TICKERS in one.streams for one in stage.venue.clients)


def test_frames_lie_in_raw_as_received_with_their_hash_and_origin(stage):
    key = next(key for key in stage.aws.listed() if "dataset=trades" in key)
    head = stage.aws.s3.head_object(Bucket="raw", Key=key)
    assert head["Metadata"]["url"] == stage.venue.url
    assert len(head["Metadata"]["sha256"]) == 64
    line = stage.lines("trades")[0]
    assert list(line) == ["received_at", "frame"] and abs(line["received_at"] / 1e6 - time.time()) < 60


def test_an_announced_shutdown_costs_no_frame_and_doubles_none(stage):
    for number in range(100):
        if number == 20:
            stage.venue.shut_down()
        stage.venue.ticker("btcusdt", number)
        time.sleep(0.015)
    found = eventually(lambda: ticker_numbers(stage, 0, 100), lambda found: len(found) >= 100)
    assert found == list(range(100))
    assert not gaps(stage, "disconnected")


def test_a_lost_connection_is_a_gap_for_what_has_no_ids_and_none_for_trades(stage):
    cut(stage)
    stage.venue.trades(30)
    connected(stage)
    stage.venue.trades(10)
    assert set(everything(stage).values()) == {1}
    (gap,) = eventually(lambda: gaps(stage, "disconnected"), bool)
    assert gap["stream"] == TICKERS and gap["from"] < gap["to"] and gap["frames"] is None


def test_trades_that_rest_does_not_have_become_a_gap_and_the_others_come(stage):
    connected(stage)
    cut(stage)
    first = stage.venue.published["btcusdt"] + 1
    stage.venue.unavailable = {("btcusdt", first + 3), ("btcusdt", first + 4)}
    stage.venue.trades(40)
    connected(stage)
    stage.venue.trades(10)
    assert set(everything(stage).values()) == {1}
    (gap,) = eventually(lambda: gaps(stage, "refill_failed"), bool, 20)
    assert (gap["stream"], gap["first_id"], gap["last_id"], gap["frames"]) == (
        "btcusdt@trade",
        first + 3,
        first + 4,
        2,
    )


def test_what_nobody_can_read_is_counted_and_told(stage):
    stage.venue.say("no JSON")
    stage.venue.say(b"\x00\x01")
    (gap,) = eventually(lambda: gaps(stage, "bad_frame"), bool)
    assert gap["frames"] == 2


def test_a_frame_past_the_cap_ends_the_connection_and_is_told(stage):
    stage.venue.say("x" * (3 << 20))
    (gap,) = eventually(lambda: gaps(stage, "too_large"), bool)
    assert gap["stream"] == TICKERS


def test_the_newest_price_is_in_the_table_as_exact_numbers_and_expires(stage):
    stage.venue.ticker("btcusdt", 5000)

    def row():
        item = stage.aws.dynamodb.get_item(TableName="latest", Key={"stream": {"S": TICKERS}})["Item"]
        return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}

    found = eventually(row, lambda row: row["event_time"] == (START_MS + 5000) * 1000)
    assert found["price"] == 100
    assert isinstance(found["price"], Decimal)
    assert (found["source"], found["symbol"]) == ("binance", "BTCUSDT")
    assert 86_000 < int(found["expires_at"]) - time.time() < 87_000


def test_a_stop_leaves_nothing_behind_and_a_start_tells_of_the_pause(stage):
    stage.venue.trades(33)
    assert stage.collector.stop() == 0
    assert not list((stage.spool / "files").iterdir())
    stage.venue.trades(20)
    stage.start()
    connected(stage)
    stage.venue.trades(10)
    assert set(everything(stage).values()) == {1}
    (gap,) = eventually(lambda: gaps(stage, "restarted"), bool)
    assert gap["stream"] == TICKERS and gap["from"] < gap["to"]


def test_a_task_without_its_predecessors_spool_goes_on_after_what_is_surely_in_raw(stage):
    eventually(lambda: stage.collector.ask()["latest_written"], lambda written: written >= 2)
    stage.venue.trades(4)
    time.sleep(1.5)  # uploaded, and with the next trade's row told
    stage.venue.trades(4)
    time.sleep(1.5)
    stage.collector.kill()
    shutil.rmtree(stage.spool)
    stage.venue.trades(20)
    stage.start()
    connected(stage)
    stage.venue.trades(10)
    everything(stage)


def test_health_is_told_over_http(stage):
    told = stage.collector.ask()
    assert told["status"] == "ok"
    assert {"frames", "committed", "uploaded_rows", "dropped", "reconnects", "spool_bytes"} <= set(told)
    streams = {one["stream"]: one for one in stage.collector.ask("/streams")}
    assert streams["btcusdt@trade"]["frames"] > 0
    assert "error" in stage.collector.ask("/nothing")
