"""A new source is its entry in sources.json and its own files: nothing else names a source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from coinlake.sources import catalog

from .python_files import ROOT, python_files, texts

# Longest first: binance_archive is not binance.
NAME = re.compile(rf"(?<![a-z])(?:{'|'.join(sorted(catalog(), key=len, reverse=True))})(?![a-z])")

# What names a source on purpose, and why. Adding a source changes none of them but the defaults.
ALLOWED = {
    # Defaults: what is collected, and what the sources call the default assets.
    "terraform/variables_feeds.tf",
    "terraform/variables_sources.tf",
    # Settings that there have always been: CoinGecko's plan, three sources' keys, Coinbase's streams.
    "terraform/sources.tf",
    "terraform/feeds.tf",
    "terraform/keys.tf",
    "terraform/variables_stream.tf",
    "terraform/stream.tf",
    "terraform/tables.tf",
    "functions/stream/config.py",
    "ops/deploy/environments.py",
    # The one source of a table or a picture.
    "functions/notify/messages/digest.py",
    "functions/refine/dashboard/publisher.py",
    "ops/verify/marker.py",
    # What the demo shows, and examples in --help.
    "ops/demo/demo.py",
    "ops/demo/report.py",
    "ops/demo/year.py",
    "ops/commands/backfill.py",
    "ops/commands/replay.py",
    "simulator/__main__.py",
    # The venues that the simulated market is measured by, and where pictures of coins lie.
    "simulator/market/venues.py",
    "simulator/market/coins.py",
}


def naming() -> Iterator[str]:
    """The files that name a source, but for a source's own."""
    for path, tree in python_files("functions", "ops", "simulator", "layers/coinlake/python"):
        imported = (
            f"{node.module or ''} {alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        )
        named = [*(text.value for text in texts(tree)), *imported]
        if not is_a_sources_own(path) and any(map(NAME.search, named)):
            yield str(path)
    for file in sorted((ROOT / "terraform").rglob("*.tf")):
        if NAME.search(re.sub(r"(?m)(^|\s)#.*$", "", file.read_text())):
            yield str(file.relative_to(ROOT))


def is_a_sources_own(path: Path) -> bool:
    """Whether a file, or a folder that it lies in, has a source's name."""
    return bool({*path.parts, path.stem} & set(catalog()))


def test_no_file_but_a_sources_own_names_it() -> None:
    assert sorted(set(naming()) - ALLOWED) == []


def test_every_file_that_may_name_a_source_still_does() -> None:
    assert sorted(ALLOWED - set(naming())) == []
