"""What no plan shows of what real AWS needs: order, replacement, what the docs tell to type."""

import re
from pathlib import Path
from typing import Any

import hcl2
import pytest

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"


def resource(file: str, kind: str, name: str) -> dict[str, Any]:
    """A resource's block as python-hcl2 reads it."""
    for entry in hcl2.loads((TERRAFORM / file).read_text())["resource"]:
        block = entry.get(f'"{kind}"', entry.get(kind, {}))
        if value := block.get(f'"{name}"', block.get(name)):
            return dict(value)
    raise AssertionError(f"{file} has no {kind}.{name}")


@pytest.mark.parametrize(("file", "name"), [("keys.tf", "api_key"), ("load.tf", "load_url")])
def test_a_changed_key_makes_a_parameter_anew_for_an_update_would_send_an_empty_value(
    file: str, name: str
) -> None:
    [lifecycle] = resource(file, "aws_ssm_parameter", name)["lifecycle"]
    assert "terraform_data.parameter_key" in str(lifecycle["replace_triggered_by"])
    assert "kms_key_arn" in str(resource("keys.tf", "terraform_data", "parameter_key")["input"])
    assert "description" in str(lifecycle["ignore_changes"])


def test_secrets_are_asked_for_by_their_parameter_not_by_their_variable_so_that_destroy_does_not_ask() -> (
    None
):
    blocks = {
        name.strip('"'): block
        for file in TERRAFORM.glob("variables*.tf")
        for entry in hcl2.loads(file.read_text())["variable"]
        for name, block in entry.items()
    }
    secret = {name for name, block in blocks.items() if block.get("ephemeral")}
    assert secret == {"coingecko_api_key", "coincap_api_key", "coindesk_api_key", "load_postgres_url"}
    assert not any(blocks[name].get("validation") for name in secret)


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
