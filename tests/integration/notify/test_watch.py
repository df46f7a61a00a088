"""The five-minute watch: late feeds, silence, messages given up, and the heartbeat."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from coinlake.errors import BadConfiguration
from notify import handler as notify_handler
from notify.watch import WatchIncomplete
from tests.integration.notify.conftest import configuration, feed

START = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def heartbeats(capsys) -> int:
    """How often the metric WatchCompleted was printed since the last look."""
    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines() if text.startswith("{")]
    return sum("WatchCompleted" in entry for entry in lines)


def subjects(line) -> list[str]:
    return [mail["Subject"] for mail in line.mails()]


def test_a_fresh_deployment_gets_its_full_time_before_a_feed_is_late(line):
    for minutes in (0, 5, 20):
        line.watch(after(minutes))
    assert subjects(line) == []
    line.watch(after(25))
    assert subjects(line) == [
        "[coinlake] feed top is stale: no data yet, expected since 07:00 UTC, 25 min ago"
    ]


def test_a_feed_whose_data_stopped_is_mailed_once_per_cooldown(line):
    line.watch(START)
    line.announce(line.quotes({"price": "1"}, due=after(35)), line.candles(after(60), ["1"]))
    for minutes in (40, 55, 60, 65, 115):
        line.watch(after(minutes))
    assert subjects(line) == ["[coinlake] feed top is stale: last data 07:35 UTC, 25 min ago"]
    line.watch(after(120))
    assert len(line.mails()) == 2


def test_the_same_watch_twice_mails_once(line):
    line.watch(START)
    for _ in range(3):
        line.watch(after(30))
    assert len(line.mails()) == 1


def test_all_feeds_late_is_reported_once_as_silence(line):
    line.watch(START)
    line.watch(after(100))
    assert subjects(line) == ["[coinlake] silence: no data from any of 2 feeds"]
    assert "hourly" in line.mails()[0]["Message"]


def test_a_single_feed_that_is_late_is_named(line):
    document = configuration()
    del document["feeds"]["hourly"]
    line.configure(document)
    line.watch(START)
    line.watch(after(100))
    assert subjects(line)[0].startswith("[coinlake] feed top is stale")


def test_a_paused_feed_is_not_missed_and_gets_its_full_time_when_resumed(line):
    paused = configuration()
    paused["feeds"]["top"] = feed(enabled=False)
    line.announce(line.quotes({"price": "1"}, due=START), line.candles(after(60), ["1"]))
    line.watch(START)
    line.configure(paused)
    line.watch(after(30))
    line.watch(after(60))
    line.configure(configuration())
    line.watch(after(65))
    line.watch(after(80))
    assert subjects(line) == []
    line.watch(after(85))
    assert subjects(line) == ["[coinlake] feed top is stale: last data 07:00 UTC, 1 h 25 min ago"]


def test_a_feed_that_the_command_paused_is_not_missed_either(line):
    mark = {"pk": {"S": "feed#top"}, "sk": {"S": "paused"}}
    since = {"since": {"S": after(1).isoformat(timespec="microseconds")}}
    line.announce(line.quotes({"price": "1"}, due=START), line.candles(after(60), ["1"]))
    line.dynamodb.put_item(TableName="state", Item=mark | since)
    line.watch(after(60))
    line.dynamodb.delete_item(TableName="state", Key=mark)
    line.watch(after(80))
    assert subjects(line) == []
    line.watch(after(85))
    assert subjects(line) == ["[coinlake] feed top is stale: last data 07:00 UTC, 1 h 25 min ago"]


def test_dead_letters_are_mailed_with_the_command_that_redrives_them(line):
    for body in "ab":
        line.sqs.send_message(QueueUrl=line.dead_letters["transform"], MessageBody=body)
    line.watch(START)
    line.watch(after(5))
    [mail] = line.mails()
    assert mail["Subject"] == "[coinlake] transform failed on 2 messages"
    assert "coinlake redrive transform" in mail["Message"]


def test_the_heartbeat_is_counted_once_everything_was_checked(line, capsys):
    line.watch(START)
    assert heartbeats(capsys) == 1


def test_a_check_that_fails_stops_the_heartbeat_but_not_the_other_checks(line, capsys):
    line.watch(START)
    line.sqs.send_message(QueueUrl=line.dead_letters["notify"], MessageBody="x")
    line.sqs.delete_queue(QueueUrl=line.dead_letters["ingest"])
    heartbeats(capsys)
    with pytest.raises(WatchIncomplete, match="could not read .*ingest"):
        line.watch(after(30))
    assert heartbeats(capsys) == 0
    assert [subject.split(":")[0] for subject in subjects(line)] == [
        "[coinlake] feed top is stale",
        "[coinlake] notify failed on 1 message",
    ]


def test_a_mail_that_cannot_be_sent_stops_the_heartbeat_and_goes_out_with_the_next_watch(
    line, capsys, monkeypatch
):
    line.sqs.send_message(QueueUrl=line.dead_letters["notify"], MessageBody="x")
    with monkeypatch.context() as patch:
        patch.setenv("ALERTS_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:gone")
        notify_handler.stage.cache_clear()
        with pytest.raises(WatchIncomplete, match="could not publish"):
            line.watch(START)
    notify_handler.stage.cache_clear()
    assert heartbeats(capsys) == 0
    line.watch(after(5))
    assert len(line.mails()) == 1


def test_stale_and_failure_notices_can_be_turned_off_and_the_heart_still_beats(line, capsys):
    document = configuration()
    document["notices"] |= {"stale": False, "failures": False}
    line.configure(document)
    line.sqs.send_message(QueueUrl=line.dead_letters["notify"], MessageBody="x")
    line.watch(START)
    line.watch(after(300))
    assert subjects(line) == []
    assert heartbeats(capsys) == 2


@pytest.mark.parametrize("time", ["<aws.scheduler.scheduled-time>", None, 5, "2026-11-21T07:00:00"])
def test_a_watch_without_a_time_is_refused(line, time):
    with pytest.raises(BadConfiguration, match="bad_time|tz_required"):
        notify_handler.handler({"watch": time}, line.context)


def test_dead_letters_of_ingest_are_reported_as_failed_runs(line):
    line.sqs.send_message(QueueUrl=line.dead_letters["ingest"], MessageBody="x")
    line.watch(START)
    [mail] = line.mails()
    assert "a wrong API key" in mail["Message"]
    assert "infrastructure" not in mail["Message"]


def test_a_pause_ends_with_the_first_slot_after_it_as_after_a_deployment(line):
    since = {"since": {"S": START.isoformat(timespec="microseconds")}}
    line.dynamodb.put_item(TableName="state", Item={"pk": {"S": "feed#top"}, "sk": {"S": "paused"}} | since)
    line.watch(after(1))
    line.announce(line.quotes({"price": "1"}, due=after(5)), line.candles(after(60), ["1"]))
    line.watch(after(30))
    assert subjects(line) == ["[coinlake] feed top is stale: last data 07:05 UTC, 25 min ago"]
