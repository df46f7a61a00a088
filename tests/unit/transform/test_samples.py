"""Every recorded answer gives exactly its golden rows, and every recorded error is named as one."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from coinlake.sources import catalog
from coinlake.tables import tables
from tests.unit.transform.answers import FOLDER, RECEIVED, SAMPLES, Sample
from tests.unit.transform.frames import LIVE
from transform.parsers import datasets

CONTRACT = {
    ("alternative_me", "sentiment"): "sentiment",
    ("binance", "assets"): "assets",
    ("binance", "candles"): "candles",
    ("binance", "quotes"): "quotes",
    ("binance", "trade_history"): "trades",
    ("binance_archive", "candles"): "candles",
    ("coinbase", "assets"): "assets",
    ("coinbase", "candles"): "candles",
    ("coinbase", "quotes"): "quotes",
    ("coinbase", "stats"): "quotes",
    ("coinbase", "trade_history"): "trades",
    ("coincap", "price_points"): "price_points",
    ("coincap", "quotes"): "quotes",
    ("coincap", "rates"): "rates",
    ("coindesk", "bpi"): "quotes",
    ("coindesk", "candles"): "candles",
    ("coindesk", "quotes"): "quotes",
    ("coingecko", "assets"): "assets",
    ("coingecko", "ohlc"): "candles",
    ("coingecko", "price_points"): "price_points",
    ("coingecko", "prices"): "quotes",
    ("coingecko", "quotes"): "quotes",
}
REJECTED = {"coingecko_coins_markets.json": ["missing_price"]}


def spelled(value):
    """As a golden file has it: times in ISO-8601, numbers without trailing zeros."""
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, datetime) else value


def spelled_rows(parsed):
    for part in parsed.slices:
        for row in part.rows.to_pylist():
            yield {"table": part.table, "partition": part.partition} | {
                name: spelled(value)
                for name, value in row.items()
                if value is not None and name not in {"received_at", "raw_key"}
            }


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=str)
def test_a_recorded_answer_gives_its_golden_rows(sample):
    parsed = sample.read()
    assert [rejection.code for rejection in parsed.rejections] == REJECTED.get(sample.file, [])
    assert parsed.notes == ()
    golden = [json.loads(line) for line in sample.golden.read_text().splitlines()]
    assert list(spelled_rows(parsed)) == golden


@pytest.mark.parametrize(("source", "dataset"), CONTRACT)
def test_each_dataset_of_each_source_has_a_parser_that_fills_its_table(source, dataset):
    answers = [sample for sample in SAMPLES.values() if (sample.source, sample.dataset) == (source, dataset)]
    assert answers
    for sample in answers:
        assert {part.table for part in sample.read().slices} == {CONTRACT[source, dataset]}


def test_there_is_no_other_parser():
    parsers = {(source, dataset) for source in catalog() for dataset in datasets(source)}
    assert parsers - {("binance", "tickers"), *LIVE} == set(CONTRACT)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=str)
def test_each_row_names_its_raw_object_and_lacks_nothing_that_its_table_needs(sample):
    for part in sample.read().slices:
        assert part.rows.schema == tables()[part.table].schema
        assert part.rows["raw_key"].unique().to_pylist() == [sample.key]
        assert part.rows["received_at"].unique().to_pylist() == [datetime.fromisoformat(RECEIVED)]
        for field in part.rows.schema:
            assert field.nullable or part.rows[field.name].null_count == 0, field.name


ERRORS = [
    ("coingecko", "prices", "prices.usd.p1", "coingecko_error_429_rate_limit.json"),
    ("coingecko", "price_points", "nope-usd.1h.24", "coingecko_error_404_coin_not_found.json"),
    ("coingecko", "price_points", "bitcoin-usd.1h.24", "coingecko_error_401_10012_time_range.json"),
    ("coingecko", "ohlc", "bitcoin-usd.1d", "coingecko_error_401_10002_missing_key.json"),
    ("coingecko", "assets", "coins", "coingecko_error_429_rate_limit.json"),
    ("coinbase", "quotes", "NOPE-USD", "coinbase_error_404.json"),
    ("coinbase", "stats", "NOPE-USD", "coinbase_error_404.json"),
    ("coinbase", "assets", "products", "coinbase_error_404.json"),
    ("binance", "candles", "NOPE-USDT.1h.3", "binance_error_400_symbol.json"),
    ("binance", "quotes", "tickers.usdt.p1", "binance_error_418.json"),
    ("binance", "assets", "exchange_info", "binance_error_451.json"),
    ("binance", "trade_history", "NOPE-USDT.1.2", "binance_error_400_symbol.json"),
    ("coinbase", "trade_history", "NOPE-USD.1.2", "coinbase_error_404.json"),
    ("coincap", "quotes", "assets.usd.p1", "coincap_v2_retired_notice.json"),
    ("coincap", "rates", "rates", "coincap_v2_retired_notice.json"),
    ("coincap", "quotes", "assets.usd.p1", "coincap_v3_error_400_limit.json"),
    ("coincap", "rates", "rates", "coincap_v3_error_401.json"),
    ("coincap", "price_points", "bitcoin-usd.1d.2", "coincap_v3_error_429.json"),
    ("coindesk", "quotes", "ticks.usd.p1", "coindesk_error_401.json"),
    ("coindesk", "candles", "BTC-USD.1d.1", "coindesk_error_401.json"),
    ("alternative_me", "sentiment", "fng", "alternative_me_error.json"),
]


@pytest.mark.parametrize(("source", "dataset", "slot", "file"), ERRORS)
def test_a_recorded_error_is_one_quarantined_api_error(source, dataset, slot, file):
    parsed = Sample(source, dataset, slot, file).read()
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [("api_error", None)]
    assert parsed.rejections[0].value


@pytest.mark.parametrize(
    ("source", "dataset", "slot", "file"),
    [
        ("coingecko", "prices", "prices.usd.p1", "coingecko_simple_price_unknown_id.json"),
        ("binance", "candles", "BTC-USDT.1h.3", "binance_klines_empty.json"),
    ],
)
def test_a_recorded_answer_without_rows_says_so(source, dataset, slot, file):
    assert Sample(source, dataset, slot, file).read().notes == ("no_rows",)


def test_every_file_of_samples_and_golden_rows_is_used():
    used = {*SAMPLES, *(file for *_, file in ERRORS)}
    used |= {"coingecko_simple_price_unknown_id.json", "binance_klines_empty.json"}
    used |= {"binance_archive_error_404.xml"}
    assert {path.name for path in (FOLDER / "samples").iterdir()} == used
    golden = {sample.golden for sample in SAMPLES.values()}
    assert set((FOLDER / "golden").iterdir()) == golden
