"""Reading an answer's body within a byte cap, as received and as unpacked."""

import zlib
from collections.abc import Iterator
from typing import Any, Final

from coinlake.errors import SourceRefused, SourceUnavailable, TooLarge

CHUNK_BYTES: Final = 1 << 16
_GZIP: Final = 16 + zlib.MAX_WBITS


def read(raw: Any, max_bytes: int) -> bytes:
    """The unpacked body of a urllib3 response.

    Raises ``TooLarge`` before holding more than ``max_bytes`` and a chunk, ``SourceUnavailable``
    for a cut, corrupt or overlong gzip stream, ``SourceRefused`` for an encoding that was not asked for.
    """
    encoding = raw.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        return _joined(_received(raw, max_bytes), max_bytes)
    if encoding in ("gzip", "x-gzip"):
        return _joined(_unzipped(_received(raw, max_bytes), max_bytes), max_bytes)
    raise SourceRefused(f"the answer is encoded as {encoding[:20]!r}; only gzip was asked for")


def _received(raw: Any, max_bytes: int) -> Iterator[bytes]:
    """The bytes on the wire, each as soon as it is there (``read1`` never waits for a full chunk)."""
    size = 0
    while chunk := raw.read1(CHUNK_BYTES, decode_content=False):
        size += len(chunk)
        _check(size, max_bytes)
        yield chunk


def _unzipped(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """Never unpacks more than the cap and one byte, however small the bomb is packed."""
    unzip = zlib.decompressobj(_GZIP)
    left = max_bytes + 1
    try:
        for chunk in chunks:
            unpacked = unzip.decompress(chunk, left)
            left -= len(unpacked)
            yield unpacked
    except zlib.error:
        raise SourceUnavailable("the answer's gzip stream is corrupt") from None
    if not unzip.eof or unzip.unused_data:
        raise SourceUnavailable("the answer's gzip stream is not one whole")


def _joined(chunks: Iterator[bytes], max_bytes: int) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        _check(len(body), max_bytes)
    return bytes(body)


def _check(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(f"the answer is over its cap of {max_bytes} bytes")
