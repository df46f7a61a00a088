"""Which windows raw holds already, told from the names of its objects."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from coinlake.config import LakeConfig
from coinlake.keys import RawKey, Slot, raw_prefix
from coinlake.stores import ObjectStore
from ops.backfill.pieces import Piece, Plan

_THREADS: Final = 8  # S3 answers in tens of milliseconds, and botocore keeps ten connections


def already(raw: ObjectStore, plan: Plan, config: LakeConfig) -> frozenset[Piece]:
    """The windows that no call is needed for; none of a plan that asks again for what is there.

    One listing for each end of a window: all assets' windows with that end lie side by side.
    """
    if plan.refresh:
        return frozenset()
    keys = {piece: piece.request(config).key for piece in plan.pieces}
    prefixes = sorted({_prefix(key) for key in keys.values()})
    with ThreadPoolExecutor(_THREADS) as pool:
        listed = pool.map(lambda prefix: list(raw.keys(prefix)), prefixes)
    stored = {name for names in listed for name in names}
    return frozenset(piece for piece, key in keys.items() if str(key) in stored)


def _prefix(key: RawKey) -> str:
    """What the keys of a source's windows with the same end have in common."""
    return f"{raw_prefix(key.source, key.dataset, key.slot.dt)}{Slot(key.slot.time)}."
