import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coinlake.errors import BadEvent
from coinlake.s3_events import ObjectRef, created_event, created_objects


def body(key: str, name: str = "ObjectCreated:Put") -> str:
    entry = {"key": key, "size": 7, "eTag": "abc", "sequencer": "0055"}
    return json.dumps({"Records": [{"eventName": name, "s3": {"bucket": {"name": "raw"}, "object": entry}}]})


def test_a_created_object_is_named_with_its_decoded_key():
    assert created_objects(body("raw/dt%3D2026/a+b%2Bc.json.gz")).objects == [
        ObjectRef("raw", "raw/dt=2026/a b+c.json.gz", 7, "abc")
    ]


def test_the_test_event_that_opens_a_queue_names_nothing():
    assert created_objects('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "raw"}') == ([], [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "not_s3_event"),
        ("[]", "not_s3_event"),
        ('{"Records": []}', "not_s3_event"),
        ("not json", "bad_message"),
        ("", "bad_message"),
        ("[" * 100_000, "bad_message"),
    ],
)
def test_a_body_that_is_no_event_says_why(text: str, code: str):
    with pytest.raises(BadEvent) as caught:
        created_objects(text)
    assert caught.value.code == code


GOOD = json.loads(body("raw/good"))["Records"][0]
FOREIGN = [
    ({"eventName": "ObjectCreated:Put"}, "not_s3_event"),
    (None, "not_s3_event"),
    (
        {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": 7}, "object": {"key": "k"}}},
        "not_s3_event",
    ),
    (json.loads(body("raw/%ZZ"))["Records"][0], "bad_key_encoding"),
    (json.loads(body("raw/%ff"))["Records"][0], "bad_key_encoding"),
    (json.loads(body("raw/a", "ObjectRemoved:Delete"))["Records"][0], "ignored_event"),
]


@pytest.mark.parametrize(("record", "code"), FOREIGN)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_foreign_record_is_a_fault_and_its_neighbours_stand(record: object, code: str, place: int):
    records = [GOOD, GOOD]
    records.insert(place, record)
    created = created_objects(json.dumps({"Records": records}))
    assert [ref.key for ref in created.objects] == ["raw/good"] * 2
    assert [fault.code for fault in created.faults] == [code]


@given(st.text())
def test_no_body_can_do_more_than_raise_bad_event(text: str):
    with suppress(BadEvent):
        created_objects(text)


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.none() | st.integers(0, 2**40))
def test_a_requeued_object_reads_back_as_itself(key: str, size: int | None):
    ref = ObjectRef("raw", key, size, "etag")
    assert created_objects(created_event(ref)) == ([ref], [])
