"""Which windows the lake holds already, by the names of its objects."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from coinlake.config import LakeConfig
from coinlake.keys import LedgerKey, RawKey, Slot, ledger_prefix, raw_prefix
from coinlake.sources import owner
from coinlake.stores import ObjectStore
from coinlake.windows import Window
from ingest.sources import registry
from ops.backfill.plan import Plan

_THREADS: Final = 8  # S3 answers in tens of milliseconds, and botocore keeps ten connections


def raw_key(window: Window, config: LakeConfig) -> RawKey:
    """Where ingest puts the window's answer."""
    asset_id = config.assets[window.asset][owner(window.source)]
    return registry.load(window.source).windows[window.dataset](window, asset_id).key


def windows_in_raw(raw: ObjectStore, plan: Plan, config: LakeConfig) -> frozenset[Window]:
    """The windows that need no call; none with ``refresh``, which requests everything again."""
    if plan.refresh:
        return frozenset()
    return _existing(raw, {window: raw_key(window, config) for window in plan.windows})


def committed_windows(lake: ObjectStore, plan: Plan, config: LakeConfig) -> frozenset[Window]:
    """The windows whose rows are in the lake."""
    return _existing(lake, {window: raw_key(window, config).ledger() for window in plan.windows})


def _existing(store: ObjectStore, keys: Mapping[Window, RawKey | LedgerKey]) -> frozenset[Window]:
    """One listing for each end of a window: all assets' windows with that end lie side by side."""
    prefixes = sorted({_prefix(key) for key in keys.values()})
    with ThreadPoolExecutor(_THREADS) as pool:
        listings = pool.map(lambda prefix: list(store.keys(prefix)), prefixes)
        names = {name for listing in listings for name in listing}
    return frozenset(window for window, key in keys.items() if str(key) in names)


def _prefix(key: RawKey | LedgerKey) -> str:
    """What the keys of a source's windows with the same end have in common."""
    folder = raw_prefix if isinstance(key, RawKey) else ledger_prefix
    return f"{folder(key.source, key.dataset, key.slot.dt)}{Slot(key.slot.time)}."
