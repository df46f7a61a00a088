"""A gzipped body as blocks of lines, unpacked into one buffer that is used again for each."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from zlib_ng import gzip_ng, zlib_ng

from transform.model import Unreadable

# Small enough to stay in the processor's cache while it is read, large enough to be worth the calls.
BLOCK_BYTES: Final = 2 << 20
PADDING: Final = 64  # bytes before and after a block that may be read, whatever is in them
_GZIP_SIZE_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class Block:
    """Lines in ``buffer`` from ``start`` to ``end``, each with its newline, until the next block is made."""

    buffer: bytearray
    start: int
    end: int

    @classmethod
    def of(cls, lines: bytes) -> "Block":
        """A block of its own."""
        padding = bytes(PADDING)
        return cls(bytearray(padding + lines + padding), PADDING, PADDING + len(lines))

    def lines(self) -> list[bytes]:
        """Those that are not blank."""
        return [
            line
            for line in bytes(memoryview(self.buffer)[self.start : self.end]).split(b"\n")
            if line.strip()
        ]

    def count(self) -> int:
        """How many lines, blank ones included."""
        return self.buffer.count(b"\n", self.start, self.end)

    def first_line(self) -> bytes:
        """Without its newline."""
        return bytes(memoryview(self.buffer)[self.start : self.buffer.index(b"\n", self.start)])

    def halves(self) -> "tuple[Block, Block] | None":
        """Two blocks, cut where a line in the middle ends; None where there is no such line."""
        middle = self.buffer.find(b"\n", (self.start + self.end) // 2, self.end) + 1
        if middle in (0, self.end):
            return None
        return Block(self.buffer, self.start, middle), Block(self.buffer, middle, self.end)


def line_blocks(body: bytes, max_bytes: int) -> Iterator[Block]:
    """The lines of a gzipped ``body``, so that a large one is never in memory whole.

    ``Unreadable`` if ``body`` is not exactly one gzip stream of at most ``max_bytes``, which may be found out
    at the end only, after all but the last block.
    """
    if not body:
        raise Unreadable("empty_object")
    buffer, size, rest = bytearray(BLOCK_BYTES + 2 * PADDING), 0, 0
    try:
        with gzip_ng.GzipNGFile(fileobj=io.BytesIO(body)) as stream:  # type: ignore[no-untyped-call]
            while count := stream.readinto(memoryview(buffer)[PADDING + rest : -PADDING]):
                size += count
                if size > max_bytes:
                    raise Unreadable("too_large", f"more than {max_bytes} bytes unpacked")
                end = PADDING + rest + count
                cut = buffer.rfind(b"\n", PADDING + rest, end) + 1
                if cut:
                    yield Block(buffer, PADDING, cut)
                    rest = end - cut
                    buffer[PADDING : PADDING + rest] = buffer[cut:end]
                else:
                    rest += count
                if rest > len(buffer) // 2:  # a line of more than a block
                    buffer = buffer + bytes(len(buffer))
    except (OSError, EOFError, zlib_ng.error) as error:  # type: ignore[misc]  # which its stub has as a value
        raise Unreadable("bad_gzip", error) from None
    # Each gzip stream is checked, but one is read after the other: a body is exactly one.
    if size % (1 << 8 * _GZIP_SIZE_BYTES) != int.from_bytes(body[-_GZIP_SIZE_BYTES:], "little"):
        raise Unreadable("bad_gzip", "bytes after the stream")
    if rest:
        yield Block.of(bytes(memoryview(buffer)[PADDING : PADDING + rest]) + b"\n")
