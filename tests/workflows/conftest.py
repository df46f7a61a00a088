"""The repository that every test here shares."""

from collections.abc import Iterator

import pytest

from tools import workflows

from .repository import Repository, running


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    workflows.venv().install()
    with running(tmp_path_factory.mktemp("workflows")) as repository:
        yield repository
