"""Which windows the lake holds already, told from the names of its objects."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from coinlake.config import LakeConfig
from coinlake.keys import LedgerKey, RawKey, Slot, ledger_prefix, raw_prefix
from coinlake.stores import ObjectStore
from ops.backfill.plan import Piece, Plan

_THREADS: Final = 8  # S3 answers in tens of milliseconds, and botocore keeps ten connections


def in_raw(raw: ObjectStore, plan: Plan, config: LakeConfig) -> frozenset[Piece]:
    """The windows that no call is needed for; none of a plan that asks again for what is there."""
    if plan.refresh:
        return frozenset()
    return _held(raw, {piece: piece.request(config).key for piece in plan.pieces})


def committed(lake: ObjectStore, plan: Plan, config: LakeConfig) -> frozenset[Piece]:
    """The windows whose rows are in the lake."""
    return _held(lake, {piece: piece.request(config).key.ledger() for piece in plan.pieces})


def _held(store: ObjectStore, keys: Mapping[Piece, RawKey | LedgerKey]) -> frozenset[Piece]:
    """One listing for each end of a window: all assets' windows with that end lie side by side."""
    prefixes = sorted({_prefix(key) for key in keys.values()})
    with ThreadPoolExecutor(_THREADS) as pool:
        listed = pool.map(lambda prefix: list(store.keys(prefix)), prefixes)
    names = {name for found in listed for name in found}
    return frozenset(piece for piece, key in keys.items() if str(key) in names)


def _prefix(key: RawKey | LedgerKey) -> str:
    """What the keys of a source's windows with the same end have in common."""
    folder = raw_prefix if isinstance(key, RawKey) else ledger_prefix
    return f"{folder(key.source, key.dataset, key.slot.dt)}{Slot(key.slot.time)}."
