"""The mails about markets and the digest as they are received; golden/ holds them in full."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.alert_rules import Kind, MarketRule
from notify.messages.digest import LatestRow, MarketDayRow, digest_mail
from notify.messages.markets import market_mail
from notify.rules.market_rows import DayRow, SpreadRow
from notify.rules.markets import MarketFiring

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPREAD = SpreadRow("coinbase", "BTC", "USD", AT, Decimal("77690.22"), Decimal("77361.43"), 3)
DAY = DayRow(
    *("coinbase", "BTC", "USD", date(2026, 11, 21), *[Decimal("77361.43")] * 4, None, None),
    *("1h", False, False),
)
QUOTED = replace(DAY, source="coingecko", base="SHIB", close=Decimal("0.00000847"))


def rule(name: str, kind: Kind, limit: int, days: int = 0, asset: str = "BTC") -> MarketRule:
    return MarketRule(name, asset, "USD", None, kind, Decimal(limit), days, HOUR)


def firing(rule_: MarketRule, row: SpreadRow | DayRow, value: str, compared: str, **more) -> MarketFiring:
    at, price = (row.observed_at, row.price) if isinstance(row, SpreadRow) else (MIDNIGHT, row.close)
    return MarketFiring(rule_, row, at, price, Decimal(value), Decimal(compared), **{"count": 0} | more)


def price(base: str, price_: str, change: float, volume: str | None, source: str = "coingecko") -> LatestRow:
    traded = None if volume is None else Decimal(volume)
    return LatestRow(source, base, "USD", AT, Decimal(price_), change, traded, Decimal(1))


PRICES = [
    price("BTC", "77361.43", -0.97, "34512345678.9"),
    price("ETH", "2651.02", 1.214, "15012345678"),
    price("SHIB", "0.00000847", 12.5, "950123"),
    price("USDC", "1", 0.0, None),
    price("coingecko:solana-classic", "151.3", -3.25, "2100000000"),
]
MARKET = MarketDayRow("2026-11-21", "USD", Decimal("2712345678901.5"), 0.5712, 61, "Greed", 1.0)
HIGH = firing(rule("btc_high", Kind.HIGH, 0), DAY, "77361.43", "77361.4285", count=812)

MAILS = {
    "spread": market_mail(firing(rule("btc_spread", Kind.SPREAD, 30), SPREAD, "42.5", "77361.43", count=3)),
    "volume": market_mail(
        firing(rule("btc_volume", Kind.VOLUME, 3, 30), DAY, "3.4127", "8123.456", count=30, volume_unit="BTC")
    ),
    "drawdown": market_mail(
        firing(rule("shib_drawdown", Kind.DRAWDOWN, 90, asset="SHIB"), QUOTED, "90.169", "0.00008616")
    ),
    "high": market_mail(HIGH),
    "low": market_mail(firing(rule("btc_low", Kind.LOW, 90, 90), DAY, "77361.43", "78000", count=88)),
    "digest": digest_mail(PRICES, MARKET, AT.replace(minute=0), 2),
}


@pytest.mark.parametrize("name", MAILS)
def test_the_mail_reads_as_agreed(name: str):
    mail = MAILS[name]
    assert f"Subject: {mail.subject}\n\n{mail.body}" == (GOLDEN / f"{name}.txt").read_text()


def test_only_mails_from_coingeckos_data_carry_its_attribution():
    assert {name for name, mail in MAILS.items() if "CoinGecko" in mail.body} == {"drawdown", "digest"}


def test_a_digest_without_movers_or_a_known_market_leaves_them_out():
    mail = digest_mail([price("USDC", "1", 0.0, None)], None, AT, 5)
    assert mail.subject == "[coinlake] 2026-11-21: 0 of 1 asset up"
    assert not {"Gainers", "Losers", "Market on"} & set(mail.body.split("\n"))
    assert "Market on" not in mail.body


@given(text=st.text(st.characters(), max_size=120))
def test_whatever_the_data_says_the_mail_can_be_sent(text):
    odd = replace(SPREAD, base=text, source=text)
    rows = [replace(PRICES[0], base=text, source=text)]
    for mail in (
        market_mail(replace(HIGH, row=odd)),
        digest_mail(rows, replace(MARKET, classification=text), AT, 1),
    ):
        assert mail.subject.isascii()
        assert mail.subject.isprintable()
        assert 0 < len(mail.subject) < 100
        assert len(mail.body.encode()) < 256 * 1024  # SNS, Publish: a message has 256 KB at most
