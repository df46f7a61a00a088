"""From a raw object to the mail, on the embedded AWS if it is up.

The floor is measured in the same run: the same object's ledger entry, which is S3 → SQS → Lambda.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from boto3.dynamodb.conditions import Key

from bench.report import Row
from coinlake.alert_rules import PriceRule
from coinlake.config import LakeConfig
from coinlake.errors import CoinlakeError, NotFound
from coinlake.keys import RawKey, Slot
from coinlake.stores import compressed
from ops.local.mailbox import Mailbox
from ops.stack import Stack
from ops.waiting import uncommitted

WHAT: Final = "raw object → price mail, embedded AWS"
MAX_WAIT_SECONDS: Final = 60
POLL_SECONDS: Final = 0.02
SETTLE_SECONDS: Final = 2  # notify marks an alert as sent just after it has sent it


def latency(runs: int) -> Iterator[Row]:
    """One row; where there is nothing to measure it says how to get it."""
    try:
        stack = Stack.find("local")
        rule = _rule(stack.config())
        mailbox = Mailbox.open(stack)
        pairs = [_measure_once(stack, mailbox, rule) for _ in range(runs + 1)][1:]
    except CoinlakeError as error:
        yield Row(WHAT, f"not measured: {error}", "–", "–", "–", None)
        return
    floor, mail = (statistics.median(column) for column in zip(*pairs, strict=True))
    yield Row(
        WHAT,
        f"{mail:.2f} s",
        f"{floor:.2f} s to the ledger entry: S3 → SQS → transform",
        f"{mail / floor:.2f}×",
        "–",
        None,
    )


def _rule(config: LakeConfig) -> PriceRule:
    for rule in config.price_rules:
        if rule.above is not None and rule.source in (None, "coingecko"):
            return rule
    raise NotFound("no rule of the local stack asks for a price above a level")


def _measure_once(stack: Stack, mailbox: Mailbox, rule: PriceRule) -> tuple[float, float]:
    """Seconds to the ledger entry, and to the mail."""
    time.sleep(SETTLE_SECONDS)
    for _ in mailbox.take():
        pass
    _forget(stack, rule)
    key = _put(stack, rule)
    start = time.monotonic()
    committed = _until(start, lambda: not uncommitted(stack.lake, [key]))
    return committed, _until(start, lambda: _mailed(mailbox, rule))


def _forget(stack: Stack, rule: PriceRule) -> None:
    """Drop the rule's cooldown, so that it mails again."""
    table = stack.aws.session.resource(
        "dynamodb", region_name=stack.aws.region, endpoint_url=stack.aws.endpoint, verify=stack.aws.ca_bundle
    ).Table(stack.state_table)
    key = f"alert#{rule.name}#coingecko#{rule.asset}#{rule.quote}"
    for item in table.query(KeyConditionExpression=Key("pk").eq(key))["Items"]:
        table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def _put(stack: Stack, rule: PriceRule) -> RawKey:
    """A page with one price, far enough up, in a slot of its own."""
    now = datetime.now(UTC)
    coin = stack.config().assets[rule.asset]["coingecko"]
    price = _price(rule)
    row = {"id": coin, "current_price": price, "last_updated": now.isoformat(timespec="milliseconds")}
    part = f"p{now.microsecond + 1000}"  # no page of a real feed
    key = RawKey("coingecko", "quotes", Slot(now.replace(microsecond=0), ("bench", rule.quote.lower(), part)))
    metadata = {"fetched_at": now.isoformat(timespec="microseconds")}
    stack.raw.put(str(key), compressed(json.dumps([row]).encode()), metadata=metadata, IfNoneMatch="*")
    return key


def _price(rule: PriceRule) -> float:
    """Twice the level: no price of the feeds', so that its mail is known by it."""
    return float(rule.above or 0) * 2


def _mailed(mailbox: Mailbox, rule: PriceRule) -> bool:
    messages = mailbox.queue.receive()
    mailbox.queue.delete(messages)
    return any(f"{_price(rule):,.2f}" in message.body for message in messages)


def _until(start: float, done: Callable[[], bool]) -> float:
    while not done():
        if time.monotonic() - start > MAX_WAIT_SECONDS:
            raise NotFound(f"nothing came within {MAX_WAIT_SECONDS} s; see `coinlake status`")
        time.sleep(POLL_SECONDS)
    return time.monotonic() - start
