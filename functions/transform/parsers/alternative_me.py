"""Alternative.me's Crypto Fear & Greed Index, one value for each day, becomes ``sentiment``.

It comes as ``{name, data, metadata}``; each day is an object of texts, its value 0 (fear) to 100
(greed), its time in seconds. Only the newest says how long until the next. ``metadata.error`` is
null or a text. Source: alternative.me/crypto/fear-and-greed-index, "Crypto Fear and Greed Index API".
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from coinlake.tables import TIMESTAMP
from transform.columns.validation import field_values, unknown_fields, validate_objects
from transform.model import ParsedObject, RawDocument, Reader
from transform.readers.documents import DocumentReader, list_at
from transform.tables.assembly import constant, origin_columns, slice_by_slot

_KNOWN: Final = frozenset({"name", "data", "metadata"})
_DAY_KNOWN: Final = {"value", "value_classification", "timestamp", "time_until_update"}
_INDEX: Final = "fear_and_greed"
_MAX_INDEX: Final = 100


def error(document: dict[str, Any]) -> str | None:
    """``{metadata: {error: text}}``"""
    metadata = document.get("metadata")
    message = metadata.get("error") if isinstance(metadata, dict) else None
    return message if isinstance(message, str) else None


def sentiment(document: RawDocument) -> ParsedObject:
    """One row for each day."""
    validator, days = validate_objects(document.rows, numbers_as_text=True)
    values = field_values(days, "value")
    index = validator.integers("value", values, pa.int32(), "missing_field")
    validator.reject(
        "out_of_range", pc.or_(pc.less(index, 0), pc.greater(index, _MAX_INDEX)), "value", values
    )
    times = validator.epoch_times("timestamp", field_values(days, "timestamp"), document.received_at)
    columns = origin_columns(document, len(days)) | {
        "index": constant(_INDEX, len(days)),
        "observed_at": pc.floor_temporal(times.cast(pa.timestamp("us")), unit="day").cast(TIMESTAMP),
        "value": index,
        "classification": validator.texts("value_classification", field_values(days, "value_classification")),
    }
    return slice_by_slot(document, validator, "sentiment", columns, unknown_fields(days, _DAY_KNOWN))


DATASETS: Final[Mapping[str, Reader]] = {
    "sentiment": DocumentReader(sentiment, error, list_at("data"), _KNOWN)
}
