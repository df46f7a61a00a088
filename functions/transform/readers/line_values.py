"""Values of many lines at once, from where each starts and ends in a buffer to a column.

Bytes are read eight at a time, as NumPy's unsigned numbers: a word has the first byte in its lowest bits.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coinlake.arrow import from_numpy
from coinlake.ranks import Numbers
from coinlake.tables import LIVE_PRICE, LIVE_VOLUME, TIMESTAMP
from transform.columns import times
from transform.columns.numbers import NARROW_PRICE
from transform.readers.line_blocks import PADDING

TEXT: Final = pa.string()
INTEGER: Final = pa.int64()
BOOLEAN: Final = pa.bool_()

WORD: Final = 8  # bytes
_SCALE: Final = LIVE_PRICE.scale  # as many decimals as a word has digits
_MAX_DIGITS: Final = 2 * WORD  # of a whole number
_SEVEN: Final = WORD - 1  # digits of a word that has the point, too
_MAX_PRICE: Final = np.uint64(10 ** (LIVE_PRICE.precision - _SCALE))
_MAX_TEXT_WORDS: Final = PADDING // WORD - 1
_FIRST: Final = np.array([(1 << 8 * count) - 1 for count in range(WORD + 1)], np.uint64)  # bytes of a word
LAST: Final = ~_FIRST[::-1]
# Of a text of so many bytes: those of its words, and of the byte that follows.
_TEXT_MASKS: Final = _FIRST[
    np.clip(np.arange(1, PADDING)[:, None] - WORD * np.arange(_MAX_TEXT_WORDS), 0, WORD)
]
_MIN_BY_DIGITS: Final = np.array([0, 0, *(10**digits for digits in range(1, _MAX_DIGITS))], np.uint64)
_EVERY_FOURTH: Final = np.uint64(0x000000FF000000FF)
_LOW_HALF: Final = np.uint64(0xFFFFFFFF)


def _in_each_byte(number: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([number]) * WORD, "little"))


_ZEROS, _POINTS, _ONES, _HIGH_BITS = map(_in_each_byte, (ord("0"), ord("."), 1, 0x80))
_ABOVE_NINE: Final = _in_each_byte(0x80 - 10)  # added to ten or more it gives the high bit


class Refused(Exception):
    """The lines are not to be read so."""


def require(condition: Any) -> None:
    """``Refused`` unless the condition holds."""
    if not condition:
        raise Refused


def words_at(buffer: bytearray, positions: Numbers, count: int = 1) -> Numbers:
    """So many words at each position of the buffer, as a last dimension."""
    size = WORD * count
    every: Numbers = np.ndarray((len(buffer) - size + 1,), f"V{size}", buffer, strides=(1,))
    words: Numbers = every[positions].view(np.uint64)
    return words.reshape(*positions.shape, count)


def _number(words: Numbers, kept: Numbers | np.uint64) -> Numbers:
    """The numbers that words spell with those of their bytes that ``kept`` has; ``Refused`` unless digits."""
    digits = words ^ _ZEROS
    digits &= kept
    require(not ((digits + _ABOVE_NINE | digits) & _HIGH_BITS).any())
    pairs = digits * np.uint64(10)
    digits >>= np.uint64(8)
    pairs += digits
    np.right_shift(pairs, np.uint64(16), digits)
    pairs &= _EVERY_FOURTH
    pairs *= np.uint64(10**6 << 32 | 100)
    digits &= _EVERY_FOURTH
    digits *= np.uint64(10**4 << 32 | 1)
    pairs += digits
    pairs >>= np.uint64(32)
    return pairs


def _whole_numbers(buffer: bytearray, starts: Numbers, ends: Numbers) -> Iterator[pa.Array]:
    lengths = ends - starts
    require(lengths.min() > 0 and lengths.max() <= _MAX_DIGITS)
    words = words_at(buffer, ends - 2 * WORD, 2)
    numbers = _number(words[..., 1], LAST.take(lengths, mode="clip"))
    if lengths.max() > WORD:
        numbers += _number(words[..., 0], LAST.take(lengths - WORD, mode="clip")) * np.uint64(10**WORD)
    require((numbers >= _MIN_BY_DIGITS[lengths]).all())  # JSON allows no zero before a number
    return map(from_numpy, numbers.view(np.int64))


def _decimals(buffer: bytearray, starts: Numbers, ends: Numbers) -> tuple[Numbers, Numbers]:
    """Whole numbers, of at most 15 digits, and 10⁻⁸ths."""
    words, decimals, kept = words_at(buffer, ends - 3 * WORD, 3), _SCALE, LAST[WORD]
    if (words[..., 1] >> np.uint64(56) != ord(".")).any():
        decimals = _count_decimals(words)
        kept = _FIRST.take(decimals, mode="clip")
        words = words_at(buffer, ends + (_SCALE - decimals - 3 * WORD), 3)  # the point where it is in others
    lengths = ends - starts - (decimals + 1)
    require(lengths.min() > 0 and lengths.max() <= _SEVEN + WORD)
    whole = _number(words[..., 1] << np.uint64(8), LAST.take(np.minimum(lengths, _SEVEN)))
    for row in np.flatnonzero(lengths.max(axis=1) > _SEVEN):
        upper = _number(words[row, :, 0], LAST.take(lengths[row] - _SEVEN, mode="clip"))
        whole[row] += upper * np.uint64(10**_SEVEN)
    return whole, _number(words[..., 2], kept)


def _count_decimals(words: Numbers) -> Numbers:
    """How many bytes follow the first point among the last nine of each words; -1 without one."""
    last = words[..., 2] ^ _POINTS
    points = (last - _ONES) & ~last & _HIGH_BITS  # the lowest of them is a point for certain
    place = np.bitwise_count((points & (~points + np.uint64(1))) - np.uint64(1)).astype(np.int64) >> 3
    ninth = words[..., 1] >> np.uint64(56) == ord(".")
    return np.where(ninth, _SCALE, _SEVEN - place)


def _prices(buffer: bytearray, starts: Numbers, ends: Numbers) -> Iterator[pa.Array]:
    whole, fraction = _decimals(buffer, starts, ends)
    require((whole < _MAX_PRICE).all())
    whole *= np.uint64(10**_SCALE)
    whole += fraction
    return (pa.Array.from_buffers(NARROW_PRICE, len(row), [None, pa.py_buffer(row)]) for row in whole)


def _volumes(buffer: bytearray, starts: Numbers, ends: Numbers) -> Iterator[pa.Array]:
    """In 128 bits, of which the upper half of the product has few."""
    whole, fraction = _decimals(buffer, starts, ends)
    fraction += (whole & _LOW_HALF) * np.uint64(10**_SCALE)
    upper = (whole >> np.uint64(32)) * np.uint64(10**_SCALE) + (fraction >> np.uint64(32))
    halves = np.stack([upper << np.uint64(32) | fraction & _LOW_HALF, upper >> np.uint64(32)], axis=2)
    return (pa.Array.from_buffers(LIVE_VOLUME, len(row), [None, pa.py_buffer(row)]) for row in halves)


def _booleans(buffer: bytearray, starts: Numbers, ends: Numbers) -> Iterator[pa.Array]:
    words = words_at(buffer, starts)[..., 0] & _FIRST.take(ends - starts, mode="clip")
    true, false = (words == int.from_bytes(text, "little") for text in (b"true", b"false"))
    require((true | false).all())
    return map(pa.array, true)


def texts(buffer: bytearray, starts: Numbers, ends: Numbers) -> Iterator[pa.DictionaryArray]:
    """With the byte that follows, which no text has, so that one of fewer bytes is another word."""
    for start, length in zip(starts, ends - starts, strict=True):
        count = int(length.max()) // WORD + 1
        require(count <= _MAX_TEXT_WORDS)
        words = words_at(buffer, start, count)
        words &= _TEXT_MASKS[:, :count].take(length, axis=0)
        fixed = pa.Array.from_buffers(pa.binary(WORD * count), len(start), [None, pa.py_buffer(words)])
        encoded = fixed.dictionary_encode()
        distinct = pc.ascii_rtrim(encoded.dictionary.cast(pa.binary()).cast(TEXT), "\0")
        words_alone = pc.binary_slice(distinct.cast(pa.binary()), 0, -1).cast(TEXT)
        yield pa.DictionaryArray.from_arrays(encoded.indices, words_alone)


def _times(buffer: bytearray, starts: Numbers, ends: Numbers) -> Iterator[pa.Array]:
    for column in texts(buffer, starts, ends):
        try:
            distinct = times.parse_iso_texts(column.dictionary)
        except (ValueError, TypeError):
            raise Refused from None
        yield distinct.take(column.indices)


READERS: Final[Mapping[pa.DataType, Callable[[bytearray, Numbers, Numbers], Iterator[pa.Array]]]] = {
    TEXT: texts,
    INTEGER: _whole_numbers,
    BOOLEAN: _booleans,
    TIMESTAMP: _times,
    LIVE_PRICE: _prices,
    LIVE_VOLUME: _volumes,
}
