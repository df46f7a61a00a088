"""The sources by name. Each is a file beside this one that ends in ``SOURCE``, loaded when needed."""

from importlib import import_module

from coinlake import sources
from coinlake.errors import BadConfiguration
from ingest.sources import Source


def load(name: str) -> type[Source]:
    """Raise ``BadConfiguration`` for a name that sources.json does not declare."""
    declared = sources.source(name)
    source: type[Source] = import_module(f"{__package__}.{declared.name}").SOURCE
    return source


def load_with_past(name: str, dataset: str) -> type[Source]:
    """A source that can be asked for a dataset's past; ``BadConfiguration`` names those there are."""
    catalog = sources.catalog()
    if name not in catalog or dataset not in past_datasets(name):
        known = ", ".join(f"{source}'s {past}" for source in catalog for past in past_datasets(source))
        raise BadConfiguration(f"there is no past of {name[:80]}'s {dataset[:80]}; there is {known}")
    return load(name)


def past_datasets(name: str) -> list[str]:
    """The datasets whose windows of buckets a source can be asked for."""
    return [dataset for dataset, facts in sources.source(name).datasets.items() if facts.max_buckets]
