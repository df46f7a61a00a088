"""Which parser reads which raw object. To add a source, add a file here and a line below."""

from collections.abc import MutableMapping
from typing import Final

from transform.lines import Lines
from transform.pages import Pages
from transform.parsed import Parser
from transform.parsers import binance, coinbase, coingecko

PARSERS: Final[MutableMapping[tuple[str, str], Parser]] = {
    ("binance", "tickers"): Lines(binance.MiniTickers()),
    ("coinbase", "candles"): Pages(coinbase.parse, coinbase.error),
    ("coingecko", "quotes"): Pages(coingecko.parse, coingecko.error),
}
