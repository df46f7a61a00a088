import pytest

from coinlake.errors import BadConfiguration
from coinlake.queues import DeadLetterQueues


def test_dead_letter_queues_are_stage_and_url():
    assert DeadLetterQueues.from_json(None, '{"ingest": "https://q"}').urls == {"ingest": "https://q"}


@pytest.mark.parametrize("text", ["", "1", "[]", '"x"', "{"])
def test_anything_but_an_object_is_refused(text: str):
    with pytest.raises(BadConfiguration, match="DEAD_LETTER_QUEUES"):
        DeadLetterQueues.from_json(None, text)
