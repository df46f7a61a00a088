"""terraform/sources.tf and ingest know the same sources, and plan the same requests.

The quota planner counts what ingest asks for, so a difference here is a wrong count there.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hcl2
import pytest

from coinlake.feeds import Feed
from ingest.sources import binance_archive
from ingest.sources.binance_archive import BinanceArchive
from ingest.sources.coingecko.requests import OHLC_DAYS
from ingest.sources.registry import SOURCES
from ops.backfill import cost, planner
from ops.backfill import request as asked

DUE = datetime(2026, 11, 21, tzinfo=UTC)
ASSETS = 7


def plain(value: Any) -> Any:
    """python-hcl2 keeps the quotes of names and strings, and adds remarks with two underscores."""
    if isinstance(value, Mapping):
        return {plain(name): plain(inner) for name, inner in value.items() if not name.startswith("__")}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.strip('"') if isinstance(value, str) else value


def known() -> dict[str, Any]:
    file = Path(__file__).parents[2] / "terraform" / "sources.tf"
    [block] = hcl2.loads(file.read_text())["locals"]
    return {name: plain(value) for name, value in block.items()}


def datasets() -> Iterator[tuple[str, str, dict[str, Any]]]:
    terraform = known()
    for source, own in terraform["own_datasets"].items():
        for dataset, has in own.items():
            yield source, dataset, {**terraform["dataset_defaults"], **has}


def test_terraform_and_ingest_know_the_same_sources_and_datasets() -> None:
    ours = {name: {*source.snapshots, *source.histories} for name, source in SOURCES.items()}
    assert set(known()["catalog"]) == set(ours)
    assert {source: set(own) for source, own in known()["own_datasets"].items()} == ours


def test_a_source_names_assets_by_the_same_ids() -> None:
    for name, source in known()["catalog"].items():
        if source["ids"]:
            assert source["ids"] == SOURCES[name].ids
        else:
            assert {own["asks"] for own in known()["own_datasets"][name].values()} == {"all"}


@pytest.mark.parametrize(("source", "dataset", "has"), list(datasets()))
def test_a_lookback_holds_what_ingest_accepts(source: str, dataset: str, has: dict[str, Any]) -> None:
    past = SOURCES[source].histories.get(dataset)
    if past is None:
        assert has["lookback"] == {}
    elif past.by_period:
        assert source == BinanceArchive.name
        assert has["files"] in {True, "true"}
        assert set(has["lookback"]) == set(past.most)
    else:
        assert has["lookback"] == dict(past.most)
    assert tuple(has["days"]) == (OHLC_DAYS if dataset == "ohlc" else ())


@pytest.mark.parametrize(("source", "dataset", "has"), list(datasets()))
def test_a_run_asks_as_often_as_the_planner_counts(source: str, dataset: str, has: dict[str, Any]) -> None:
    ids, everything = SOURCES[source].ids, has["asks"] == "all"
    symbols = [f"A{number}" for number in range(ASSETS)]
    feed = Feed(
        name="f",
        source=source,
        dataset=dataset,
        quote="USD",
        interval=next(iter(has["lookback"]), "1d"),
        assets=() if everything else tuple(symbols),
        top=None,
        lookback=1,
        stale_after_minutes=1,
        enabled=True,
    )
    requests = SOURCES[source].plan(feed, {symbol: {ids: symbol} for symbol in symbols}, DUE)
    assert len(requests) == (1 if everything else math.ceil(ASSETS / has["batch"]))
    assert all(request.cost <= has["weight"] for request in requests)


def test_a_backfill_counts_credits_and_needs_keys_as_terraform_does() -> None:
    terraform = known()
    per_credit = {name: has["bytes_per_credit"] for name, has in terraform["catalog"].items()}
    for name, source in asked.PASTS.items():
        dataset = terraform["own_datasets"][name][next(iter(source.histories))]
        size = dataset.get("bytes", terraform["dataset_defaults"]["bytes"])
        grows = (size["once"], size["each"], per_credit[name])
        assert cost.CREDIT_BYTES.get(name) == (grows if per_credit[name] else None)
    assert {name for name, has in terraform["catalog"].items() if has["key"]["required"]} == asked.KEYED
    dollars = {name: has["dollar"] for name, has in terraform["catalog"].items()}
    assert {name for name in asked.PASTS if dollars[name] == "USDT"} == asked.TETHER_VENUES


def test_the_plans_of_coingecko_that_tell_one_year_are_those_on_its_public_host() -> None:
    plans = known()["coingecko_plans"].values()
    public = {plan["header"] for plan in plans if plan["host"] == "api"}
    assert public == set(planner.PUBLIC_HEADERS)


def test_a_backfill_asks_for_files_of_the_archive_when_ingest_calls_them_late() -> None:
    assert (planner.DAY_IS_LATE, planner.MONTH_IS_LATE) == (
        binance_archive._DAY_IS_LATE,
        binance_archive._MONTH_IS_LATE,
    )
