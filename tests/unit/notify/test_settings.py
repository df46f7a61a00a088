from notify.settings import Settings


class RecordingEnvironment(dict[str, str]):
    """An environment that answers every question and remembers its name."""

    def get(self, name, default=None):
        self[name] = "1"
        return "1"


def test_settings_read_exactly_these_names():
    environment = RecordingEnvironment()
    Settings.from_env(environment)
    assert sorted(environment) == [
        "ALERTS_TOPIC_ARN",
        "CONFIG_BUCKET",
        "CONFIG_KEY",
        "DEAD_LETTER_QUEUES",
        "LAKE_BUCKET",
        "STATE_TABLE",
    ]
