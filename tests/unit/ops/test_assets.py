"""The asset map beside the sources' lists."""

import json
from datetime import datetime, timedelta

import pytest

from coinlake.config import LakeConfig
from ops.assets import Listing, listing
from ops.query.result import QueryResult

LISTED_AT = datetime(2026, 11, 21)
COLUMNS = ("source", "asset_id", "base", "quote", "status", "received_at", "listed_at")
ROWS = (
    ("coinbase", "BTC-USD", "BTC", "USD", "online", LISTED_AT, LISTED_AT),
    ("coinbase", "ETH-USD", "ETH", "USD", "delisted", LISTED_AT, LISTED_AT),
    ("coinbase", "LTC-USD", "LTC", "USD", "online", LISTED_AT - timedelta(days=3), LISTED_AT),
    ("coinbase", "XRP-EUR", "XRP", "EUR", "online", LISTED_AT, LISTED_AT),
)
CONFIG = LakeConfig.from_json(
    json.dumps(
        {
            "assets": {base: {"coinbase": base, "coincap": "slug"} for base in ("BTC", "ETH", "LTC", "XRP")}
            | {"TRX": {}},
            "sources": {},
            "feeds": {},
            "alert_rules": {},
            "notices": {"quarantine": True, "failures": True, "stale": True, "cooldown_minutes": 60},
            "private_sources": False,
            "environment": "local",
        }
    ).encode()
)


@pytest.mark.parametrize(
    ("symbol", "source", "expected"),
    [
        ("BTC", "coinbase", Listing("BTC", "trades", "online")),
        ("ETH", "coinbase", Listing("ETH", "halted", "delisted")),
        ("LTC", "coinbase", Listing("LTC", "gone", "gone since 2026-11-18")),
        ("XRP", "coinbase", Listing("XRP", "unsupported", "no USD market")),
        ("TRX", "coinbase", Listing(None, "none")),
        ("BTC", "coincap", Listing("slug", "unknown")),
    ],
)
def test_an_asset_is_shown_as_its_source_lists_it(symbol: str, source: str, expected: Listing):
    assert listing(CONFIG, QueryResult.from_rows(COLUMNS, ROWS), symbol, source) == expected
