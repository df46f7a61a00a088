"""sources.json and ingest agree on the sources, and plan the same requests.

The preflight counts what ingest asks for, so a difference here is a wrong count there.
"""

import math
from datetime import UTC, datetime

import pytest

from coinlake.feeds import Feed
from coinlake.sources import Dataset, catalog
from ingest.sources import registry

DUE = datetime(2026, 11, 21, tzinfo=UTC)
ASSETS = 7
DATASETS = [
    (source.name, name, dataset) for source in catalog().values() for name, dataset in source.datasets.items()
]


def test_ingest_has_the_declared_sources_and_datasets() -> None:
    for name, declared in catalog().items():
        source = registry.load(name)
        assert source.name == name
        assert {*source.snapshots, *source.windows} == set(declared.datasets)


def test_a_dataset_has_windows_if_its_longest_window_is_declared() -> None:
    for name, declared in catalog().items():
        past = {dataset for dataset, facts in declared.datasets.items() if facts.max_buckets}
        assert set(registry.load(name).windows) == past


def test_a_source_without_ids_in_the_asset_map_is_asked_for_lists_only() -> None:
    for source in catalog().values():
        if not source.maps_assets:
            assert {dataset.selects for dataset in source.datasets.values()} == {"all"}


@pytest.mark.parametrize(("source", "name", "dataset"), DATASETS)
def test_a_run_asks_as_often_as_the_preflight_counts(source: str, name: str, dataset: Dataset) -> None:
    owner, everything = catalog()[source].owner, dataset.selects == "all"
    symbols = [f"A{number}" for number in range(ASSETS)]
    feed = Feed(
        name="f",
        source=source,
        dataset=name,
        quote="USD",
        interval=next(iter(dataset.max_buckets), "1d"),
        assets=() if everything else tuple(symbols),
        top=None,
        lookback=dataset.days[0] if dataset.days else 1,
        stale_after_minutes=1,
        enabled=True,
    )
    requests = registry.load(source).plan(feed, {symbol: {owner: symbol} for symbol in symbols}, DUE)
    assert len(requests) == (1 if everything else math.ceil(ASSETS / dataset.batch))
    assert all(request.cost <= dataset.weight for request in requests)
