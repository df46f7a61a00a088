"""The events that load takes."""

import pytest

from coinlake.errors import BadConfiguration, BadEvent, BadKey
from coinlake.keys import Partition
from load.settings import Settings
from load.stage import LoadRequest

KNOWN = ["candles", "quotes"]


def test_a_schedules_event_is_about_every_table() -> None:
    request = LoadRequest.from_event({"load": "2026-11-20T00:00:00Z"}, KNOWN)
    assert request == LoadRequest(tables=("candles", "quotes"))


def test_messages_of_a_queue_ring_for_every_table_whatever_they_say() -> None:
    messages = {"Records": [{"body": "{}"}, {"body": "no JSON"}]}
    assert LoadRequest.from_event(messages, KNOWN) == LoadRequest(tables=("candles", "quotes"))


def test_an_event_by_hand_names_tables_and_a_partition() -> None:
    event = {"load": "now", "tables": ["quotes"], "partition": "dt=2026-11-20", "again": True}
    request = LoadRequest.from_event(event, KNOWN)
    assert (request.tables, request.partition, request.again) == (
        ("quotes",),
        Partition("dt=2026-11-20"),
        True,
    )


@pytest.mark.parametrize("event", [None, [], {}, {"refine": "now"}])
def test_what_is_no_event_of_load_is_refused(event: object) -> None:
    with pytest.raises(BadEvent, match="bad_event"):
        LoadRequest.from_event(event, KNOWN)


def test_a_table_that_is_not_loaded_is_named() -> None:
    with pytest.raises(
        BadEvent, match="'trades' is not loaded into this warehouse; those are candles, quotes"
    ):
        LoadRequest.from_event({"load": "now", "tables": ["trades"]}, KNOWN)


def test_what_is_no_partition_is_refused() -> None:
    with pytest.raises(BadKey):
        LoadRequest.from_event({"load": "now", "partition": "2026"}, KNOWN)


def test_settings_name_what_is_missing_or_broken() -> None:
    env = {
        **{"LAKE_BUCKET": "lake", "STATE_TABLE": "state", "TABLES": "candles,quotes"},
        **{"WAREHOUSE": "postgres", "OPTIONS": '{"url_parameter": "/p/url"}'},
    }
    options = {"url_parameter": "/p/url"}
    assert Settings.from_env(env) == Settings("lake", "state", ("candles", "quotes"), "postgres", options)
    with pytest.raises(BadConfiguration, match="WAREHOUSE is not set"):
        Settings.from_env({**env, "WAREHOUSE": ""})
    with pytest.raises(BadConfiguration, match="OPTIONS is no JSON"):
        Settings.from_env({**env, "OPTIONS": "{"})
