from datetime import UTC, datetime

import pytest

from tests.unit.transform.answers import codes, rows
from tests.unit.transform.recorded import SAMPLES

INDEX = SAMPLES["alternative_me_fng.json"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("value", None, "missing_field"),
        ("value", ..., "missing_field"),
        ("value", "", "bad_type"),
        ("value", "fear", "bad_type"),
        ("value", "38.5", "bad_type"),
        ("value", True, "bad_type"),
        ("value", "-1", "out_of_range"),
        ("value", "101", "out_of_range"),
        ("timestamp", None, "missing_field"),
        ("timestamp", "11-20-2026", "bad_type"),
        ("timestamp", "1795132800000", "bad_time"),
        ("timestamp", "1795219200", "future_time"),
        ("value_classification", None, "missing_field"),
        ("value_classification", "", "bad_text"),
    ],
)
def test_a_bad_day_is_rejected_and_its_neighbour_stays(field, value, code):
    parsed = INDEX.read(INDEX.changed("data", 0, field, to=value))
    assert codes(parsed) == [(code, 0, field)]
    assert parsed.rows_trusted == 1


@pytest.mark.parametrize("value", ["0", "100", 50])
def test_the_index_goes_from_0_to_100(value):
    assert int(value) in [
        row["value"] for row in rows(INDEX.read(INDEX.changed("data", 0, "value", to=value)))
    ]


def test_a_value_is_of_the_whole_day():
    parsed = INDEX.read(INDEX.changed("data", 1, "timestamp", to="1795064400"))
    assert rows(parsed)[0]["observed_at"] == datetime(2026, 11, 19, tzinfo=UTC)


def test_of_two_values_of_one_day_the_first_stays():
    parsed = INDEX.read(INDEX.changed("data", 1, "timestamp", to="1795132801"))
    assert codes(parsed) == [("duplicate_row", 1, "observed_at")]
    assert [row["value"] for row in rows(parsed)] == [38]


def test_what_alternative_me_adds_is_noted():
    assert INDEX.read(INDEX.changed("extra", to=1)).notes == ("new_field:extra",)
    assert INDEX.read(INDEX.changed("data", 0, "extra", to=1)).notes == ("new_field:extra",)


@pytest.mark.parametrize("value", [..., None, {}, "x"])
def test_an_answer_without_days_is_rejected_as_a_whole(value):
    assert codes(INDEX.read(INDEX.changed("data", to=value))) == [("not_a_list", None, None)]
