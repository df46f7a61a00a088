"""The tables that refine makes of others, a module each, in the order in which they are computed."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Final, Protocol

import pyarrow as pa

from refine.parts import Part


class Derived(Protocol):
    """What a module of a derived table offers; functions/refine/README.md tells more."""

    @staticmethod
    def partitions(changed: Set[Part], existing: Callable[[str], list[str]]) -> list[Part]: ...

    @staticmethod
    def inputs(part: Part, changed: Set[Part]) -> list[Part]: ...

    @staticmethod
    def derive(part: Part, parts: Mapping[str, pa.Table]) -> pa.Table: ...


DERIVED: Final[Sequence[Derived]] = ()
