"""What the plan costs, and that docs/costs.md says so."""

import pytest

from ops.cost import report
from tools.terraform import TerraformMissing, terraform_executable

pytestmark = pytest.mark.xdist_group("terraform")


def test_the_plan_keeps_to_its_limits_and_the_page_is_what_make_cost_writes() -> None:
    try:
        terraform_executable()
    except TerraformMissing as missing:
        pytest.skip(str(missing))
    costs = report.costs()
    assert list(costs.problems()) == []
    assert set(costs.options) == {
        *("enable_stream", "enable_dashboard", "customer_managed_keys"),
        *("load_postgres", "load_postgres_create", "load_redshift_create"),
        "load_snowflake",
    }
    assert report.PAGE.read_text() == report.page(costs), "docs/costs.md is older than the plan: `make cost`"
