"""Alternative.me's Crypto Fear & Greed Index, one value for each day, becomes ``sentiment``.

It comes as ``{name, data, metadata}``; each day is an object of texts, its value 0 (fear) to 100
(greed), its time in seconds. Only the newest says how long until the next. ``metadata.error`` is
null or a text. Source: alternative.me/crypto/fear-and-greed-index, "Crypto Fear and Greed Index API".
"""

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import TIMESTAMP
from transform.assembly import by_slot, constant, origin
from transform.documents import listed
from transform.parsed import Answer, Parsed
from transform.rows import field, objects, unlisted

KNOWN: Final = frozenset({"name", "data", "metadata"})
_DAY_KNOWN: Final = {"value", "value_classification", "timestamp", "time_until_update"}
_INDEX: Final = "fear_and_greed"
_MOST: Final = 100


def rows(document: Any) -> list[Any] | None:
    """The days."""
    return listed(document.get("data")) if isinstance(document, dict) else None


def error(document: dict[str, Any]) -> str | None:
    """``{metadata: {error: text}}``"""
    metadata = document.get("metadata")
    message = metadata.get("error") if isinstance(metadata, dict) else None
    return message if isinstance(message, str) else None


def parse(answer: Answer) -> Parsed:
    """One row for each day."""
    sheet, days = objects(answer.rows, written=True)
    values = field(days, "value")
    index = sheet.integers("value", values, pa.int32(), "missing_field")
    sheet.reject("out_of_range", pc.or_(pc.less(index, 0), pc.greater(index, _MOST)), "value", values)
    times = sheet.epoch_times("timestamp", field(days, "timestamp"), answer.received_at)
    columns = origin(answer, len(days)) | {
        "index": constant(_INDEX, len(days)),
        "observed_at": pc.floor_temporal(times.cast(pa.timestamp("us")), unit="day").cast(TIMESTAMP),
        "value": index,
        "classification": sheet.texts("value_classification", field(days, "value_classification")),
    }
    return by_slot(answer, sheet, "sentiment", columns, unlisted(days, _DAY_KNOWN))
