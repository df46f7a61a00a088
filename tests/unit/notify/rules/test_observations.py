import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coinlake.keys import TrustedKey
from notify.rules import observations
from notify.rules.observations import Unreadable

AT = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
QUOTES = TrustedKey.parse("trusted/quotes/dt=2026-11-21/coingecko.quotes.20261121T073500Z.top.usd.p1.parquet")
CANDLES = TrustedKey.parse(
    "trusted/candles/interval=1h/month=2026-11/coinbase.candles.20261121T070000Z.BTC-USD.1h.24.parquet"
)


def parquet(**columns: list[Any]) -> bytes:
    rows = len(next(iter(columns.values())))
    common = {
        "source": ["s"] * rows,
        "base": ["BTC"] * rows,
        "quote": ["USD"] * rows,
        "raw_key": ["r"] * rows,
    }
    body = io.BytesIO()
    pq.write_table(pa.table(common | columns), body)
    return body.getvalue()


def candles(count: int, **columns: list[Any]) -> bytes:
    values = {
        "open_time": [AT + timedelta(hours=place) for place in range(count)],
        "close": [Decimal(place) for place in range(count)],
        "is_closed": [True] * count,
    }
    return parquet(**values | columns)


def test_quotes_are_read_oldest_first_with_their_exact_price():
    prices = [Decimal("0.000000000000000001"), Decimal("99999999999999999999.9")]
    body = parquet(
        observed_at=[AT, AT - timedelta(microseconds=1)], price=pa.array(prices, pa.decimal128(38, 18))
    )
    assert [(seen.at, seen.price) for seen in observations.read(QUOTES, body)] == [
        (AT - timedelta(microseconds=1), prices[1]),
        (AT, prices[0]),
    ]


def test_a_closed_candle_is_its_close_at_the_end_of_its_bucket():
    [seen] = observations.read(CANDLES, candles(1, close=[Decimal("7.5")]))
    assert (seen.at, seen.price, seen.series) == (AT + timedelta(hours=1), Decimal("7.5"), "s#BTC#USD")


def test_of_a_window_of_candles_only_the_latest_three_closed_ones_of_each_pair_count():
    body = candles(10, base=["BTC", "ETH"] * 5, is_closed=[True] * 9 + [False])
    read = [(seen.base, int(seen.price)) for seen in observations.read(CANDLES, body)]
    assert read == [("ETH", 3), ("BTC", 4), ("ETH", 5), ("BTC", 6), ("ETH", 7), ("BTC", 8)]


def test_a_table_without_prices_has_no_observations():
    key = TrustedKey.parse(str(QUOTES).replace("trusted/quotes/", "trusted/assets/"))
    assert observations.read(key, b"anything") == []


@pytest.mark.parametrize("body", [b"", b"PAR1", b"<html>", parquet(price=[1]), parquet(observed_at=[AT])])
def test_a_file_that_transform_did_not_write_is_unreadable(body: bytes):
    with pytest.raises(Unreadable, match="unreadable: trusted/quotes"):
        observations.read(QUOTES, body)


def test_candles_of_an_unknown_interval_are_unreadable():
    key = TrustedKey.parse(str(CANDLES).replace("interval=1h", "interval=7h"))
    with pytest.raises(Unreadable):
        observations.read(key, candles(1))
