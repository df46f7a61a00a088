"""The tables that refine makes of others, a module each, in the order in which they are computed."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Final, Protocol

import pyarrow as pa

from refine.parts import Part
from refine.tables import asset_days, latest, market_days, spreads


class Derived(Protocol):
    """What a module of a derived table offers; functions/refine/README.md tells more."""

    def partitions(self, changed: Set[Part], existing: Callable[[str], list[str]], /) -> list[Part]: ...

    def inputs(self, part: Part, changed: Set[Part], /) -> list[Part]: ...

    def derive(self, part: Part, parts: Mapping[str, pa.Table], /) -> pa.Table: ...


DERIVED: Final[Sequence[Derived]] = (asset_days, spreads, market_days, latest)
