"""What a user requests, checked: the history of which source and assets, over which days."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Self

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.sources import Dataset, Source, catalog
from ops.dates import DateRange
from ops.spelling import did_you_mean

ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of time, aware UTC; ``end`` is exclusive."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, days: DateRange) -> Self:
        last = datetime.combine(days.end, time(), UTC)
        return cls(datetime.combine(days.start, time(), UTC), last + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """A source's ``dataset`` for ``assets``; the assets in ``skipped`` have no id there in the asset map.

    With ``refresh`` what raw holds already is requested again.
    """

    source: Source
    dataset: str
    assets: tuple[str, ...]
    skipped: tuple[str, ...]
    quote: str
    interval: str
    span: TimeSpan
    refresh: bool = False

    @classmethod
    def of(
        cls,
        config: LakeConfig,
        *,
        source: str,
        assets: str,
        interval: str,
        days: DateRange,
        quote: str | None = None,
        refresh: bool = False,
    ) -> Self:
        """Raise ``BadConfiguration``, each with its code, for what cannot be requested.

        bad_source, no_key, bad_interval, config_empty, config_duplicate, unknown_asset.
        """
        declared = _source(source, config)
        dataset = _past_datasets(declared)[0]
        _check_interval(interval, declared, dataset)
        symbols = _symbols(assets, config)
        listed = tuple(symbol for symbol in symbols if declared.owner in config.assets[symbol])
        return cls(
            source=declared,
            dataset=dataset,
            assets=listed,
            skipped=tuple(symbol for symbol in symbols if symbol not in listed),
            quote=(quote or declared.dollar).upper(),
            interval=interval,
            span=TimeSpan.of_days(days),
            refresh=refresh,
        )

    @property
    def facts(self) -> Dataset:
        """What sources.json says of the dataset."""
        return self.source.datasets[self.dataset]

    @property
    def step(self) -> timedelta:
        """The length of a bucket."""
        return intervals.duration(self.interval)


def _past_datasets(source: Source) -> list[str]:
    return [name for name, dataset in source.datasets.items() if dataset.max_buckets]


def _source(name: str, config: LakeConfig) -> Source:
    known = {
        source.name: source
        for source in catalog().values()
        if source.name in config.sources and _past_datasets(source)
    }
    if name not in known:
        raise BadConfiguration(
            f"bad_source: {name[:80]!r} has no history to fetch{did_you_mean(name, known)}; "
            f"use one of {', '.join(known)}"
        )
    if known[name].key_required and not config.sources[name].api_key_parameter:
        raise BadConfiguration(
            f"no_key: {name} requires an API key;  set {name}_api_key and {name}_api_key_version and deploy"
        )
    return known[name]


def _check_interval(interval: str, source: Source, dataset: str) -> None:
    intervals.duration(interval)
    there = source.datasets[dataset].max_buckets
    if interval not in there:
        raise BadConfiguration(
            f"bad_interval: {source.name} has no history by {interval}; use one of {', '.join(there)}"
        )


def _symbols(text: str, config: LakeConfig) -> list[str]:
    """The canonical symbols of a list with commas, or every asset there is."""
    if text.strip().lower() == ALL:
        return sorted(config.assets)
    symbols = [symbol.strip().upper() for symbol in text.split(",") if symbol.strip()]
    if not symbols:
        raise BadConfiguration("config_empty: no asset is named; name some, as BTC,ETH, or all")
    if doubles := sorted({symbol for symbol in symbols if symbols.count(symbol) > 1}):
        raise BadConfiguration(f"config_duplicate: {', '.join(doubles)} is named twice; name it once")
    for symbol in symbols:
        if symbol not in config.assets:
            raise BadConfiguration(
                f"unknown_asset: there is no asset {symbol[:80]!r}{did_you_mean(symbol, config.assets)}; "
                "add it to assets, or name one that is there"
            )
    return symbols
