"""The sources of the lake, read from sources.json, their only declaration.

Terraform reads the same file with ``jsondecode`` (terraform/sources.tf). An entry states what a
source publishes about itself; ``documentation`` says where. What an entry leaves out is in
``defaults`` of the same file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from coinlake import intervals
from coinlake.errors import BadConfiguration


@dataclass(frozen=True, slots=True)
class Attribution:
    """The mention of a source, and the page that it links to.

    ``required`` where its terms ask for it wherever its data is shown, in mails too.
    """

    text: str
    url: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What one plan of a source grants, and where it is reached.

    ``requests_per_minute`` is what the lake keeps to, below what the source allows; at Binance it
    counts weight. ``credits_per_month`` is None without a monthly quota. A plan with ``past_days`` refuses a
    range that begins earlier; it is asked for windows of ``past_window_days`` at most.
    """

    title: str
    base_url: str
    requests_per_minute: int
    credits_per_month: int | None
    key_header: str | None
    past_days: int | None
    past_window_days: int | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """One kind of data that a source serves.

    ``selects`` is what a feed chooses: ``assets``, ``top`` (by market cap, or assets) or ``all`` (no choice).
    ``batch`` is how many assets one request names, ``weight`` what it counts of the limit at most.
    ``max_buckets`` maps each interval to the most buckets of one answer (of ``files``: the most days of
    one feed); it is empty where an interval only says how often to ask. Of each interval the source has
    only the ``newest_buckets``, the open one among them, or all of them (None). ``days`` are the spans that
    the source has, where it counts in days. With ``files`` each day or month is a file and its checksum, two
    requests, and ``publication_delay`` maps ``day`` and ``month`` to how late each may come.
    ``settles`` is how long after its end a window's answer may still miss the last bucket. An answer has
    ``bytes_once`` bytes and ``bytes_each`` for each asset or bucket, where bytes cost credits.
    """

    selects: str
    batch: int
    weight: int
    max_buckets: Mapping[str, int]
    newest_buckets: int | None
    days: tuple[int, ...]
    files: bool
    publication_delay: Mapping[str, timedelta]
    settles: timedelta
    bytes_once: int
    bytes_each: int

    def oldest_bucket(self, interval: str, now: datetime) -> datetime | None:
        """The start of the oldest bucket that the source still has; None where it has all of them."""
        if self.newest_buckets is None:
            return None
        return intervals.floor(now, interval) - (self.newest_buckets - 1) * intervals.duration(interval)

    def window_buckets(self, interval: str) -> int:
        """How many buckets a window of the past is asked for, at most.

        Where the source has only its newest buckets, windows are short, so that little is lost where
        its past begins. ``KeyError`` for an interval that the source does not have.
        """
        if self.newest_buckets is None:
            return self.max_buckets[interval]
        return min(self.max_buckets[interval], self.newest_buckets // _WINDOWS_OF_NEWEST)


@dataclass(frozen=True, slots=True)
class SiblingVenue:
    """Another venue that speaks a source's protocol, at one of its hosts (decision 18).

    Its rows are of ``source``, a name of its own. ``base_url`` is of its REST API, ``quote_currencies`` are
    its own, or the source's. Where it ``shares_ids`` the asset map knows its assets by the source's ids.
    """

    source: str
    title: str
    base_url: str
    shares_ids: bool
    quote_currencies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Websocket:
    """Where a source's live feed is reached, and what it brings.

    ``hosts`` are ``wss://`` base addresses by name; those that are other venues are ``siblings``, too. A
    stream is named ``<market>@<kind>``: ``market_pattern`` is a regular expression of all of a market's
    name there, and ``channels`` maps each channel to the kind of its streams; ``default_channels`` are
    those of a market that names none. ``asset_names`` maps a source's ids of assets to their names in its
    live feed, where these are others.
    """

    hosts: Mapping[str, str]
    siblings: Mapping[str, SiblingVenue]
    default_host: str
    market_pattern: str
    market_example: str
    channels: Mapping[str, str]
    default_channels: tuple[str, ...]
    asset_names: Mapping[str, str]

    def asset_name(self, asset_id: str) -> str:
        """What the live feed calls an asset or currency."""
        return self.asset_names.get(asset_id, asset_id)

    def asset_id(self, name: str) -> str:
        """The source's id of what the live feed calls so."""
        return next((asset_id for asset_id, own in self.asset_names.items() if own == name), name)


@dataclass(frozen=True, slots=True)
class Source:
    """One source, as its entry in sources.json declares it.

    ``owner`` is whose data it brings: that source's name is in the rows, its ids are in the asset map.
    ``dollar`` is the quote currency of a feed that names none. ``quote_currencies`` are what symbols
    without a separator may end in, ``rare_quotes`` those of them that only these bases have. With
    ``omits_idle_buckets`` it publishes no candle for a bucket without a trade. A source with
    ``key_required`` answers nothing without a key.
    """

    name: str
    title: str
    owner: str
    maps_assets: bool
    dollar: str
    quote_currencies: tuple[str, ...]
    rare_quotes: Mapping[str, frozenset[str]]
    omits_idle_buckets: bool
    attribution: Attribution
    key_required: bool
    key_prefix: str
    bytes_per_credit: int | None
    remedy: str
    plans: Mapping[str, Plan]
    default_plan: str
    datasets: Mapping[str, Dataset]
    websocket: Websocket | None
    documentation: str = field(repr=False)

    @property
    def base_url(self) -> str:
        """Where the default plan is reached."""
        return self.plans[self.default_plan].base_url

    def credits(self, answer_bytes: int) -> int:
        """What one answer costs: a credit, and one more for each ``bytes_per_credit`` begun."""
        return 1 if self.bytes_per_credit is None else 1 + -(-answer_bytes // self.bytes_per_credit)


_PATH: Final = "sources.json"
_WINDOWS_OF_NEWEST: Final = 6  # in how many windows what a source still has is asked for


@cache
def catalog() -> Mapping[str, Source]:
    """Every source by name, in the order of the names."""
    document = json.loads(files("coinlake").joinpath(_PATH).read_text())
    entries, defaults = document["sources"], document["defaults"]
    return {name: _source(name, entries, defaults) for name in sorted(entries)}


def source(name: str) -> Source:
    """Raise ``BadConfiguration`` for a name that sources.json does not declare."""
    try:
        return catalog()[name]
    except KeyError:
        raise BadConfiguration(
            f"there is no source {name[:80]!r}; the sources are {', '.join(catalog())}"
        ) from None


def owner(name: str) -> str:
    """The source whose data this source serves: for all but archives itself."""
    known = catalog().get(name)
    return known.owner if known else name


@cache
def siblings() -> Mapping[str, tuple[str, SiblingVenue]]:
    """Every sibling by its name, with the name of the source whose protocol it speaks."""
    return {
        sibling.source: (source.name, sibling)
        for source in catalog().values()
        if source.websocket
        for sibling in source.websocket.siblings.values()
    }


def protocol(name: str) -> str:
    """The source whose modules read what a source brings: mostly its own."""
    return siblings()[name][0] if name in siblings() else name


def archive_of(name: str) -> Source | None:
    """The source that keeps another source's data in files; None where there is none."""
    return next((source for source in catalog().values() if source.owner == name != source.name), None)


def _source(name: str, entries: Mapping[str, Any], defaults: Mapping[str, Any]) -> Source:
    entry = {**defaults["source"], **entries[name]}
    key = {**defaults["source"]["key"], **entry["key"]}
    owner_name = entry["owner"] or name
    plans = {
        plan: Plan(**{**defaults["plan"], "title": entry["title"], "key_header": key["header"], **granted})
        for plan, granted in entry["plans"].items()
    }
    return Source(
        name=name,
        title=entry["title"],
        owner=owner_name,
        maps_assets=entry["maps_assets"],
        dollar=entry["dollar"],
        quote_currencies=tuple(entry["quote_currencies"]),
        rare_quotes={quote: frozenset(bases) for quote, bases in entry["rare_quotes"].items()},
        omits_idle_buckets=entry["omits_idle_buckets"],
        attribution=Attribution(**(entry["attribution"] or entries[owner_name]["attribution"])),
        key_required=key["required"],
        key_prefix=key["prefix"],
        bytes_per_credit=entry["bytes_per_credit"],
        remedy=entry["remedy"],
        plans=plans,
        default_plan=entry["default_plan"] or next(iter(plans)),
        datasets={dataset: _dataset(defaults["dataset"] | own) for dataset, own in entry["datasets"].items()},
        websocket=_websocket(entry["websocket"], entry["quote_currencies"]) if entry["websocket"] else None,
        documentation=entry["documentation"],
    )


def _websocket(entry: Mapping[str, Any], quotes: Sequence[str]) -> Websocket:
    return Websocket(
        hosts=entry["hosts"],
        siblings={
            host: SiblingVenue(
                **{**sibling, "quote_currencies": tuple(sibling["quote_currencies"] or quotes)}
            )
            for host, sibling in entry.get("siblings", {}).items()
        },
        default_host=entry["default_host"],
        market_pattern=entry["market"]["pattern"],
        market_example=entry["market"]["example"],
        channels=entry["channels"],
        default_channels=tuple(entry["default_channels"]),
        asset_names=entry.get("asset_names", {}),
    )


def _dataset(entry: Mapping[str, Any]) -> Dataset:
    delays = entry["publication_delay_days"] or {}
    return Dataset(
        selects=entry["selects"],
        batch=entry["batch"],
        weight=entry["weight"],
        max_buckets=entry["max_buckets"],
        newest_buckets=entry["newest_buckets"],
        days=tuple(entry["days"]),
        files=entry["files"],
        publication_delay={period: timedelta(days=days) for period, days in delays.items()},
        settles=timedelta(seconds=entry["settles_seconds"]),
        bytes_once=entry["answer_bytes"]["once"],
        bytes_each=entry["answer_bytes"]["each"],
    )
