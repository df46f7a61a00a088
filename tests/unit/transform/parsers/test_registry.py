"""Parsers are found by their source's name, and imported one at a time."""

import subprocess
import sys

import pytest

from coinlake.sources import catalog
from transform.parsers import datasets, reader_of


@pytest.mark.parametrize("source", catalog())
def test_each_declared_source_has_a_parser_of_its_name(source):
    assert datasets(source)


def test_a_source_that_is_not_declared_has_no_reader():
    assert reader_of("nowhere", "quotes") is None


@pytest.mark.parametrize("source", catalog())
def test_reading_one_source_imports_no_other(source):
    code = f"""
import sys
from transform.parsers import datasets
datasets({source!r})
print(*{{name.split(".")[2] for name in sys.modules if name.startswith("transform.parsers.")}})
"""
    environment = {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {source, catalog()[source].owner}
