import pytest

from coinlake.errors import BadConfiguration
from coinlake.queues import DeadLetterQueues
from notify.settings import Settings


class Asked(dict[str, str]):
    """An environment that answers every question and remembers its name."""

    def get(self, name, default=None):
        self[name] = "1"
        return "1"


def test_settings_read_exactly_these_names():
    asked = Asked()
    Settings.from_env(asked)
    assert sorted(asked) == [
        "ALERTS_TOPIC_ARN",
        "CONFIG_BUCKET",
        "CONFIG_KEY",
        "DEAD_LETTER_QUEUES",
        "LAKE_BUCKET",
        "STATE_TABLE",
    ]


def test_dead_letter_queues_are_stage_and_url():
    assert DeadLetterQueues.from_json(None, '{"ingest": "https://q"}').urls == {"ingest": "https://q"}


@pytest.mark.parametrize("text", ["", "1", "[]", '"x"', "{"])
def test_anything_but_an_object_is_refused(text):
    with pytest.raises(BadConfiguration, match="DEAD_LETTER_QUEUES"):
        DeadLetterQueues.from_json(None, text)
