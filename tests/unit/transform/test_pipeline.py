import gzip
import json
from datetime import UTC, datetime

import pytest

ENVELOPES = [
    '{"status": {"error_code": 429, "error_message": "You\'ve exceeded the Rate Limit."}}',
    '{"error": {"status": {"timestamp": "2026-11-20T00:01:05Z", "error_code": 10012, "error_message": "x"}}}',
    '{"status": {"timestamp": "2026-11-20T00:01:05Z", "error_code": 10002, "error_message": "Key"}}',
    '{"error": "coin not found"}',
]


def only_rejection(parsed):
    (rejection,) = parsed.rejections
    assert (parsed.rows_in, parsed.rows_trusted, rejection.row) == (1, 0, None)
    return rejection


@pytest.mark.parametrize("text", ENVELOPES)
def test_an_error_of_coingecko_where_a_page_should_be_is_an_api_error(read_coins, text):
    assert only_rejection(read_coins(text)).code == "api_error"


def test_an_api_error_is_quarantined_with_its_message(read_coins, read_candles):
    assert only_rejection(read_coins(ENVELOPES[0])).value == "429 You've exceeded the Rate Limit."
    assert only_rejection(read_coins(ENVELOPES[3])).value == "coin not found"
    limited = read_candles('{"message": "Public rate limit exceeded"}')
    assert only_rejection(limited).code == "api_error"
    assert only_rejection(limited).value == "Public rate limit exceeded"


@pytest.mark.parametrize(
    "text",
    ["{}", '"x"', "7", "null", "true", "NaN", '{"data": []}', '{"error": {"status": []}}', '{"error": 7}'],
)
def test_any_other_document_is_not_a_list(read_coins, read_candles, text):
    assert only_rejection(read_coins(text)).code == "not_a_list"
    assert only_rejection(read_candles(text)).code == "not_a_list"


@pytest.mark.parametrize("text", ["", "<html>", "[[]", "[" * 70])
def test_a_body_that_cannot_be_read_counts_as_one_quarantined_row(read_coins, read_candles, text):
    for parsed in (read_coins(text), read_candles(text)):
        only_rejection(parsed)


def test_an_empty_answer_has_no_rows_and_says_so(read_coins, read_candles):
    for parsed in (read_coins([]), read_candles([])):
        assert (parsed.rows_in, parsed.slices, parsed.rejections) == (0, (), ())
        assert parsed.notes == ("no_rows",)


@pytest.mark.parametrize(
    "key",
    [
        "raw/source=nowhere/dataset=candles/dt=2026-11-20/20261120T010000Z.BTC-USD.1h.24.json.gz",
        "raw/source=coingecko/dataset=candles/dt=2026-11-20/20261120T010000Z.x.1h.24.json.gz",
        "raw/source=coingecko/dataset=quotes/dt=2026-11-20/20261120T010000Z.markets.usd.p1.csv.gz",
    ],
)
def test_an_object_that_no_parser_reads_is_quarantined_until_there_is_one(read_coins, key):
    assert only_rejection(read_coins([], key=key)).code == "no_parser"


@pytest.mark.parametrize("fetched_at", ["yesterday", "2026-11-20T01:00:00", ""])
def test_an_object_that_does_not_say_when_it_was_fetched_was_received_when_stored(read_candles, fetched_at):
    (part,) = read_candles([[1795132800, 1, 1, 1, 1, 1]], fetched_at=fetched_at).slices
    assert part.rows["received_at"].to_pylist() == [datetime(2026, 11, 20, 1, 0, 2, 500000, tzinfo=UTC)]


def test_a_bomb_is_quarantined(read_object):
    assert only_rejection(read_object(gzip.compress(bytes(1 << 22)), max_bytes=1 << 20)).code == "too_large"


def test_a_page_without_a_good_row_has_no_slice(read_coins):
    parsed = read_coins(json.dumps([None, 1]))
    assert parsed.slices == ()
    assert len(parsed.rejections) == 2
