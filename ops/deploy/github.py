"""Who GitHub's workflows are on AWS: terraform/github, one state for each environment."""

import json
from collections.abc import Mapping
from typing import Any, Final

from coinlake.errors import BadConfiguration
from ops.aws import Aws
from ops.deploy import state_bucket
from ops.deploy.terraform import Terraform, variable_file
from ops.deploy.tfvars import TERRAFORM, Settings
from ops.paths import BUILD

ROOT: Final = TERRAFORM / "github"
PROVIDER: Final = "token.actions.githubusercontent.com"


def terraform(environment: str, aws: Aws) -> Terraform:
    """Terraform of the environment's roles, its state connected, ready to plan."""
    settings, bucket = Settings.load(environment), state_bucket.require(aws, environment)
    _check_name(environment)
    data = BUILD / "terraform" / f"github-{environment}"
    file = variable_file(data.with_suffix(".tfvars.json"), {})
    ready = Terraform(environment, data, [ROOT / "github.tfvars", file], aws.environment, root=ROOT)
    ready.init(state_bucket.backend(bucket, aws.region, f"github/{environment}"))
    variables = {
        "environment": environment,
        "region": aws.region,
        "state_bucket": bucket,
        "features": features(settings.values),
        "create_provider": ready.outputs().get("create_provider", False) or not _has_provider(aws),
    }
    variable_file(file, variables)
    return ready


def features(values: Mapping[str, Any]) -> list[str]:
    """What the environment's file turns on that the deploy role needs more rights for."""
    switches = {
        "budget": values["monthly_budget_usd"] is not None,
        "dashboard": values["enable_dashboard"] and values["dashboard_public"],
        "keys": values["customer_managed_keys"],
        "orchestrator": values["enable_orchestrator"],
        "readers": values["readers"],
        "spark": values["enable_spark"],
        "stream": values["enable_stream"],
        "warehouse": any((target or {}).get("create") for target in (values.get("load") or {}).values()),
    }
    return [feature for feature, on in switches.items() if on]


def next_steps(environment: str, outputs: Mapping[str, Any], region: str) -> list[str]:
    """What is to be set on GitHub and in the environment's file."""
    boundary = json.dumps(outputs["permissions_boundary"])
    return [
        f"in terraform/environments/{environment}.tfvars set permissions_boundary = {boundary}",
        f"on GitHub make the environments {environment}-plan and {environment}, the latter with reviewers",
        f"in both set the variables AWS_REGION = {region} and AWS_PLAN_ROLE = {outputs['plan_role']}, "
        f"AWS_DEPLOY_ROLE = {outputs['deploy_role']}",
        f"API keys are secrets of {environment} alone; docs/ci.md names them",
    ]


def _check_name(environment: str) -> None:
    """Rights go by the beginning of names: coinlake-dev-* would be coinlake-dev-eu-raw too."""
    others = [file.stem for file in (TERRAFORM / "environments").glob("*.tfvars")]
    for other in others:
        if other.startswith(f"{environment}-") or environment.startswith(f"{other}-"):
            raise BadConfiguration(
                f"environment_names: the roles of {environment} and {other} could touch each other's "
                "resources, for one name begins with the other and a hyphen; rename one"
            )


def _has_provider(aws: Aws) -> bool:
    found = aws.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    return any(provider["Arn"].endswith(f"/{PROVIDER}") for provider in found)
