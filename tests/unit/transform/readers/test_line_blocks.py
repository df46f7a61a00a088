"""A gzipped body in blocks of whole lines, whatever its lines' lengths."""

import gzip
import random

import pytest

from transform.model import Unreadable
from transform.readers.line_blocks import BLOCK_BYTES, Block, line_blocks


def lines_of(blocks):
    return [line for block in blocks for line in block.lines()]


@pytest.mark.parametrize("longest", [10, 1 << 16, BLOCK_BYTES, 3 * BLOCK_BYTES])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_lines_longer_and_shorter_than_a_block_come_whole_and_in_order(longest, end):
    rng, lines, size = random.Random(1), [], 0
    while size < 3 * BLOCK_BYTES:
        lines.append(b"%x" % rng.getrandbits(64) * (1 + rng.randrange(longest) // 16))
        size += len(lines[-1])
    body = gzip.compress(b"\n".join(lines) + end, 1)
    assert lines_of(line_blocks(body, 1 << 30)) == lines


def test_a_block_is_halved_where_a_line_ends():
    halves = Block.of(b"1\n2\n3\n4\n").halves()
    assert halves is not None
    assert [half.lines() for half in halves] == [[b"1", b"2", b"3"], [b"4"]]
    assert [half.first_line() for half in halves] == [b"1", b"4"]
    assert Block.of(b"1\n").halves() is None


@pytest.mark.parametrize("place", range(10, 1000, 61))
def test_a_damaged_body_is_refused_not_guessed(place):
    noise = bytes(random.Random(2).randbytes(2000))
    body = bytearray(gzip.compress(noise.hex().encode() + b"\n"))
    body[place] ^= 0x55
    with pytest.raises(Unreadable, match="bad_gzip"):
        lines_of(line_blocks(bytes(body), 1 << 20))
