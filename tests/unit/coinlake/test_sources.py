"""Every source is declared once, in sources.json, and what it leaves out has a default."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest

from coinlake import intervals, sources
from coinlake.errors import BadConfiguration

CATALOG = sources.catalog()


@pytest.mark.parametrize("name", CATALOG)
def test_a_source_names_its_documentation_plans_and_datasets(name: str) -> None:
    source = CATALOG[name]
    assert source.documentation
    assert source.attribution.text
    assert source.attribution.url.startswith("https://")
    assert source.default_plan in source.plans
    assert source.datasets
    assert source.owner in CATALOG
    for plan in source.plans.values():
        assert plan.base_url.startswith("https://")
        assert not plan.base_url.endswith("/")
        assert plan.requests_per_minute > 0
    for dataset in source.datasets.values():
        assert dataset.selects in {"assets", "top", "all"}
        assert set(dataset.max_buckets) <= set(intervals.INTERVALS)
    if source.websocket:
        assert source.websocket.default_host in source.websocket.hosts
        assert all(url.startswith("wss://") for url in source.websocket.hosts.values())
        assert re.fullmatch(source.websocket.market_pattern, source.websocket.market_example)
        assert set(source.websocket.default_channels) <= set(source.websocket.channels)


def test_an_entry_has_no_field_that_has_no_default_or_reader() -> None:
    document = json.loads(files("coinlake").joinpath("sources.json").read_text())
    own = {"title", "documentation", "dollar", "remedy", "plans", "datasets"}
    for entry in document["sources"].values():
        assert set(entry) <= own | set(document["defaults"]["source"])
        for dataset in entry["datasets"].values():
            assert set(dataset) <= set(document["defaults"]["dataset"])


def test_an_archive_brings_its_owners_data() -> None:
    archive = sources.archive_of("binance")
    assert archive is not None
    assert archive.name == "binance_archive"
    assert sources.owner("binance_archive") == "binance"
    assert archive.attribution == CATALOG["binance"].attribution
    assert archive.datasets["candles"].publication_delay == {"day": timedelta(2), "month": timedelta(10)}
    assert sources.archive_of("coinbase") is None
    assert sources.owner("a_source_that_left") == "a_source_that_left"


def test_a_plan_has_its_own_host_header_and_credits() -> None:
    plans = CATALOG["coingecko"].plans
    assert CATALOG["coingecko"].default_plan == "keyless"
    assert plans["keyless"].key_header is None
    assert plans["demo"].key_header == "x-cg-demo-api-key"
    assert plans["basic"].base_url == "https://pro-api.coingecko.com/api/v3"
    assert CATALOG["coincap"].plans["free"].key_header == "Authorization"
    assert CATALOG["coincap"].key_required


@pytest.mark.parametrize(("answer_bytes", "expected"), [(0, 1), (1, 2), (2500, 2), (2501, 3)])
def test_an_answer_costs_a_credit_and_one_for_each_part_begun(answer_bytes: int, expected: int) -> None:
    assert CATALOG["coincap"].credits(answer_bytes) == expected
    assert CATALOG["coingecko"].credits(answer_bytes) == 1


def test_a_source_that_has_its_newest_buckets_only_is_asked_for_short_windows() -> None:
    everything = CATALOG["coinbase"].datasets["candles"]
    newest = replace(everything, newest_buckets=720)
    now = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)
    assert newest.oldest_bucket("1h", now) == datetime(2026, 10, 22, 8, tzinfo=UTC)
    assert (newest.window_buckets("1h"), everything.window_buckets("1h")) == (120, 300)
    assert everything.oldest_bucket("1h", now) is None


def test_an_unknown_source_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        BadConfiguration, match="there is no source 'kraaken'; the sources are alternative_me, binance"
    ):
        sources.source("kraaken")
