"""The mails as they are received; golden/ holds them in full."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.alert_rules import PriceRule
from coinlake.feeds import Feed
from coinlake.keys import Partition, RawKey, Slot
from coinlake.records import Rejection
from notify.alerts import Mail
from notify.freshness import FeedStatus, FeedTimes
from notify.messages.pipeline import failures_mail, silence_mail, stale_mail
from notify.messages.prices import price_mail
from notify.messages.quarantine import RejectedRows, quarantine_mail
from notify.rules.observations import Observation
from notify.rules.prices import PriceFiring, PricePoint

GOLDEN = Path(__file__).parent / "golden"
DUE = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)
NOW = DUE + timedelta(minutes=25)
HOUR = timedelta(hours=1)
RAW = RawKey("coingecko", "quotes", Slot(DUE, ("top", "usd", "p1")))
QUOTES = RAW.trusted("quotes", Partition.day(DUE))
WINDOW = RawKey("coinbase", "candles", Slot(DUE, ("BTC-USD", "1h", "24")))
CANDLES = WINDOW.trusted("candles", Partition.month(DUE, interval="1h"))
HIGH = PriceRule("btc-high", "BTC", "USD", None, Decimal(75000), None, None, HOUR, HOUR)
LOW = PriceRule("btc-low", "BTC", "USD", "coinbase", None, Decimal(75000), None, HOUR, HOUR)
MOVES = PriceRule("shib-moves", "SHIB", "USD", None, None, None, Decimal(5), HOUR, 3 * HOUR)
BTC = Observation("coingecko", "BTC", "USD", DUE - timedelta(seconds=20), Decimal("77361.43"), str(RAW))
SHIB = replace(BTC, base="SHIB", price=Decimal("0.00000847"))
TOP = Feed("top", "coingecko", "quotes", "USD", "5m", (), 250, 1, 20, True)
HOURLY = Feed("hourly", "coinbase", "candles", "USD", "1h", ("BTC",), None, 24, 150, True)
LATE = FeedStatus(TOP, FeedTimes(DUE, DUE))
NEVER = FeedStatus(HOURLY, FeedTimes(None, DUE - timedelta(days=1)))
REJECTIONS = [Rejection.of("missing_price", row, "price") for row in range(1200)] + [
    Rejection.of("nonfinite", 1217, "price", "NaN")
]

MAILS = {
    "above": price_mail(PriceFiring(HIGH, BTC), QUOTES),
    "below": price_mail(
        PriceFiring(LOW, replace(BTC, source="coinbase", price=Decimal("74999.9999"), raw_key=str(WINDOW))),
        CANDLES,
    ),
    "change": price_mail(
        PriceFiring(MOVES, SHIB, PricePoint(DUE - timedelta(minutes=61), Decimal("0.0000080437"))), QUOTES
    ),
    "quarantine": quarantine_mail(RejectedRows("lake", RAW.quarantine(), str(RAW), REJECTIONS)),
    "quarantine_whole": quarantine_mail(
        RejectedRows("lake", RAW.quarantine(), str(RAW), [Rejection.of("not_json", value="<html>")])
    ),
    "stale": stale_mail(LATE, NOW),
    "silence": silence_mail([LATE, NEVER], NOW),
    "failures": failures_mail("transform", 3, NOW),
}


@pytest.mark.parametrize("name", MAILS)
def test_the_mail_reads_as_agreed(name: str):
    mail = MAILS[name]
    assert f"Subject: {mail.subject}\n\n{mail.body}" == (GOLDEN / f"{name}.txt").read_text()


def test_a_mail_about_another_source_carries_no_attribution_of_coingecko():
    assert "CoinGecko" in MAILS["above"].body
    assert "CoinGecko" not in MAILS["below"].body


def sendable(mail: Mail) -> bool:
    return mail.subject.isascii() and mail.subject.isprintable() and 0 < len(mail.subject) < 100


@given(text=st.text(st.characters(), max_size=120), value=st.text(st.characters(), max_size=120))
def test_whatever_the_data_says_the_mail_can_be_sent(text, value):
    odd = replace(BTC, base=text, source=text)
    row = Rejection(text, 1, text, value)
    for mail in (
        price_mail(PriceFiring(HIGH, odd), QUOTES),
        quarantine_mail(RejectedRows("lake", RAW.quarantine(), text, [row])),
        stale_mail(replace(LATE, feed=replace(TOP, name=text)), NOW),
        failures_mail(text, 1, NOW),
    ):
        assert sendable(mail)
        assert len(mail.body.encode()) < 256 * 1024  # SNS, Publish: a message has 256 KB at most


def test_a_quote_in_a_symbol_stays_inside_the_literal_of_the_suggested_query():
    mail = price_mail(PriceFiring(HIGH, replace(BTC, base="B'TC")), QUOTES)
    assert "base = 'B''TC'" in mail.body
