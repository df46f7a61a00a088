"""Which parser reads which raw object. To add a source, add a file here and a line below."""

from typing import Final

from transform.parsed import Parser
from transform.parsers import coinbase, coingecko

PARSERS: Final = {
    ("coingecko", "quotes"): Parser(coingecko.parse, coingecko.error),
    ("coinbase", "candles"): Parser(coinbase.parse, coinbase.error),
}
