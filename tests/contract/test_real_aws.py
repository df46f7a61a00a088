"""What no plan shows of what real AWS needs: order, replacement, what the docs tell to type."""

import re
from pathlib import Path
from typing import Any

import hcl2

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"


def resource(file: str, kind: str, name: str) -> dict[str, Any]:
    """A resource's block as python-hcl2 reads it."""
    for entry in hcl2.loads((TERRAFORM / file).read_text())["resource"]:
        block = entry.get(f'"{kind}"', entry.get(kind, {}))
        if value := block.get(f'"{name}"', block.get(name)):
            return dict(value)
    raise AssertionError(f"{file} has no {kind}.{name}")


def test_a_changed_key_makes_an_api_keys_parameter_anew_for_an_update_would_send_an_empty_value() -> None:
    [lifecycle] = resource("keys.tf", "aws_ssm_parameter", "api_key")["lifecycle"]
    assert "terraform_data.parameter_key" in str(lifecycle["replace_triggered_by"])
    assert "kms_key_arn" in str(resource("keys.tf", "terraform_data", "parameter_key")["input"])


def test_a_key_is_asked_for_by_the_parameter_not_by_its_variable_so_that_destroy_does_not_ask() -> None:
    variables = hcl2.loads((TERRAFORM / "variables_sources.tf").read_text())["variable"]
    keys = {
        name.strip('"'): block for entry in variables for name, block in entry.items() if "_api_key" in name
    }
    secret = {name for name, block in keys.items() if block.get("ephemeral")}
    assert secret == {"coingecko_api_key", "coincap_api_key", "coindesk_api_key"}
    assert not any(keys[name].get("validation") for name in secret)


def test_the_collector_starts_after_its_rights_and_its_way_out_and_the_alarms_after_the_collector() -> None:
    service = str(resource("stream.tf", "aws_ecs_service", "stream")["depends_on"])
    for needed in (
        "aws_iam_role_policy.stream",
        "aws_iam_role_policy.stream_start",
        "aws_route_table_association.stream",
        "aws_vpc_security_group_egress_rule.stream",
    ):
        assert re.search(rf"{re.escape(needed)}\b(?!_)", service), needed
    alarm = resource("stream.tf", "aws_cloudwatch_metric_alarm", "stream")
    assert "aws_ecs_service.stream" in str(alarm["depends_on"])


def test_the_image_is_pushed_as_one_manifest_and_an_intel_machine_is_told_what_it_needs() -> None:
    text = (ROOT / "docs" / "stream.md").read_text()
    assert "docker build --platform linux/arm64 --provenance=false" in text
    assert "binfmt" in text
