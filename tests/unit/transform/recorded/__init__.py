"""What each source answered: one module a source, found by its name in sources.json.

``SAMPLES`` are answers with rows, ``ERRORS`` the source's errors, ``WITHOUT_ROWS`` answers that have none,
``TABLES`` the table of each dataset that comes as documents, ``LIVE`` the frames of the others.
"""

from importlib import import_module

from coinlake.sources import catalog

_MODULES = {source: import_module(f"{__name__}.{source}") for source in catalog()}
SAMPLES = {sample.file: sample for module in _MODULES.values() for sample in module.SAMPLES}
ERRORS = [sample for module in _MODULES.values() for sample in module.ERRORS]
WITHOUT_ROWS = [sample for module in _MODULES.values() for sample in module.WITHOUT_ROWS]
TABLES = {
    (source, dataset): table
    for source, module in _MODULES.items()
    for dataset, table in module.TABLES.items()
}
LIVE = {
    (source, dataset): frames
    for source, module in _MODULES.items()
    for dataset, frames in getattr(module, "LIVE", {}).items()
}
