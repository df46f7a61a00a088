import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from coinlake.alert_rules import Digest, Kind
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.keys import Slot

DOCUMENT = {
    "assets": {
        "BTC": {"coingecko": "bitcoin", "coinbase": "BTC", "binance": "BTC", "coincap": "bitcoin"},
        "TRX": {"coingecko": "tron", "coinbase": None},
    },
    "sources": {
        "coingecko": {
            "base_url": "https://api.coingecko.com/api/v3",
            "requests_per_minute": 5,
            "api_key_header": None,
            "api_key_parameter": None,
        }
    },
    "feeds": {
        "coingecko_quotes": {
            "source": "coingecko",
            "dataset": "quotes",
            "quote": "USD",
            "interval": "5m",
            "assets": [],
            "top": 250,
            "lookback": 1,
            "stale_after_minutes": 20,
            "enabled": True,
        },
        "coinbase_candles": {
            "source": "coinbase",
            "dataset": "candles",
            "quote": "USD",
            "interval": "1h",
            "assets": ["BTC"],
            "top": None,
            "lookback": 24,
            "stale_after_minutes": 180,
            "enabled": True,
        },
    },
    "alert_rules": {
        "shib_low": {
            "asset": "SHIB",
            "quote": "USD",
            "source": None,
            "above": None,
            "below": 8.47e-06,
            "change_percent": None,
            "window_minutes": 60,
            "cooldown_minutes": 60,
        }
    },
    "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
    "private_sources": False,
    "environment": "local",
}
CONFIG = LakeConfig.from_json(json.dumps(DOCUMENT).encode())
DUE = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)


def test_a_mapped_id_becomes_its_symbol_and_another_keeps_its_own_name():
    assert CONFIG.symbol("coingecko", "bitcoin") == "BTC"
    assert CONFIG.symbol("coingecko", "bitcoin-cash-sv") == "coingecko:bitcoin-cash-sv"


def test_a_ticker_alone_never_resolves():
    assert CONFIG.symbol("coingecko", "BTC") == "coingecko:BTC"


def test_an_asset_without_a_listing_has_no_id_there():
    assert "coinbase" not in CONFIG.assets["TRX"]


def test_rules_keep_their_numbers_exact():
    assert CONFIG.price_rules[0].below == Decimal("8.47e-06")


def test_a_page_is_named_by_its_feed():
    page = CONFIG.feed("coingecko_quotes").page_key(DUE, 2)
    assert str(page).endswith("dt=2026-11-21/20261121T073500Z.coingecko_quotes.usd.p2.json.gz")


def test_a_feed_owns_what_it_asked_for_and_nothing_else():
    quotes, candles = CONFIG.feed("coingecko_quotes"), CONFIG.feed("coinbase_candles")
    assert quotes.owns("coingecko", "quotes", quotes.page_key(DUE, 1).slot)
    assert candles.owns("coinbase", "candles", Slot(DUE, ("BTC-USD", "1h", "24")))
    for other in ("ETH-USD.1h.24", "BTC-EUR.1h.24", "BTC-USD.1m.24", "BTC-USD.1h.300"):
        assert not candles.owns("coinbase", "candles", Slot(DUE, tuple(other.split("."))))
    assert not candles.owns("coinbase", "candles", Slot(DUE))
    assert not quotes.owns("coingecko", "quotes", Slot(DUE, ("other_feed", "usd", "p1")))
    assert not quotes.owns("coinbase", "quotes", Slot(DUE, ("coingecko_quotes", "usd", "p1")))


def with_feed(**entry):
    feed = {"source": "coincap", "dataset": "rates", "interval": "1d", "stale_after_minutes": 2880}
    feeds = {"one": {**feed, "enabled": False, **entry}}
    return LakeConfig.from_json(json.dumps({**DOCUMENT, "feeds": feeds}).encode()).feed("one")


def test_a_feed_of_a_whole_list_needs_no_assets_and_says_why_it_is_off():
    feed = with_feed(off_reason="set coincap_api_key")
    assert (feed.quote, feed.assets, feed.top, feed.lookback) == ("USD", (), None, 1)
    assert feed.off_reason == "set coincap_api_key"
    assert with_feed(top=None, assets=None).assets == ()
    assert feed.owns("coincap", "rates", feed.named_key(DUE, "rates").slot)


@pytest.mark.parametrize(
    ("source", "entry", "own", "foreign"),
    [
        (
            "coincap",
            {"dataset": "price_points", "interval": "1h", "lookback": 24},
            "bitcoin-usd.1h.24",
            ("ethereum-usd.1h.24", "bitcoin-usd.1d.24", "bitcoin-usd.1h.720", "bitcoin-USD.1h.24"),
        ),
        (
            "coingecko",
            {"dataset": "ohlc", "lookback": 7},
            "bitcoin-usd.7d",
            ("bitcoin-usd.30d", "tron-usd.7d", "bitcoin-eur.7d"),
        ),
        ("coinbase", {"dataset": "stats"}, "BTC-USD", ("BTC-EUR", "ETH-USD", "one")),
        ("coingecko", {"dataset": "prices"}, "one.usd.p1", ("two.usd.p1", "BTC-USD")),
        ("coincap", {"dataset": "rates"}, "rates", ("rates.p1",)),
        (
            "binance_archive",
            {"dataset": "candles", "interval": "1h", "quote": "USDT", "lookback": 3},
            "BTC-USDT.1h.2026-11-20",
            (
                "BTC-USDT.1d.2026-11-20",
                "BTC-USDT.1h.2026-10",
                "BTC-USDT.1h.2026-11-19",
                "BTC-EUR.1h.2026-11-20",
            ),
        ),
    ],
)
def test_each_dataset_is_owned_by_the_feed_that_asks_for_it(source, entry, own, foreign):
    feed = with_feed(source=source, assets=["BTC"], **entry)
    assert feed.owns(source, feed.dataset, Slot.parse(f"20261121T000000Z.{own}"))
    for other in foreign:
        assert not feed.owns(source, feed.dataset, Slot.parse(f"20261121T000000Z.{other}"))


def test_a_source_may_prefix_its_key_and_sell_credits():
    entry = {"base_url": "https://x", "requests_per_minute": 600, "api_key_header": "Authorization"}
    entry |= {"api_key_parameter": "/k", "api_key_prefix": "Bearer ", "credits_per_month": 4000}
    config = LakeConfig.from_json(json.dumps({**DOCUMENT, "sources": {"coincap": entry}}).encode())
    assert config.sources["coincap"].api_key_prefix == "Bearer "
    assert config.sources["coincap"].credits_per_month == 4000
    assert (CONFIG.sources["coingecko"].api_key_prefix, CONFIG.sources["coingecko"].credits_per_month) == (
        "",
        None,
    )


def test_an_unknown_feed_is_refused_with_the_known_ones():
    with pytest.raises(
        BadConfiguration, match="no feed 'typo'; the feeds are coinbase_candles, coingecko_quotes"
    ):
        CONFIG.feed("typo")


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b"{", b'{"assets": 1}'])
def test_a_malformed_configuration_says_what_to_do(broken: bytes):
    with pytest.raises(BadConfiguration, match="cannot read .* deploy it with this one"):
        LakeConfig.from_json(broken)


def test_a_rule_with_two_levels_is_refused():
    rule = {**DOCUMENT["alert_rules"]["shib_low"], "above": 1}
    with pytest.raises(BadConfiguration, match="exactly one of above, below, change_percent"):
        LakeConfig.from_json(json.dumps({**DOCUMENT, "alert_rules": {"both": rule}}).encode())


def market_rule(**changes):
    known = {"asset": "BTC", "quote": "USD", "source": None, "window_days": 30, "cooldown_minutes": 60}
    body = json.dumps({**DOCUMENT, "alert_rules": {"r": known | changes}}).encode()
    [rule] = LakeConfig.from_json(body).market_rules
    return rule


@pytest.mark.parametrize(
    ("changes", "kind", "days"),
    [
        ({"spread_bps": 30.5}, Kind.SPREAD, 30),
        ({"volume_times": 3}, Kind.VOLUME, 30),
        ({"drawdown_percent": 20}, Kind.DRAWDOWN, 30),
        ({"new_high_days": 0}, Kind.HIGH, 0),
        ({"new_low_days": 90}, Kind.LOW, 90),
    ],
)
def test_a_rule_on_a_refined_table_knows_its_kind_limit_and_days(changes, kind, days):
    rule = market_rule(**changes)
    [limit] = changes.values()
    assert (rule.kind, rule.limit, rule.days) == (kind, Decimal(str(limit)), days)
    assert rule.cooldown == timedelta(hours=1)


def test_a_digest_has_a_time_of_day_and_there_is_none_unless_declared():
    body = json.dumps({**DOCUMENT, "digest": {"at": "07:30", "movers": 5}}).encode()
    assert LakeConfig.from_json(body).digest == Digest(timedelta(hours=7, minutes=30), 5)
    assert CONFIG.digest is None
