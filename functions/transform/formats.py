"""What a dataset that comes as lines tells of itself; how it is read is in ``lines``."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from coinlake.keys import RawKey
from transform.fields import Field
from transform.ordering import Layout

Symbol = Callable[[str], str]


class Fault(NamedTuple):
    """A code, the column at fault, and a boolean column: which rows have it."""

    code: str
    field: str
    rows: pa.Array


class Format(Protocol):
    """What the lines of one dataset are, and where their rows go."""

    @property
    def table(self) -> str: ...

    @property
    def layout(self) -> Layout: ...

    @property
    def fields(self) -> Mapping[str, Field]: ...

    def check(self, line: Any) -> None:
        """``Unreadable`` unless the decoded line is of this format."""
        ...

    def new_names(self, line: Any) -> set[str]:
        """The names in a line of this format that it does not know."""
        ...

    def columns(self, values: Mapping[str, pa.Array], symbol: Symbol) -> dict[str, pa.Array]:
        """The table's columns from the ``fields``' values; ``symbol`` maps the source's asset ids."""
        ...

    def faults(self, columns: Mapping[str, pa.Array], key: RawKey) -> Iterator[Fault]:
        """What can be wrong with a row, besides the types of its values."""
        ...
