"""Recorded answers of every source, and the raw objects that they were in.

The bodies are those of the project's sheet of sources; the invented ones of Alternative.me have the
shape of its own documentation.
"""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.unit.transform.conftest import read_bytes
from transform.model import ParsedObject

FOLDER: Final = Path(__file__).parent
RECEIVED: Final = "2026-11-20T00:30:30+00:00"


@dataclass(frozen=True)
class Sample:
    """One body in ``samples/``, and the slot of the request that it answers."""

    source: str
    dataset: str
    slot: str
    file: str
    ext: str = "json"

    def __str__(self) -> str:
        return self.file

    @property
    def body(self) -> bytes:
        return (FOLDER / "samples" / self.file).read_bytes()

    @property
    def golden(self) -> Path:
        return FOLDER / "golden" / f"{self.file.rpartition('.')[0]}.jsonl"

    @property
    def key(self) -> str:
        slot = f"20261120T003000Z.{self.slot}.{self.ext}.gz"
        return f"raw/source={self.source}/dataset={self.dataset}/dt=2026-11-20/{slot}"

    def read(self, body: bytes | None = None, **metadata: str) -> ParsedObject:
        """What becomes of the body, or of another in its place."""
        given = self.body if body is None else body
        return read_bytes(self.key, gzip.compress(given), **{"fetched_at": RECEIVED, **metadata})

    def changed(self, *path: Any, to: Any) -> bytes:
        """The body with another value at ``path``; ``...`` leaves it out."""
        document = json.loads(self.body)
        inner = document
        for step in path[:-1]:
            inner = inner[step]
        if to is ...:
            del inner[path[-1]]
        else:
            inner[path[-1]] = to
        return json.dumps(document).encode("utf-8", "surrogatepass")


def codes(parsed: ParsedObject) -> list[tuple[str, int | None, str | None]]:
    """Each rejection's code, row and field."""
    return [(rejection.code, rejection.row, rejection.field) for rejection in parsed.rejections]


def rows(parsed: ParsedObject) -> list[dict[str, Any]]:
    """The trusted rows of all parts."""
    return [row for part in parsed.slices for row in part.rows.to_pylist()]


GECKO_CHART: Final = ("coingecko", "price_points", "bitcoin-usd.1h.24")
SAMPLES: Final = {
    sample.file: sample
    for sample in [
        Sample("alternative_me", "sentiment", "fng", "alternative_me_fng.json"),
        Sample("binance", "assets", "exchange_info", "binance_exchange_info.json"),
        Sample("binance", "candles", "BTC-USDT.1h.3", "binance_klines_1h.json"),
        Sample("binance", "candles", "SHIB-USDT.1d.1", "binance_klines_1d_shib.json"),
        Sample("binance", "quotes", "tickers.usdt.p1", "binance_ticker_24hr_full.json"),
        Sample("binance", "quotes", "tickers.usdt.p1", "binance_ticker_24hr_mini_array.json"),
        Sample("binance", "trade_history", "BNB-BTC.28457.2", "binance_historical_trades.json"),
        Sample("coinbase", "trade_history", "BTC-USD.73.2", "coinbase_trades.json"),
        Sample("binance_archive", "candles", "BTC-USDT.1h.2024-12-31", "BTCUSDT-1h-2024-12-31.zip", "zip"),
        Sample("binance_archive", "candles", "BTC-USDT.1h.2026-11-19", "BTCUSDT-1h-2026-11-19.zip", "zip"),
        Sample("coinbase", "assets", "products", "coinbase_products.json"),
        Sample("coinbase", "candles", "BTC-USD.1h.3", "coinbase_candles_3600.json"),
        Sample("coinbase", "candles", "SHIB-USD.1m.5", "coinbase_candles_60_gap.json"),
        Sample("coinbase", "quotes", "BTC-USD", "coinbase_ticker.json"),
        Sample("coinbase", "stats", "BTC-USD", "coinbase_stats.json"),
        Sample("coincap", "price_points", "bitcoin-usd.1d.2", "coincap_v2_asset_history_d1.json"),
        Sample("coincap", "price_points", "bitcoin-usd.1d.2", "coincap_v3_asset_history_d1.json"),
        Sample("coincap", "quotes", "assets.usd.p1", "coincap_v2_assets.json"),
        Sample("coincap", "quotes", "assets.usd.p1", "coincap_v3_assets.json"),
        Sample("coincap", "quotes", "assets.usd.p1", "coincap_v2_asset_bitcoin.json"),
        Sample("coincap", "quotes", "assets.usd.p1", "coincap_v3_asset_bitcoin.json"),
        Sample("coincap", "rates", "rates", "coincap_v2_rates.json"),
        Sample("coincap", "rates", "rates", "coincap_v3_rates.json"),
        Sample("coindesk", "bpi", "bpi", "coindesk_bpi.json"),
        Sample("coindesk", "candles", "BTC-USD.1d.1", "coindesk_spot_days.json"),
        Sample("coindesk", "quotes", "ticks.usd.p1", "coindesk_latest_tick.json"),
        Sample("coingecko", "assets", "coins", "coingecko_coins_list.json"),
        Sample("coingecko", "ohlc", "bitcoin-usd.1d", "coingecko_ohlc_days1_30min.json"),
        Sample("coingecko", "ohlc", "bitcoin-usd.365d", "coingecko_ohlc_days365_4day.json"),
        Sample(*GECKO_CHART, "coingecko_market_chart_days1_5min.json"),
        Sample(*GECKO_CHART, "coingecko_market_chart_days7_hourly.json"),
        Sample(*GECKO_CHART, "coingecko_market_chart_days365_daily.json"),
        Sample(*GECKO_CHART, "coingecko_market_chart_range.json"),
        Sample("coingecko", "prices", "prices.usd.p1", "coingecko_simple_price.json"),
        Sample("coingecko", "quotes", "markets.usd.p1", "coingecko_coins_markets.json"),
    ]
}
