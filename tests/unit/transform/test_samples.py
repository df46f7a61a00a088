"""Every recorded answer gives exactly its golden rows, and every recorded error is named as one."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from coinlake.sources import catalog
from coinlake.tables import tables
from tests.unit.transform.answers import FOLDER, RECEIVED
from tests.unit.transform.recorded import ERRORS, LIVE, SAMPLES, TABLES, WITHOUT_ROWS
from transform.parsers import datasets

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


@pytest.mark.parametrize(("source", "dataset"), TABLES)
def test_each_dataset_of_each_source_has_a_parser_that_fills_its_table(source, dataset):
    answers = [sample for sample in SAMPLES.values() if (sample.source, sample.dataset) == (source, dataset)]
    assert answers
    for sample in answers:
        assert {part.table for part in sample.read().slices} == {TABLES[source, dataset]}


def test_there_is_no_other_parser():
    parsers = {(source, dataset) for source in catalog() for dataset in datasets(source)}
    assert parsers - {("binance", "tickers"), *LIVE} == set(TABLES)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=str)
def test_each_row_names_its_raw_object_and_lacks_nothing_that_its_table_needs(sample):
    for part in sample.read().slices:
        assert part.rows.schema == tables()[part.table].schema
        assert part.rows["raw_key"].unique().to_pylist() == [sample.key]
        assert part.rows["received_at"].unique().to_pylist() == [datetime.fromisoformat(RECEIVED)]
        for field in part.rows.schema:
            assert field.nullable or part.rows[field.name].null_count == 0, field.name


@pytest.mark.parametrize("sample", ERRORS, ids=str)
def test_a_recorded_error_is_one_quarantined_api_error(sample):
    parsed = sample.read()
    assert [(rejection.code, rejection.row) for rejection in parsed.rejections] == [("api_error", None)]
    assert parsed.rejections[0].value


@pytest.mark.parametrize("sample", WITHOUT_ROWS, ids=str)
def test_a_recorded_answer_without_rows_says_so(sample):
    assert sample.read().notes == ("no_rows",)


def test_every_file_of_samples_and_golden_rows_is_used():
    used = {sample.file for sample in (*SAMPLES.values(), *ERRORS, *WITHOUT_ROWS)}
    used |= {"binance_archive_error_404.xml"}
    own = {file for file in used if "/" not in file}
    assert {path.name for path in (FOLDER / "samples").iterdir()} == own
    golden = {sample.golden for sample in SAMPLES.values()}
    assert set((FOLDER / "golden").iterdir()) == golden
