"""sources.json, ingest and a backfill agree on the sources, and plan the same requests.

The preflight counts what ingest asks for, so a difference here is a wrong count there.
"""

import math
from datetime import UTC, datetime

import pytest

from coinlake.feeds import Feed
from coinlake.sources import Dataset, catalog
from ingest.sources import binance_archive
from ingest.sources.binance_archive import BinanceArchive
from ingest.sources.coingecko.requests import OHLC_DAYS
from ingest.sources.registry import SOURCES
from ops.backfill import cost, planner
from ops.backfill import request as asked

DUE = datetime(2026, 11, 21, tzinfo=UTC)
ASSETS = 7
DATASETS = [
    (source.name, name, dataset) for source in catalog().values() for name, dataset in source.datasets.items()
]


def test_ingest_has_the_declared_sources_and_datasets() -> None:
    declared = {name: set(source.datasets) for name, source in catalog().items()}
    assert {name: {*source.snapshots, *source.histories} for name, source in SOURCES.items()} == declared


def test_a_source_names_assets_by_the_declared_ids() -> None:
    for name, source in catalog().items():
        if source.maps_assets:
            assert source.owner == SOURCES[name].ids
        else:
            assert {dataset.asks for dataset in source.datasets.values()} == {"all"}


@pytest.mark.parametrize(("source", "name", "dataset"), DATASETS)
def test_a_lookback_holds_what_ingest_accepts(source: str, name: str, dataset: Dataset) -> None:
    past = SOURCES[source].histories.get(name)
    if past is None:
        assert dataset.max_buckets == {}
    elif past.by_period:
        assert source == BinanceArchive.name
        assert dataset.files
        assert set(dataset.max_buckets) == set(past.most)
    else:
        assert dataset.max_buckets == dict(past.most)
    assert dataset.days == (OHLC_DAYS if name == "ohlc" else ())


@pytest.mark.parametrize(("source", "name", "dataset"), DATASETS)
def test_a_run_asks_as_often_as_the_preflight_counts(source: str, name: str, dataset: Dataset) -> None:
    ids, everything = SOURCES[source].ids, dataset.asks == "all"
    symbols = [f"A{number}" for number in range(ASSETS)]
    feed = Feed(
        name="f",
        source=source,
        dataset=name,
        quote="USD",
        interval=next(iter(dataset.max_buckets), "1d"),
        assets=() if everything else tuple(symbols),
        top=None,
        lookback=1,
        stale_after_minutes=1,
        enabled=True,
    )
    requests = SOURCES[source].plan(feed, {symbol: {ids: symbol} for symbol in symbols}, DUE)
    assert len(requests) == (1 if everything else math.ceil(ASSETS / dataset.batch))
    assert all(request.cost <= dataset.weight for request in requests)


def test_a_backfill_counts_credits_and_needs_keys_as_declared() -> None:
    for name, source in asked.PASTS.items():
        declared = catalog()[name]
        dataset = declared.datasets[next(iter(source.histories))]
        grows = (dataset.bytes_once, dataset.bytes_each, declared.bytes_per_credit)
        assert cost.CREDIT_BYTES.get(name) == (grows if declared.bytes_per_credit else None)
    assert {name for name, source in catalog().items() if source.key_required} == asked.KEYED
    assert {name for name in asked.PASTS if catalog()[name].dollar == "USDT"} == asked.TETHER_VENUES


def test_the_plans_of_coingecko_that_tell_one_year_are_those_on_its_public_host() -> None:
    public = {plan.key_header for plan in catalog()["coingecko"].plans.values() if plan.past_days}
    assert public == set(planner.PUBLIC_HEADERS)


def test_a_backfill_asks_for_files_of_the_archive_when_ingest_calls_them_late() -> None:
    assert (planner.DAY_IS_LATE, planner.MONTH_IS_LATE) == (
        binance_archive._DAY_IS_LATE,
        binance_archive._MONTH_IS_LATE,
    )
