"""Binance's public archive: a zip of one CSV of klines, a day's or a month's, becomes ``candles``.

The CSV has the twelve values of a REST kline, no header, and no quotes; its times are milliseconds,
from 2025 on microseconds. A zip holds one member, named as the zip. Source: binance/binance-public-data,
README.md.
"""

import struct
import zipfile
import zlib
from dataclasses import replace
from io import BytesIO
from typing import ClassVar, Final

import pyarrow as pa
from pyarrow import csv

from coinlake.records import Rejection
from transform.columns import Sheet
from transform.markets import Market
from transform.parsed import Answer, Parsed, Unreadable
from transform.parsers.binance_rest import KLINE, market_klines
from transform.payload import MAX_VALUES, decoded_text, unpacked
from transform.rows import unlisted_columns

_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED: Final = 1  # bit of a member's flags
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_MOST_ENTRIES: Final = 16  # the directory is read before its members can be counted
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OSError, OverflowError, struct.error),
)


class Archives:
    """How klines are read from zips; the rows are Binance's, as those of its REST API."""

    ext: ClassVar[str] = "zip"

    def read(self, body: bytes, answer: Answer, max_bytes: int) -> Parsed:
        """The klines of the market, interval and period that the slot names."""
        market = Market.of(answer.key.slot.parts)
        name = f"{market.base}{market.quote}-{market.interval}-{answer.key.slot.parts[-1]}.csv"
        text = member(unpacked(body, max_bytes), name, max_bytes)
        decoded_text(text)
        if text.count(b"\n") > MAX_VALUES:
            raise Unreadable("too_large", f"more than {MAX_VALUES} rows")
        table, faults = _columns(text)
        count = table.num_rows + len(faults)
        sheet = Sheet([number for number in range(count) if number not in faults], faults, written=True)
        values = {column: table[place].combine_chunks() for place, column in enumerate(KLINE)}
        notes = unlisted_columns([table.column_names], len(KLINE))
        return market_klines(replace(answer, rows=range(count)), sheet, values, notes)


def member(body: bytes, name: str, max_bytes: int) -> bytes:
    """The only member of a zip; ``Unreadable`` if it is not the one expected, or not intact."""
    if body.count(_DIRECTORY_ENTRY) > _MOST_ENTRIES:
        raise Unreadable("bad_shape", f"more than {_MOST_ENTRIES} members", "zip")
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            return _only(archive, name, max_bytes)
    except _BROKEN as error:
        raise Unreadable("bad_zip", error) from None


def _only(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    names = [info.filename for info in archive.infolist()]
    if names != [name]:
        raise Unreadable("bad_shape", names, "zip")
    info = archive.getinfo(name)
    if info.compress_type not in _METHODS or info.flag_bits & _ENCRYPTED:
        raise Unreadable("bad_zip", "encrypted, or compressed in a way that Binance does not")
    if info.file_size > max_bytes:
        raise Unreadable("too_large", f"more than {max_bytes} bytes unpacked")
    return archive.read(info)


def _columns(text: bytes) -> tuple[pa.Table, dict[int, Rejection]]:
    """The lines as columns of texts, as many as the first line has, and the lines that have not so many."""
    width = max(text.lstrip().split(b"\n", 1)[0].count(b",") + 1, len(KLINE))
    faults: dict[int, Rejection] = {}

    def skip(line: csv.InvalidRow) -> str:
        faults[line.number - 1] = Rejection.of("bad_shape", line.number - 1, value=line.text)
        return "skip"

    names = [str(place) for place in range(width)]
    table = csv.read_csv(
        pa.BufferReader(text),
        csv.ReadOptions(use_threads=False, column_names=names, block_size=len(text) + 1),
        csv.ParseOptions(quote_char=False, invalid_row_handler=skip),
        csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), null_values=[]),
    )
    return table, faults
