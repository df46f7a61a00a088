"""One file of the spool: its name, its first line, its lines; while it is written and after a restart."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Any, Final, Self

from coinlake.keys import RawKey
from stream.frames import join_lines
from stream.gaps.ids import Ids
from stream.intake import Chunk
from stream.streams import Topic

LINES: Final = "jsonl"


@dataclass(slots=True)
class SpoolFile:
    """``size`` and ``rows`` of what S3 gets; ``ids`` are the trades in it by market, ``seen`` the
    last time of each stream."""

    key: RawKey
    path: Path
    url: str
    size: int = 0
    rows: int = 0
    ids: dict[str, Ids] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def recovered(cls, path: Path, key: RawKey) -> Self:
        """A file that an earlier run left: a torn last line, or what a lost block left as zeros, is cut.

        Its ids and times are for who can read its frames.
        """
        body = path.read_bytes()
        whole = body.partition(b"\0")[0]
        if key.ext == LINES:
            whole = whole[: whole.rfind(b"\n") + 1]
        if len(whole) < len(body):
            os.truncate(path, len(whole))
        first, _, rest = whole.partition(b"\n")
        url = json.loads(first)["url"] if rest else ""
        return cls(key, path, url, len(rest), rest.count(b"\n") if key.ext == LINES else 1)

    def read(self) -> tuple[dict[str, Any], bytes]:
        """The first line, and the bytes for S3."""
        first, _, rest = self.path.read_bytes().partition(b"\n")
        return json.loads(first), rest

    def grow(self, chunk: Chunk) -> None:
        self.size += chunk.size
        self.rows += len(chunk.lines)
        for market, ids in chunk.ids.items():
            self.ids.setdefault(market, Ids()).update(ids)
        self.seen.update(chunk.seen)


@dataclass(slots=True)
class OpenFile:
    """A file that is being written; ``length`` of it is known to be on disk; ``opened`` is a
    monotonic time."""

    file: SpoolFile
    opened: float
    first_line: bytes
    length: int = 0
    _handle: FileIO | None = None

    @property
    def topic(self) -> Topic:
        return (self.file.key.source, self.file.key.dataset)

    @property
    def is_new(self) -> bool:
        return not self.length

    @property
    def handle(self) -> FileIO:
        if self._handle is None:
            self._handle = FileIO(self.file.path, "w")
        return self._handle

    def write(self, chunks: Sequence[Chunk]) -> None:
        """Unbuffered, so that nothing of a failed write comes back later."""
        data = b"" if self.length else self.first_line
        left = memoryview(b"".join([data, *(join_lines(chunk.lines) for chunk in chunks)]))
        while left:
            left = left[self.handle.write(left) :]

    def acknowledge(self, chunks: Sequence[Chunk]) -> int:
        """What was written is on disk; return how many of its bytes are for S3."""
        before = self.file.size
        self.length = self.handle.tell()
        for chunk in chunks:
            self.file.grow(chunk)
        return self.file.size - before

    def undo(self) -> None:
        """As if nothing had been written since the last ``acknowledge``."""
        if self._handle is None:
            return
        if self.is_new:
            self._handle.close()
            self._handle = None
            self.file.path.unlink(missing_ok=True)
            return
        self._handle.truncate(self.length)
        self._handle.seek(self.length)

    def sealed(self) -> SpoolFile:
        self.handle.close()
        return self.file


def header(url: str, moment: datetime) -> bytes:
    """A file's first line."""
    return json.dumps({"url": url, "fetched_at": moment.isoformat(timespec="microseconds")}).encode() + b"\n"


def name_of(key: RawKey) -> str:
    return str(key).replace("/", "~")


def key_of(name: str) -> RawKey:
    """Raise ``BadKey`` for a name that is no key's."""
    return RawKey.parse(name.replace("~", "/"))


def sync_folder(folder: Path) -> None:
    """A new name is on disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
