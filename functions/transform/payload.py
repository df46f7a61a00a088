"""Stored bytes to JSON, trusting nothing: capped, shallow, exact, free of repeated keys.

Every number becomes a Decimal, integers too: exact, quick, and without the limit of 4,300
digits past which Python refuses to read an integer.
"""

import json
import zlib
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any, Final

from transform.numbers import as_decimal
from transform.parsed import Unreadable

MAX_DEPTH: Final = 64
# Two bytes of JSON can be a row, and a rejected row 900 bytes of memory and 30 µs. This many fit
# easily, and the largest answer that we ask for, 250 coins, has 7,000 values.
MAX_VALUES: Final = 250_000
_GZIP: Final = 16 + zlib.MAX_WBITS
_NOT_MARKS: Final = bytes(set(range(256)) - set(b'[]{}"'))
_STEP: Final = [(byte in b"[{") - (byte in b"]}") for byte in range(256)]


class Repeated(dict[str, Any]):
    """A JSON object that names a key twice, so that its values cannot be trusted."""


def decoded(body: bytes, max_bytes: int, max_values: int | None = None) -> Any:
    """The JSON document in a gzipped ``body``; ``Unreadable`` says what is wrong with it."""
    return document(unpacked(body, max_bytes), max_values)


def document(body: bytes, max_values: int | None = None) -> Any:
    """The JSON document that ``body`` is; ``Unreadable`` says what is wrong with it."""
    text = decoded_text(body)
    cap = max_values or MAX_VALUES
    if body.count(b",") >= cap:
        raise Unreadable("too_large", f"more than {cap} values")
    if depth(body) > MAX_DEPTH:
        raise Unreadable("too_deep", text[:MAX_DEPTH])
    try:
        return _loaded(text)
    except RecursionError:
        raise Unreadable("too_deep", text[:MAX_DEPTH]) from None
    except ValueError:
        raise Unreadable("not_json", text[:MAX_DEPTH]) from None


def depth(body: bytes) -> int:
    """How deep the brackets of a JSON document nest, those in strings left out, without recursing."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(None, _NOT_MARKS).replace(b'""', b"")  # what was a string without brackets
    outside = b"".join(marks.split(b'"')[::2])
    return max(accumulate(map(_STEP.__getitem__, outside)), default=0)


def unpacked(body: bytes, max_bytes: int) -> bytes:
    """The bytes in a gzipped ``body``, at most ``max_bytes``; ``Unreadable`` says what is wrong."""
    if not body:
        raise Unreadable("empty_object")
    stream = zlib.decompressobj(_GZIP)
    try:
        text = stream.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise Unreadable("bad_gzip", error) from None
    if len(text) > max_bytes:
        raise Unreadable("too_large", f"more than {max_bytes} bytes unpacked")
    if not stream.eof or stream.unused_data:
        raise Unreadable("bad_gzip", "bytes after the stream" if stream.eof else "the stream ends early")
    return text


def decoded_text(body: bytes) -> str:
    """UTF-8 that is not empty; ``Unreadable`` if it is."""
    if not body.strip():
        raise Unreadable("empty")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("bad_encoding", body[error.start : error.start + 8].hex()) from None


def _loaded(text: str) -> Any:
    try:
        return _json(text, Decimal)
    except InvalidOperation:
        return _json(text, as_decimal)


def _json(text: str, number: Callable[[str], Decimal]) -> Any:
    return json.loads(
        text, parse_float=number, parse_int=Decimal, parse_constant=Decimal, object_pairs_hook=_object
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeated(found)
