import pytest

from ops.exchanges import next_shock

BACK = pytest.approx(-9.0909, abs=1e-3)


@pytest.mark.parametrize(
    ("before", "percent"),
    [([], 10), ([10], BACK), ([10, -9.090909], 10), ([10, -9.090909, 10], BACK)],
)
def test_each_demo_moves_the_price_the_other_way(before, percent):
    assert next_shock(before, 10) == percent
