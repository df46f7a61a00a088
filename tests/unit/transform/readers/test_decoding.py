import gzip
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform.model import RepeatedKeys, Unreadable
from transform.readers import decoding
from transform.readers.decoding import decode_gzipped_json, nesting_depth

CAP = 1 << 20


def code_of(body: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        decode_gzipped_json(body, CAP)
    return refused.value.rejection.code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!doctype html><title>Just a moment...</title>", "not_json"),
        (b"Throttled", "not_json"),
        (b'[{"id": "bitcoin", "current_pr', "not_json"),
        (b"[1, 2", "not_json"),
        (b"[] []", "not_json"),
        (b"[]\x00", "not_json"),
        (b"\xef\xbb\xbf[]", "not_json"),
        (b'["\xff"]', "bad_encoding"),
        (b'["\xed\xa0\x80"]', "bad_encoding"),
        (b"[" * 65 + b"]" * 65, "too_deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "too_deep"),
        (b"[" * 500_000, "too_deep"),
    ],
)
def test_a_body_that_is_no_json_document_has_its_code(text, code):
    assert code_of(gzip.compress(text)) == code


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        gzip.compress(b"[]", mtime=0)[:-1],
        gzip.compress(b"[]", mtime=0)[:-8] + bytes(8),
        gzip.compress(b"[]", mtime=0) + b"[]",
        gzip.compress(b"[]", mtime=0) * 2,
    ],
)
def test_a_stream_that_is_not_exactly_one_gzip_member_is_bad_gzip(body):
    assert code_of(body) == "bad_gzip"


def test_an_object_without_bytes_is_empty():
    assert code_of(b"") == "empty_object"


def test_a_bomb_is_refused_at_the_cap_and_not_unpacked():
    assert code_of(gzip.compress(bytes(64 * CAP))) == "too_large"
    assert code_of(gzip.compress(b" " * CAP + b" ")) == "too_large"


def test_a_document_of_more_values_than_memory_can_hold_is_too_large(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_VALUES", 1000)
    assert code_of(gzip.compress(f"[{'1,' * 1000}1]".encode())) == "too_large"
    assert len(decode_gzipped_json(gzip.compress(f"[{'1,' * 999}1]".encode()), CAP)) == 1000


def test_a_body_of_exactly_the_cap_is_read():
    assert decode_gzipped_json(gzip.compress(b"[]".ljust(CAP)), CAP) == []


def test_a_document_of_64_levels_is_read():
    assert decode_gzipped_json(gzip.compress(b"[" * 64 + b"]" * 64), CAP)


def test_numbers_keep_every_digit_that_the_source_wrote():
    text = b"[0.1, 1e-7, 8.47e-06, 1.10, 77361, -0.0, 12345678901234567890.123456789012345678]"
    numbers = decode_gzipped_json(gzip.compress(text), CAP)
    assert [str(number) for number in numbers] == [
        *("0.1", "1E-7", "0.00000847", "1.10", "77361", "-0.0", "12345678901234567890.123456789012345678")
    ]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", f"1e{'9' * 30}", f"1e-{'9' * 30}"])
def test_what_is_no_number_is_read_as_a_number_that_is_not_finite(text):
    (number,) = decode_gzipped_json(gzip.compress(f"[{text}]".encode()), CAP)
    assert not number.is_finite()


def test_an_integer_of_five_thousand_digits_is_read():
    (number,) = decode_gzipped_json(gzip.compress(b"[" + b"9" * 5000 + b"]"), CAP)
    assert number == Decimal("9" * 5000)


def test_only_an_object_that_repeats_a_key_is_marked():
    repeated, clean = decode_gzipped_json(gzip.compress(b'[{"a": 1, "a": 2}, {"a": 1, "b": {"a": 2}}]'), CAP)
    assert isinstance(repeated, RepeatedKeys)
    assert type(clean) is dict


def levels(document: object) -> int:
    if isinstance(document, dict):
        return 1 + max(map(levels, document.values()), default=0)
    if isinstance(document, list):
        return 1 + max(map(levels, document), default=0)
    return 0


texts = st.text(st.sampled_from('ab[]{}"\\,:'), max_size=6)
documents = st.recursive(
    texts | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
)


@given(documents)
def test_depth_counts_brackets_outside_of_strings_only(document):
    assert nesting_depth(json.dumps(document).encode()) == levels(document)


@given(st.binary())
def test_any_bytes_are_a_document_or_a_rejection(body):
    for stored in (body, gzip.compress(body)):
        try:
            decode_gzipped_json(stored, CAP)
        except Unreadable as refused:
            assert refused.rejection.row is None
