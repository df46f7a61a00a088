"""The tables that refine makes of others, a module each, in the order in which they are computed."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Final, Protocol

import pyarrow as pa

from coinlake.keys import Partition
from refine.partitions import TablePartition
from refine.tables import asset_days, latest, market_days, spreads


class DerivedTable(Protocol):
    """What the module of a derived table offers; functions/refine/README.md explains each function."""

    def partitions(
        self, changed: Set[TablePartition], existing: Callable[[str], list[Partition]], /
    ) -> list[TablePartition]: ...

    def inputs(self, partition: TablePartition, changed: Set[TablePartition], /) -> list[TablePartition]: ...

    def derive(self, partition: TablePartition, inputs: Mapping[str, pa.Table], /) -> pa.Table: ...


DERIVED: Final[Sequence[DerivedTable]] = (asset_days, spreads, market_days, latest)
