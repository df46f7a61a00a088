"""The demo's own judgement: what it waits for, and that it never claims what did not land."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from coinlake.config import LakeConfig
from coinlake.keys import QuarantineKey, Slot
from coinlake.records import Rejection, quarantine_lines
from ops import waiting
from ops.demo import demo, report
from ops.demo.demo import Demo
from ops.demo.landing import LandingTimeout, LandingWait
from ops.local.laptop import Laptop
from ops.local.mailbox import Mail
from ops.stack import Stack

from ..conftest import CONFIG
from ..landing import NOW, land

RULE = {
    "asset": "BTC",
    "quote": "USD",
    "source": None,
    "above": None,
    "below": None,
    "change_percent": 5,
    "window_minutes": 1,
    "cooldown_minutes": 1,
}


class Mails(list[Mail]):
    """A mailbox that gives what was put in."""

    def take(self) -> list[Mail]:
        taken = list(self)
        self.clear()
        return taken


class FakeSimulator(list[tuple[Any, ...]]):
    """A simulator that records the faults."""

    laptop = Laptop.from_env({"COINLAKE_PORT": "6000"})

    def started(self) -> datetime:
        return NOW - timedelta(seconds=30)

    def shock(self, coin: str, percent: float) -> float:
        self.append((coin, percent))
        return percent

    def inject_bad_rows(self, *fault: Any) -> None:
        self.append(fault)


def nothing() -> None:
    """What a demo does meanwhile, if its past is not in question."""


def configured(**changes: Any) -> LakeConfig:
    return LakeConfig.from_json(json.dumps({**CONFIG, **changes}).encode())


@pytest.fixture
def running(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Demo:
    monkeypatch.setattr(waiting, "POLL_SECONDS", 0)
    monkeypatch.setattr(demo, "MAIL_SECONDS", 0)
    monkeypatch.setattr(demo, "GRACE_SECONDS", -300)
    monkeypatch.setattr("ops.dates.now", lambda: NOW)
    wait = LandingWait(stack, Path("ministack.log"))
    return Demo(stack, FakeSimulator(), Mails(), configured(alert_rules={"btc_moved": RULE}), NOW, wait)


def logged(stack: Stack, subject: str, rule: str) -> None:
    item = {"pk": "sent", "sk": f"{NOW.isoformat()}#{rule}", "subject": subject, "rule": rule}
    typed = {name: {"S": value} for name, value in item.items()}
    stack.aws.client("dynamodb").put_item(TableName="state", Item=typed)


def test_only_feeds_that_fire_while_somebody_watches_are_waited_for():
    assert [feed.name for feed in demo.quick_feeds(configured())] == ["quotes"]
    quotes, hourly = CONFIG["feeds"]["quotes"], {"candles": CONFIG["feeds"]["candles"]}
    quicker = {**CONFIG["feeds"], "quicker": {**quotes, "interval": "1m"}}
    assert [feed.name for feed in demo.quick_feeds(configured(feeds=quicker))] == ["quicker"]
    with pytest.raises(LandingTimeout, match="set an interval of 1m in local.tfvars"):
        demo.quick_feeds(configured(feeds=hourly))


def test_without_a_change_rule_the_demo_says_what_to_add():
    with pytest.raises(LandingTimeout, match="no price rule with change_percent"):
        demo.shockable_rule(configured())


def test_a_slot_from_before_the_demo_does_not_count(running):
    land(running.stack, NOW - timedelta(minutes=1))
    with pytest.raises(LandingTimeout, match="^quotes: nothing came within 0 s; `coinlake status`"):
        running.wait_until_landed()


def test_raw_without_its_ledger_entry_has_not_landed(running):
    land(running.stack, NOW + timedelta(seconds=1), committed=False)
    with pytest.raises(LandingTimeout, match="^quotes: .*transform"):
        running.wait_until_landed()
    land(running.stack, NOW + timedelta(seconds=1))
    running.wait_until_landed()


def test_a_live_demo_injects_no_fault_and_a_timeout_hints_at_the_network(running):
    with pytest.raises(LandingTimeout, match=r"does this machine reach the real exchanges\?$"):
        running.run_live(nothing)
    land(running.stack, NOW + timedelta(seconds=1))
    running.mailbox.append(Mail("s", "b", "now"))
    running.run_live(nothing)
    assert (running.simulator, len(running.mails)) == ([], 1)


def test_a_mail_that_did_not_come_ends_the_demo(running):
    land(running.stack, NOW + timedelta(seconds=1))
    logged(running.stack, "BTC +10 %", "btc_moved")
    with pytest.raises(LandingTimeout, match="^a price alert: nothing came"):
        running.run_with_faults(nothing)


def test_the_demo_injects_both_faults_and_ends_with_both_mails(running):
    land(running.stack, NOW + timedelta(seconds=1))
    for subject, rule in (("BTC +10 %", "btc_moved"), ("4 rows quarantined", "quarantine")):
        logged(running.stack, subject, rule)
        running.mailbox.append(Mail(subject, "body", "now"))
    running.run_with_faults(nothing)
    assert running.simulator == [("*/coins/markets", "nan", 4), ("bitcoin", 10.0)]
    assert [mail.subject for mail in running.mails] == ["BTC +10 %", "4 rows quarantined"]


def test_quarantined_rows_are_shown_with_their_reasons(stack):
    key = QuarantineKey("coingecko", "quotes", Slot(NOW))
    stack.lake.put(str(key), quarantine_lines("raw", [Rejection.of("nonfinite", 3, "price", "[NaN]")]))
    console = Console(width=120)
    with console.capture() as captured:
        console.print(report.quarantined_rows(stack))
    for words in ("coingecko quotes", "2026-11-21 07:36", "3", "price", "[NaN]", "nonfinite"):
        assert words in captured.get()


def test_a_mail_is_shown_as_its_reader_sees_it():
    console = Console(width=80)
    with console.capture() as captured:
        console.print(report.mail_panel(Mail("[coinlake] BTC", "Price  75,000 USD\n[x]", "now")))
    assert "Subject: [coinlake] BTC" in captured.get()
    assert "[x]" in captured.get()


def test_the_demo_ends_with_the_commands_to_go_on_with():
    console = Console(width=120)
    with console.capture() as captured:
        console.print(report.next_commands(Laptop.from_env({"COINLAKE_PORT": "6000"})))
    for words in ("coinlake status", "make down", "aws.env"):
        assert words in captured.get()
