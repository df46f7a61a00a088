"""What Lambda's environment gives every function, before any of them is imported."""

import os

import pytest
from hypothesis import settings

os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "coinlake")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

# Speed is measured by `make bench`; a busy machine must not fail a property. CI tries twice as many examples.
settings.register_profile("coinlake", deadline=None, max_examples=100 if os.environ.get("CI") else 50)
settings.load_profile("coinlake")

# The longest first: a worker that came to them last would be waited for by the others.
LONGEST = ("tests/e2e/", "tests/contract/test_terraform_tests.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The deployed stack and Terraform's own tests come first; `--no-loadscope-reorder` keeps it so."""
    items.sort(
        key=lambda item: next((n for n, name in enumerate(LONGEST) if name in item.nodeid), len(LONGEST))
    )
