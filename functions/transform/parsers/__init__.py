"""Which parser reads which raw object. To add a source, add a file here and a line below."""

from collections.abc import MutableMapping
from typing import Final

from transform.documents import Documents, named
from transform.lines import Lines
from transform.pages import Pages
from transform.parsed import Parser
from transform.parsers import (
    alternative_me,
    binance,
    binance_archive,
    binance_rest,
    binance_streams,
    coinbase,
    coinbase_products,
    coinbase_streams,
    coincap,
    coindesk,
    coindesk_bpi,
    coingecko,
    coingecko_charts,
    coingecko_prices,
    stream_gaps,
    trade_history,
)

PARSERS: Final[MutableMapping[tuple[str, str], Parser]] = {
    ("alternative_me", "sentiment"): Documents(
        alternative_me.parse, alternative_me.error, alternative_me.rows, alternative_me.KNOWN
    ),
    ("binance", "assets"): Documents(
        binance_rest.markets,
        binance_rest.error,
        binance_rest.info_rows,
        binance_rest.INFO_KNOWN,
        binance_rest.MOST_INFO_VALUES,
    ),
    ("binance", "book_tickers"): Lines(binance_streams.BookTickers()),
    ("binance", "candles"): Pages(binance_rest.klines, binance_rest.error),
    ("binance", "quotes"): Documents(binance_rest.tickers, binance_rest.error, binance_rest.ticker_rows),
    ("binance", "klines"): Lines(binance_streams.Klines()),
    ("binance", "stream_gaps"): Lines(stream_gaps.StreamGaps(), fast=False),
    ("binance", "tickers"): Lines(binance.MiniTickers()),
    ("binance", "trade_history"): Pages(trade_history.binance, binance_rest.error),
    ("binance", "trades"): Lines(binance_streams.Trades()),
    ("binance_archive", "candles"): binance_archive.Archives(),
    ("coinbase", "assets"): Pages(coinbase_products.products, coinbase.error),
    ("coinbase", "candles"): Pages(coinbase.parse, coinbase.error),
    ("coinbase", "quotes"): Documents(coinbase_products.ticker, coinbase.error, coinbase_products.single),
    ("coinbase", "stream_gaps"): Lines(stream_gaps.StreamGaps(), fast=False),
    ("coinbase", "stats"): Documents(coinbase_products.stats, coinbase.error, coinbase_products.single),
    ("coinbase", "tickers"): Lines(coinbase_streams.Tickers()),
    ("coinbase", "trade_history"): Pages(trade_history.coinbase, coinbase.error),
    ("coinbase", "trades"): Lines(coinbase_streams.Matches()),
    ("coincap", "price_points"): Documents(coincap.history, coincap.error, coincap.data, coincap.KNOWN),
    ("coincap", "quotes"): Documents(coincap.assets, coincap.error, coincap.data, coincap.KNOWN),
    ("coincap", "rates"): Documents(coincap.rates, coincap.error, coincap.data, coincap.KNOWN),
    ("coindesk", "bpi"): Documents(
        coindesk_bpi.parse, coindesk_bpi.error, coindesk_bpi.rows, coindesk_bpi.KNOWN
    ),
    ("coindesk", "candles"): Documents(
        coindesk.history, coindesk.error, coindesk.bucket_rows, coindesk.KNOWN
    ),
    ("coindesk", "quotes"): Documents(coindesk.ticks, coindesk.error, coindesk.tick_rows, coindesk.KNOWN),
    ("coingecko", "assets"): Pages(coingecko_prices.coins, coingecko.error),
    ("coingecko", "ohlc"): Pages(coingecko_charts.bars, coingecko.error),
    ("coingecko", "price_points"): Documents(
        coingecko_charts.points, coingecko.error, coingecko_charts.merged, coingecko_charts.KNOWN
    ),
    ("coingecko", "prices"): Documents(coingecko_prices.prices, coingecko.error, named),
    ("coingecko", "quotes"): Pages(coingecko.parse, coingecko.error),
}
