from datetime import timedelta

import pytest

from ops.status_view import duration, size


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_500_000, "1.4 MiB"), (1 << 40, "1.0 TiB")],
)
def test_bytes_read_in_the_nearest_unit(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(seconds=35), "35 s"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=3.5), "3.5 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_ages_read_in_the_nearest_unit(span, text):
    assert duration(span) == text
