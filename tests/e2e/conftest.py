"""The deployed stack: the real Terraform, zips and layers on the embedded AWS, once for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local import lifecycle as local
from ops.local.laptop import Laptop
from ops.local.mailbox import Mailbox
from ops.repair.schedules import set_schedule
from ops.stack import Stack

from .lake import REDELIVERED_SECONDS, Lake
from .ports import free_ports

OVERRIDES = {"coingecko_plan": "demo"}
API_KEY = "CG-sentinel-e2e-0123456789"  # passed as a user passes it, and to be found nowhere


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A laptop of the tests' own: its folder and ports are nobody else's."""
    own = Laptop(Path(tmp_path_factory.mktemp("laptop")), free_ports())
    try:
        yield own
    finally:
        local.down(own, wipe=False)


@pytest.fixture(scope="session")
def stack(laptop: Laptop) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TF_VAR_coingecko_api_key", API_KEY)
        yield local.up(laptop, live=False, overrides=OVERRIDES)


@pytest.fixture(scope="session")
def lake(stack: Stack) -> Lake:
    """The lake with a mailbox, after its schedules have fired, and then paused: now tests drive it."""
    lake = Lake(stack, Mailbox.open(stack))
    sources = {feed.source for feed in stack.feeds()}
    lake.wait(
        f"{', '.join(sorted(sources))} to land by their schedules",
        lambda: lake.scheduled_sources() >= sources,
    )
    for feed in stack.feeds():
        set_schedule(stack, feed.name, enabled=False)
    lake.wait("the last runs to end", lake.at_rest, REDELIVERED_SECONDS)
    lake.settle()
    return lake
