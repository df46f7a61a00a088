"""A recorded answer, and the raw object that it was in; ``recorded`` has those of each source."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.unit.transform.conftest import read_bytes
from transform.model import ParsedObject

FOLDER: Final = Path(__file__).parent
SHARED: Final = Path(__file__).parents[2] / "samples"  # those that other stages read too
RECEIVED: Final = "2026-11-20T00:30:30+00:00"


@dataclass(frozen=True)
class Sample:
    """One body in ``samples/``, and the slot of the request that it answers.

    A ``file`` with its folder, ``kraken/ohlc.json``, is one of the shared samples.
    """

    source: str
    dataset: str
    slot: str
    file: str
    ext: str = "json"

    def __str__(self) -> str:
        return self.file

    @property
    def body(self) -> bytes:
        return (SHARED if "/" in self.file else FOLDER / "samples").joinpath(self.file).read_bytes()

    @property
    def golden(self) -> Path:
        return FOLDER / "golden" / f"{self.file.rpartition('.')[0].replace('/', '_')}.jsonl"

    @property
    def key(self) -> str:
        slot = f"20261120T003000Z.{self.slot}.{self.ext}.gz"
        return f"raw/source={self.source}/dataset={self.dataset}/dt=2026-11-20/{slot}"

    def read(self, body: bytes | None = None, **metadata: str) -> ParsedObject:
        """What becomes of the body, or of another in its place."""
        given = self.body if body is None else body
        return read_bytes(self.key, gzip.compress(given), **{"fetched_at": RECEIVED, **metadata})

    def changed(self, *path: Any, to: Any) -> bytes:
        """The body with another value at ``path``; ``...`` leaves it out."""
        document = json.loads(self.body)
        inner = document
        for step in path[:-1]:
            inner = inner[step]
        if to is ...:
            del inner[path[-1]]
        else:
            inner[path[-1]] = to
        return json.dumps(document).encode("utf-8", "surrogatepass")


def codes(parsed: ParsedObject) -> list[tuple[str, int | None, str | None]]:
    """Each rejection's code, row and field."""
    return [(rejection.code, rejection.row, rejection.field) for rejection in parsed.rejections]


def rows(parsed: ParsedObject) -> list[dict[str, Any]]:
    """The trusted rows of all parts."""
    return [row for part in parsed.slices for row in part.rows.to_pylist()]
