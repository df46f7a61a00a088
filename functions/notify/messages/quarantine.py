"""The mail about rows in quarantine."""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from coinlake.keys import QuarantineKey
from coinlake.records import Rejection
from notify.alerts import Mail
from notify.messages import formats
from notify.messages.layout import mail, section, table

MAX_SAMPLES: Final = 5
MAX_SUBJECT_REASONS: Final = 3
_WHOLE: Final = "a whole answer"


class RejectedRows(NamedTuple):
    """The rejected rows of one raw object; ``rejections`` None where they are too many to read."""

    bucket: str
    key: QuarantineKey
    raw_key: str
    rejections: Sequence[Rejection] | None


def quarantine_mail(rows: RejectedRows) -> Mail:
    """Rows of one raw object are in quarantine."""
    key = rows.key
    origin = f"{key.source} {key.dataset}"
    reasons = Counter(rejection.code for rejection in rows.rejections or ()).most_common()
    return mail(
        f"{_amount(rows)} of {origin} quarantined{_subject_reasons(reasons)}",
        _explanation(_amount(rows), origin),
        table([("Source", origin), ("Due", formats.when(key.slot.time)), *_reasons(reasons)]),
        _samples(rows.rejections),
        section("Where it is", f"quarantine  {key}", f"raw         {rows.raw_key}"),
        section("Look further", f"aws s3 cp s3://{rows.bucket}/{key} -", "coinlake status"),
        'Once the cause is repaired, "coinlake replay" sends the raw object through transform again.',
        data_of=[key.source],
    )


def _amount(rows: RejectedRows) -> str:
    if rows.rejections is None:
        return "very many rows"
    numbers = {rejection.row for rejection in rows.rejections} - {None}
    return formats.counted(len(numbers), "row") if numbers else _WHOLE


def _explanation(amount: str, origin: str) -> str:
    if amount == _WHOLE:
        return f"transform could not read {amount} of {origin}; it is kept in raw as it was received."
    return f"transform rejected {amount} of {origin}; the other rows of the same answer are in the lake."


def _subject_reasons(reasons: Sequence[tuple[str, int]]) -> str:
    first = reasons[:MAX_SUBJECT_REASONS]
    return f" ({', '.join(f'{code} {count:,}' for code, count in first)})" if first else ""


def _reasons(reasons: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    width = len(f"{reasons[0][1]:,}") if reasons else 0
    lines = [f"{count:>{width},}  {code}" for code, count in reasons]
    return [("" if place else "Reason", line) for place, line in enumerate(lines)]


def _samples(rejections: Sequence[Rejection] | None) -> str:
    if not rejections:
        return ""
    lines = [_sample(rejection) for rejection in _varied(rejections)[:MAX_SAMPLES]]
    left = len(rejections) - len(lines)
    return section("For example", *lines, *([f"and {left:,} more"] if left else []))


def _varied(rejections: Sequence[Rejection]) -> list[Rejection]:
    """The first of each code, then the second of each, and so on."""
    counts: Counter[str] = Counter()
    ranked = []
    for rejection in rejections:
        ranked.append((counts[rejection.code], rejection))
        counts[rejection.code] += 1
    return [rejection for _, rejection in sorted(ranked, key=itemgetter(0))]


def _sample(rejection: Rejection) -> str:
    place = "whole answer" if rejection.row is None else f"row {rejection.row:,}"
    facts = [fact for fact in (rejection.field, rejection.value) if fact is not None]
    return f"{place}: {rejection.code}{'  ' if facts else ''}{' = '.join(facts)}"
