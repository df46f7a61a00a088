"""S3 notifications as the stages receive them, the only place that decodes their keys.

A body is what S3 puts on a queue, directly or through an SNS topic with raw delivery:
``{"Records": [{"eventName", "s3": {"bucket": {"name"}, "object": {"key", "size", "eTag"}}}]}``
with the key URL-encoded (``+`` for a space). Source: Amazon S3 User Guide, "Event message
structure". The first message on each queue is an ``s3:TestEvent``, which names no object.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import quote_plus, unquote_plus

from coinlake.errors import BadEvent

_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object that an event names. ``etag`` is without quotes; both may be unknown."""

    bucket: str
    key: str
    size: int | None = None
    etag: str | None = None


class Created(NamedTuple):
    """What one message says: the ``objects`` that were created, and for each record that names none why."""

    objects: list[ObjectRef]
    faults: list[BadEvent]


def created_objects(body: str) -> Created:
    """The objects that a queue message's body says were created; none for S3's TestEvent.

    Records do not share a fate: one that is foreign is a fault, ``not_s3_event``, ``ignored_event`` (nothing
    was created) or ``bad_key_encoding``, and the others stand. Raises ``BadEvent`` for a body that has no
    records: ``bad_message`` (no JSON) or ``not_s3_event`` (other JSON).
    """
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise BadEvent("bad_message", "the body is not JSON") from None
    if isinstance(event, dict) and event.get("Event") == "s3:TestEvent":
        return Created([], [])
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        raise BadEvent("not_s3_event", "the body has no Records")
    created = Created([], [])
    for record in records:
        try:
            created.objects.append(_created_object(record))
        except BadEvent as fault:
            created.faults.append(fault)
    return created


def _created_object(record: Any) -> ObjectRef:
    try:
        name, bucket, entry = record["eventName"], record["s3"]["bucket"]["name"], record["s3"]["object"]
        key, size, etag = entry["key"], entry.get("size"), entry.get("eTag")
    except (KeyError, TypeError, AttributeError):
        raise BadEvent("not_s3_event", "a record names no object") from None
    if not all(isinstance(text, str) for text in (name, bucket, key)):
        raise BadEvent("not_s3_event", "a record names no object")
    if "ObjectCreated:" not in name:
        raise BadEvent("ignored_event", name[:80])
    return ObjectRef(
        bucket=bucket,
        key=_decoded(key),
        size=size if isinstance(size, int) else None,
        etag=etag.strip('"') if isinstance(etag, str) else None,
    )


def _decoded(key: str) -> str:
    if _BAD_ESCAPE.search(key):
        raise BadEvent("bad_key_encoding", key[:80])
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        raise BadEvent("bad_key_encoding", key[:80]) from None


def created_event(ref: ObjectRef) -> str:
    """A body like S3's own, for requeueing an object whose event was lost."""
    entry: Mapping[str, Any] = {"key": quote_plus(ref.key, safe="/"), "size": ref.size, "eTag": ref.etag}
    record = {
        "eventSource": "coinlake:requeue",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": ref.bucket}, "object": entry},
    }
    return json.dumps({"Records": [record]})
