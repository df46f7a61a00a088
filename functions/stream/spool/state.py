"""What of the uploaded files must be known for ever: it is kept beside those that are not uploaded.

Whatever the trades' ids, they are exactly those of uploaded files, so the union with the ids in the
spool's files is what is held, at every moment of a crash, and learning a file twice changes nothing.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from coinlake.observability import logger
from stream.gaps.ids import Ids, Market
from stream.spool.files import SpoolFile, sync_folder

FILE: Final = "state.json"
RESERVED: Final = 1000  # numbers given out by one write


@dataclass(slots=True)
class State:
    """``ids`` of each source and market; ``seen`` is the last time of each source and stream, in
    microseconds since 1970."""

    ids: dict[Market, Ids] = field(default_factory=dict)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    _number: int = 0
    _reserved: int = 0

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What was saved; of a state that nobody can read, nothing, and a warning."""
        try:
            document: dict[str, Any] = json.loads((folder / FILE).read_bytes())
            return cls(
                ids={(source, name): Ids(ranges) for source, name, ranges in document["ids"]},
                seen={(source, name): moment for source, name, moment in document["seen"]},
                _number=document["number"],
                _reserved=document["number"],
            )
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError):
            logger.error("state unreadable", file=str(folder / FILE))
            return cls()

    def learn(self, file: SpoolFile) -> None:
        """A file's trades and times are known from now on."""
        for market, ids in file.ids.items():
            self.ids.setdefault((file.key.source, market), Ids()).update(ids)
        for stream, moment in file.seen.items():
            place = (file.key.source, stream)
            self.seen[place] = max(moment, self.seen.get(place, 0))

    def run_end(self, source: str, market: str) -> int | None:
        """The last trade of a market up to which all are uploaded."""
        ids = self.ids.get((source, market))
        return ids.run_end() if ids else None

    def save(self, folder: Path) -> None:
        """All of it on disk, or what was there before."""
        document = {
            "number": self._reserved,
            "ids": [[*market, ids.ranges()] for market, ids in self.ids.items()],
            "seen": [[*stream, moment] for stream, moment in self.seen.items()],
        }
        part = folder / f".{FILE}"
        with part.open("w") as handle:
            handle.write(json.dumps(document, separators=(",", ":")))  # in C, as json.dump never is
            handle.flush()
            os.fsync(handle.fileno())
        part.rename(folder / FILE)
        sync_folder(folder)

    def next_number(self, folder: Path) -> int:
        """A number that no earlier run has given out: they are reserved on disk, many at a time."""
        self._number += 1
        if self._number > self._reserved:
            self._reserved = self._number + RESERVED
            self.save(folder)
        return self._number
