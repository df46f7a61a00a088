"""What Lambda's environment gives every function, before any of them is imported."""

import gc
import os
from collections.abc import Iterator
from functools import cache

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings

from tests.examples import examples

os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "coinlake")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

# Speed is measured by `make bench`; a busy machine must not fail a property.
settings.register_profile("coinlake", deadline=None, max_examples=examples(100))
settings.load_profile("coinlake")

# The longest first: a worker that came to them last would be waited for by the others. Those that mostly
# wait, the collector's, stand between those that keep a core busy.
LONGEST = (
    "tests/e2e/",
    "tests/contract/test_terraform_tests.py",
    "tests/integration/load/test_redshift.py",
    "tests/unit/ops/test_cli.py",
    "tests/integration/test_bench.py",
    "tests/integration/stream/test_chaos.py",
    "tests/integration/test_dependencies_layer.py",
    "tests/contract/test_costs.py",
    "tests/integration/stream/test_collector.py",
    "tests/integration/refine/test_faults.py",
    "tests/contract/test_permissions.py",
    "tests/dashboard/test_look.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`--no-loadscope-reorder` keeps this order."""
    items.sort(
        key=lambda item: next((n for n, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST))
    )


def pytest_collection_finish() -> None:
    """What was imported lives to the end: the garbage collector need not walk through it again."""
    gc.freeze()


def pytest_unconfigure() -> None:
    """Libraries that count their objects at the end (DuckDB's nanobind) would call them leaked."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def descriptions_of_aws_are_read_once() -> Iterator[None]:
    """Each test has sessions of boto3's own, and each would read the same megabytes of JSON."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _loader, path: read(path))
        yield
