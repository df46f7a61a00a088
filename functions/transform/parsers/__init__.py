"""Which reader reads which raw object.

To add a source, add a module of its name here. Its ``DATASETS`` maps each dataset to its reader. A module
is imported with the first object of its source, so that a cold start pays for one source only.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module

from coinlake.sources import catalog, protocol
from transform.model import Reader


def reader_of(source: str, dataset: str) -> Reader | None:
    """The reader of a source's dataset; None where no parser reads it."""
    return datasets(source).get(dataset)


@cache
def datasets(source: str) -> Mapping[str, Reader]:
    """The readers of a source by dataset; none for a source that sources.json does not declare."""
    module = protocol(source)
    if module not in catalog():
        return {}
    declared: Mapping[str, Reader] = import_module(f"{__name__}.{module}").DATASETS
    return declared
