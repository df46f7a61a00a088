"""Binance's public archive: a zip of one CSV of klines, a day's or a month's, becomes ``candles``.

The CSV has the twelve values of a REST kline, no header, and no quotes; its times are milliseconds,
from 2025 on microseconds. A zip holds one member, named as the zip. The rows are Binance's, as those of its
REST API. Source: binance/binance-public-data, README.md.
"""

from collections.abc import Mapping
from typing import Final

from transform.model import RawDocument, Reader
from transform.parsers.binance.rest import KLINE_FIELDS, market_klines
from transform.readers.archives import ArchiveReader
from transform.tables.markets import CandleSeries


def member(document: RawDocument) -> str:
    """The file of the market, interval and period that the slot names."""
    parts = document.key.slot.parts
    series = CandleSeries.from_slot(parts)
    return f"{series.base}{series.quote}-{series.interval}-{parts[-1]}.csv"


DATASETS: Final[Mapping[str, Reader]] = {"candles": ArchiveReader(member, KLINE_FIELDS, market_klines)}
