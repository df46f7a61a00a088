"""What transform writes beside the trusted rows: rejections and ledger entries.

Both are pure functions of the raw object and the code, so a redelivery writes the
same bytes: no clock, no counter, no random name.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Final, NamedTuple, Self

VALUE_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why one row, or the whole object when ``row`` is None, is in quarantine."""

    code: str
    row: int | None = None
    field: str | None = None
    value: str | None = None

    @classmethod
    def of(cls, code: str, row: int | None = None, field: str | None = None, value: object = None) -> Self:
        """A rejection whose ``value`` is cut to 80 printable characters, so that no payload travels on."""
        return cls(code, row, field, None if value is None else printable(value))

    def to_json(self, raw_key: str) -> str:
        return json.dumps({"raw_key": raw_key, **asdict(self)}, ensure_ascii=True)


def printable(value: object) -> str:
    """At most 80 characters of ``value`` in ASCII, control characters escaped."""
    try:
        text = str(value)[:VALUE_CHARACTERS]
    except ValueError:  # Python refuses to print an integer of more than 4,300 digits
        text = f"<{type(value).__name__} too long to print>"
    return text.encode("unicode_escape", "surrogatepass").decode("ascii")[:VALUE_CHARACTERS]


def quarantine_lines(raw_key: str, rejections: Iterable[Rejection]) -> bytes:
    return "".join(f"{rejection.to_json(raw_key)}\n" for rejection in rejections).encode()


def parse_quarantine(body: bytes) -> list[Rejection]:
    """Read ``quarantine_lines`` back, without the raw key."""
    lines = (json.loads(line) for line in body.splitlines() if line)
    return [Rejection(line["code"], line["row"], line["field"], line["value"]) for line in lines]


class RejectedSpan(NamedTuple):
    """The buckets from ``start`` to ``end``, exclusive, that a rejected row of candles is or may be, and
    the row's code; times as ``2026-11-20T06:00:00Z``."""

    start: str
    end: str
    code: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The commit mark of one raw object: ``rows_in == rows_trusted + rows_quarantined``.

    ``raw_etag`` is without quotes; ``version`` is transform's code and configuration;
    ``outputs`` are the trusted and quarantine keys; ``reasons`` counts rejections by
    code; ``rounded`` counts values that had more than 18 decimals; ``notes`` are
    warnings such as ``no_rows`` and ``new_field:name``. ``rejected`` says which buckets of a window of
    candles its rejected rows explain; None, and left out of the JSON, where nobody knows.
    """

    raw_key: str
    raw_etag: str
    version: str
    rows_in: int
    rows_trusted: int
    rows_quarantined: int
    outputs: tuple[str, ...] = ()
    reasons: dict[str, int] = field(default_factory=dict)
    rounded: int = 0
    notes: tuple[str, ...] = ()
    rejected: tuple[RejectedSpan, ...] | None = None

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_trusted + self.rows_quarantined:
            raise ValueError(
                f"{self.raw_key}: {self.rows_in} rows in, "
                f"{self.rows_trusted} trusted + {self.rows_quarantined} quarantined"
            )

    def to_json(self) -> bytes:
        entry = asdict(self)
        if self.rejected is None:
            del entry["rejected"]
        return json.dumps(entry, sort_keys=True, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, body: bytes) -> Self:
        entry = json.loads(body)
        spans = entry.get("rejected")
        return cls(
            **{
                **entry,
                "outputs": tuple(entry["outputs"]),
                "notes": tuple(entry["notes"]),
                "rejected": None if spans is None else tuple(RejectedSpan(*span) for span in spans),
            }
        )
