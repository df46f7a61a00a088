"""Stored bytes to JSON, trusting nothing: capped, shallow, exact, free of repeated keys.

Every number becomes a Decimal, integers too: exact, quick, and without the limit of 4,300
digits past which Python refuses to read an integer.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any, Final

from zlib_ng import zlib_ng

from transform.columns.numbers import parse_decimal
from transform.model import RepeatedKeys, Unreadable

MAX_DEPTH: Final = 64
# Two bytes of JSON can be a row, and a rejected row 900 bytes of memory and 30 µs. This many fit
# easily, and the largest response, 250 coins, has 7,000 values.
MAX_VALUES: Final = 250_000
_GZIP: Final = 16 + zlib_ng.MAX_WBITS
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b'[]{}"'))
_STEP: Final = [(byte in b"[{") - (byte in b"]}") for byte in range(256)]


def decode_gzipped_json(body: bytes, max_bytes: int, max_values: int | None = None) -> Any:
    """The JSON document in a gzipped ``body``; ``Unreadable`` says what is wrong with it."""
    return decode_json(gunzip(body, max_bytes), max_values)


def decode_json(body: bytes, max_values: int | None = None) -> Any:
    """The JSON document that ``body`` is; ``Unreadable`` says what is wrong with it."""
    text = decode_utf8(body)
    cap = max_values or MAX_VALUES
    if body.count(b",") >= cap:
        raise Unreadable("too_large", f"more than {cap} values")
    if nesting_depth(body) > MAX_DEPTH:
        raise Unreadable("too_deep", text[:MAX_DEPTH])
    try:
        return _load(text)
    except RecursionError:
        raise Unreadable("too_deep", text[:MAX_DEPTH]) from None
    except ValueError:
        raise Unreadable("not_json", text[:MAX_DEPTH]) from None


def nesting_depth(body: bytes) -> int:
    """How deep the brackets of a JSON document nest, those in strings left out, without recursing."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = body.translate(None, _NOT_BRACKETS).replace(b'""', b"")  # what was a string without brackets
    outside = b"".join(brackets.split(b'"')[::2])
    return max(accumulate(map(_STEP.__getitem__, outside)), default=0)


def gunzip(body: bytes, max_bytes: int) -> bytes:
    """The bytes in a gzipped ``body``, at most ``max_bytes``; ``Unreadable`` says what is wrong."""
    if not body:
        raise Unreadable("empty_object")
    stream = zlib_ng.decompressobj(_GZIP)
    try:
        text = stream.decompress(body, max_bytes + 1)
    except zlib_ng.error as error:  # type: ignore[misc]  # which its stub has as a value
        raise Unreadable("bad_gzip", error) from None
    if len(text) > max_bytes:
        raise Unreadable("too_large", f"more than {max_bytes} bytes unpacked")
    if not stream.eof or stream.unused_data:
        raise Unreadable("bad_gzip", "bytes after the stream" if stream.eof else "the stream ends early")
    return text


def decode_utf8(body: bytes) -> str:
    """UTF-8 that is not empty; ``Unreadable`` if it is."""
    if not body.strip():
        raise Unreadable("empty")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("bad_encoding", body[error.start : error.start + 8].hex()) from None


def _load(text: str) -> Any:
    try:
        return _json(text, Decimal)
    except InvalidOperation:
        return _json(text, parse_decimal)


def _json(text: str, number: Callable[[str], Decimal]) -> Any:
    return json.loads(
        text, parse_float=number, parse_int=Decimal, parse_constant=Decimal, object_pairs_hook=_object
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    decoded = dict(pairs)
    return decoded if len(decoded) == len(pairs) else RepeatedKeys(decoded)
