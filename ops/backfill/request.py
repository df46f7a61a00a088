"""What a user asks for, checked: which source's past, of which assets, over which days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Final, Self

from coinlake import intervals
from coinlake.config import LakeConfig
from coinlake.errors import BadConfiguration
from coinlake.sources import Dataset, Source, catalog
from ops.dates import DateRange

ALL: Final = "all"
KEYED: Final = frozenset({"coincap", "coindesk"})  # nothing of theirs is had without a key
TETHER_VENUES: Final = frozenset({"binance", "binance_archive"})  # they have no markets in US dollars
PASTS: Final = {
    name: source
    for name, source in catalog().items()
    if any(dataset.max_buckets for dataset in source.datasets.values())
}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, UTC; ``end`` is exclusive."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, days: DateRange) -> Self:
        first = datetime.combine(days.start, datetime.min.time(), UTC)
        return cls(first, datetime.combine(days.end, datetime.min.time(), UTC) + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Asked:
    """A source's dataset for ``assets``; ``skipped`` has no id there in the asset map."""

    source: Source
    dataset: str
    past: Dataset
    assets: tuple[str, ...]
    skipped: tuple[str, ...]
    quote: str
    interval: str
    span: Span
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
        """Raise ``BadConfiguration``, each with its code, for what cannot be asked.

        bad_source, no_key, bad_interval, config_empty, config_duplicate, unknown_asset.
        """
        named = _source(source, config)
        dataset, past = next(item for item in named.datasets.items() if item[1].max_buckets)
        _check_interval(interval, named, past)
        symbols = _symbols(assets, config)
        listed = tuple(symbol for symbol in symbols if named.owner in config.assets[symbol])
        return cls(
            source=named,
            dataset=dataset,
            past=past,
            assets=listed,
            skipped=tuple(symbol for symbol in symbols if symbol not in listed),
            quote=(quote or ("USDT" if source in TETHER_VENUES else "USD")).upper(),
            interval=interval,
            span=Span.of(days),
            refresh=refresh,
        )


def _source(name: str, config: LakeConfig) -> Source:
    if name not in PASTS or name not in config.sources:
        known = sorted(set(PASTS) & set(config.sources))
        raise BadConfiguration(
            f"bad_source: {name[:80]!r} has no past to fetch{_nearest(name, known)}; "
            f"use one of {', '.join(known)}"
        )
    if name in KEYED and not config.sources[name].api_key_parameter:
        raise BadConfiguration(
            f"no_key: {name} answers nobody without a key; "
            f"set {name}_api_key and {name}_api_key_version and deploy"
        )
    return PASTS[name]


def _check_interval(interval: str, source: Source, past: Dataset) -> None:
    intervals.duration(interval)
    if interval not in past.max_buckets:
        raise BadConfiguration(
            f"bad_interval: {source.name} has no past by {interval}; use one of {', '.join(past.max_buckets)}"
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
                f"unknown_asset: there is no asset {symbol[:80]!r}{_nearest(symbol, config.assets)}; "
                "add it to assets, or name one that is there"
            )
    return symbols


def _nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
