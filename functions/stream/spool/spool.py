"""The spool: files on disk that hold every frame from its commit until S3 has it.

<dir>/files/<raw key, ~ for />   a first line {"url", "fetched_at"}, then the object's bytes
<dir>/state.json                 what was uploaded: trade ids, last times, sequence numbers given out
<dir>/instance                   the collector's name, where nobody gives it one

A file's name, which is its key in S3, is decided when it is opened. So after a crash at any moment
it is sent again under the same name with the same bytes. All methods block, and all are for one thread.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from coinlake.errors import BadKey
from coinlake.keys import RawKey, Slot
from coinlake.observability import logger
from stream.intake import Chunk
from stream.spool.files import LINES, OpenFile, SpoolFile, header, key_of, name_of, sync_folder
from stream.spool.state import State
from stream.streams import Topic


@dataclass(slots=True)
class Spool:
    """``urls`` name in each object's metadata where a source's frames come from."""

    folder: Path
    instance: str
    state: State
    urls: Mapping[str, str]
    batch_frames: int
    batch_bytes: int
    batch_seconds: float
    size: int = 0
    _open: dict[Topic, OpenFile] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def commit(self, drained: Mapping[Topic, Sequence[Chunk]], seconds: float) -> list[SpoolFile]:
        """Put all of it on disk, or, raising ``OSError``, none of it; return the files that are full.

        ``seconds`` is a monotonic time.
        """
        writes = [write for topic, chunks in drained.items() for write in self._plan(topic, chunks, seconds)]
        try:
            for file, chunks in writes:
                file.write(chunks)
            for file, _ in writes:
                os.fsync(file.handle.fileno())
            if any(file.is_new for file, _ in writes):
                sync_folder(self.files)
        except OSError:
            for file, _ in writes:
                file.undo()
            raise
        for file, chunks in writes:
            self.size += file.acknowledge(chunks)
        return self._seal_full([file for file, _ in writes], seconds)

    def store(self, file: SpoolFile, body: bytes, fetched_at: datetime) -> None:
        """A whole answer of REST as a file of its own, on disk when this returns."""
        part = file.path.with_name(f".{file.path.name}")
        with part.open("wb") as handle:
            handle.write(header(file.url, fetched_at) + body)
            handle.flush()
            os.fsync(handle.fileno())
        part.rename(file.path)
        sync_folder(self.files)
        file.size = len(body)
        self.size += file.size

    def file(self, key: RawKey, url: str) -> SpoolFile:
        """A file to be, under its key's name."""
        return SpoolFile(key, self.files / name_of(key), url)

    def seal(self) -> list[SpoolFile]:
        """Close every open file."""
        sealed = [file.sealed() for file in self._open.values()]
        self._open.clear()
        return sealed

    def renamed(self, file: SpoolFile) -> SpoolFile:
        """The file under the next number: its name was taken by other bytes."""
        parts = file.key.slot.parts
        if file.key.ext == LINES:
            parts = parts[:-1]
        slot = Slot(file.key.slot.time, (*parts, self._number()))
        moved = self.file(RawKey(file.key.source, file.key.dataset, slot, file.key.ext), file.url)
        file.path.rename(moved.path)
        file.key, file.path = moved.key, moved.path
        return file

    def forget(self, files: Sequence[SpoolFile]) -> None:
        """S3 has them: keep what they say of ids and times, then delete them."""
        for file in files:
            self.state.learn(file)
        self.state.save(self.folder)
        for file in files:
            file.path.unlink(missing_ok=True)
            self.size -= file.size

    def recover(self) -> Iterator[SpoolFile]:
        """What an earlier run left, each file cut after its last whole line; empty ones go."""
        self.files.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.files.iterdir()):
            if path.name.startswith("."):
                path.unlink()
                continue
            try:
                file = SpoolFile.recovered(path, key_of(path.name))
            except BadKey:
                logger.warning("foreign file in the spool", file=path.name[:200])
                continue
            if not file.size:
                path.unlink()
                continue
            self.size += file.size
            yield file

    def _plan(
        self, topic: Topic, chunks: Sequence[Chunk], seconds: float
    ) -> Iterator[tuple[OpenFile, list[Chunk]]]:
        """Which chunks go to which file; a batch never has more than ``batch_frames`` rows."""
        file = self._open.get(topic) or self._begin(topic, seconds)
        rows, planned = file.file.rows, list[Chunk]()
        for chunk in chunks:
            if rows and rows + len(chunk.lines) > self.batch_frames:
                yield file, planned
                file, rows, planned = self._begin(topic, seconds), 0, []
            planned.append(chunk)
            rows += len(chunk.lines)
        yield file, planned

    def _begin(self, topic: Topic, seconds: float) -> OpenFile:
        now = datetime.now(UTC)
        slot = Slot(now.replace(microsecond=0), (self.instance, self._number()))
        file = self.file(RawKey(*topic, slot, LINES), self.urls[topic[0]])
        return OpenFile(file, seconds, header(file.url, now))

    def _seal_full(self, written: Sequence[OpenFile], seconds: float) -> list[SpoolFile]:
        """Close what is full or old, and all but the newest file of each topic."""
        newest = {file.topic: file for file in written}
        due = [file for file in written if newest[file.topic] is not file]
        self._open.update(newest)
        for topic, file in list(self._open.items()):
            full = file.file.rows >= self.batch_frames or file.file.size >= self.batch_bytes
            if full or seconds - file.opened >= self.batch_seconds:
                due.append(self._open.pop(topic))
        return [file.sealed() for file in due]

    def _number(self) -> str:
        return f"{self.state.next_number(self.folder):09d}"
