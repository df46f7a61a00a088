"""What a command prints for programs: one JSON document on standard output.

docs/commands.md lists the fields. Times are ISO 8601 in UTC with microseconds, decimals are text with
every digit, and what is absent is null.
"""

import json
import math
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from coinlake.errors import CoinlakeError
from ops import progress


class OutputClosed(CoinlakeError):
    """Standard output is closed, so there is nowhere to write the result."""


def print_json(document: Any) -> None:
    """Write the document, and nothing else, to standard output."""
    write_stdout((json.dumps(plain(document), indent=1, ensure_ascii=False) + "\n").encode(errors="replace"))


def write_stdout(body: bytes) -> None:
    """Write bytes to standard output; ``OutputClosed`` where the caller has closed it."""
    if progress.STDOUT_CLOSED:
        raise OutputClosed("output_closed: standard output is closed; redirect it to a file or a pipe")
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def plain(value: Any) -> Any:
    """``value`` in what JSON has: no number loses a digit, none is NaN or infinite."""
    match value:
        case Mapping():
            return {str(name): plain(entry) for name, entry in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(entry) for entry in value]
        case float():
            return value if math.isfinite(value) else None
        case None | int():
            return value
    return plain_text(value)


def plain_text(value: Any) -> str:
    """A value as JSON and CSV have it where they have no type of their own for it."""
    match value:
        case Decimal():
            return plain_decimal(value)
        case datetime():
            return iso_time(value)
        case bytes():
            return value.decode(errors="backslashreplace")
    return str(value)


def plain_decimal(number: Decimal) -> str:
    """Every digit, without an exponent and trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def iso_time(moment: datetime) -> str:
    """``2026-11-21T07:35:00.000000Z``; a time without a zone is UTC."""
    aware = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{aware.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
