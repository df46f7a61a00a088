"""What an environment's variables come to, computed by Terraform itself.

The variables with their defaults and validations, and what follows from nothing else, are planned in a
folder of their own. That takes a fifth of a second and needs no provider, state, network or AWS account.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from coinlake.errors import CoinlakeError
from ops.deploy.terraform import variable_file
from ops.deploy.tfvars import TERRAFORM
from ops.paths import ROOT
from ops.preflight.findings import Finding, Level
from ops.preflight.quota import Grant, PlannedFeed
from tools.build import PACKAGES
from tools.terraform import terraform_environment, terraform_executable

_FILES: Final = ("variables*.tf", "sources.tf", "feeds.tf")
_DECLARATIONS: Final = [
    Path("layers", "coinlake", "python", "coinlake", name) for name in ("sources.json", "tables.json")
]
_OUTPUT: Final = """
output "evaluation" {
  value = {
    run_seconds = var.function_timeout_seconds
    deployment = {
      environment     = var.environment
      region          = var.region
      runtime         = var.python_runtime
      architecture    = var.architecture
      mailed          = distinct(concat(var.alert_emails, coalesce(var.operations_emails, [])))
      secrets = merge(
        { for source, version in local.key_versions : "${source}_api_key" => version },
        { load_postgres_url = try(var.load.postgres.url_version, 0) },
      )
      reserved        = sum(concat([0], values(var.reserved_concurrency)))
      backfills       = var.backfill_concurrency
      public_site     = var.enable_dashboard && var.dashboard_public
      image_tag       = var.enable_stream ? var.stream.image_tag : null
      own_network     = var.enable_stream && length(var.stream.subnet_ids) == 0
      zones_left_out  = local.zones_without_fargate
      readers         = length(var.readers)
      warehouses      = [for name, target in var.load : name if try(target.create, false)]
    }
    feeds = local.feeds
    grants = {
      for source, has in local.catalog : source => {
        title               = has.title
        requests_per_minute = has.requests_per_minute
        credits_per_month   = local.credits_per_month[source]
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the checks of machine and account look at; terraform/variables*.tf says what each is."""

    environment: str
    region: str
    runtime: str
    architecture: str
    mailed: tuple[str, ...]
    secrets: Mapping[str, int]  # variable to version, 0 where there is none
    reserved: int
    backfills: int
    public_site: bool
    image_tag: str | None
    own_network: bool
    zones_left_out: tuple[str, ...]
    readers: int
    warehouses: tuple[str, ...]  # that coinlake makes


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The feeds, what their sources grant, and the rest; all empty where a finding is an error."""

    findings: tuple[Finding, ...]
    deployment: Deployment | None = None
    feeds: tuple[PlannedFeed, ...] = ()
    grants: Mapping[str, Grant] = field(default_factory=dict)
    run_seconds: int = 0

    @classmethod
    def of(cls, tfvars: Path, variables: Mapping[str, Any], env: Mapping[str, str] = os.environ) -> Self:
        """``variables`` win over the file ``tfvars``; ``env`` has TF_VAR_… for secrets.

        What Terraform refuses or warns of are findings; ``CoinlakeError`` where it fails otherwise.
        """
        with tempfile.TemporaryDirectory() as folder:
            root = _copy(Path(folder))
            more = variable_file(root / "more.tfvars.json", {**variables, "packages": "packages"})
            inputs = [f"-var-file={path.resolve()}" for path in (tfvars, more)]
            planned = _terraform(root, env, "plan", "-json", "-input=false", "-out=plan", *inputs)
            findings = tuple(_findings(planned.stdout))
            if any(finding.level is Level.ERROR for finding in findings):
                return cls(findings)
            shown = _terraform(root, env, "show", "-json", "plan")
        if planned.returncode or shown.returncode:
            raise CoinlakeError(f"terraform cannot evaluate the variables: {planned.stderr[-500:].strip()}")
        value = json.loads(shown.stdout)["planned_values"]["outputs"]["evaluation"]["value"]
        return cls(
            findings,
            Deployment(**value["deployment"]),
            tuple(_feed(name, feed) for name, feed in value["feeds"].items()),
            {source: Grant(**grant) for source, grant in value["grants"].items()},
            value["run_seconds"],
        )


def _copy(folder: Path) -> Path:
    """The files that need no provider, at the same places; returns Terraform's folder."""
    root = folder / TERRAFORM.name
    (root / "packages").mkdir(parents=True)
    for name in PACKAGES:
        (root / "packages" / f"{name}.zip").touch()  # what a validation looks for
    for file in (file for pattern in _FILES for file in TERRAFORM.glob(pattern)):
        shutil.copy(file, root)
    for file in _DECLARATIONS:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, folder / file)
    (root / "evaluation.tf").write_text(_OUTPUT)
    return root


def _terraform(root: Path, env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [terraform_executable(), f"-chdir={root}", *arguments],
        env=terraform_environment(env) | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def _findings(lines: str) -> Iterator[Finding]:
    """Terraform's diagnostics, without the place of the validation."""
    for line in lines.splitlines():
        diagnostic = json.loads(line).get("diagnostic")
        if diagnostic:
            text = diagnostic.get("detail") or diagnostic["summary"]
            yield Finding(Level(diagnostic["severity"]), text.split("\n\nThis was checked by")[0].strip())


def _feed(name: str, feed: Mapping[str, Any]) -> PlannedFeed:
    return PlannedFeed(
        name=name,
        source=feed["source"],
        dataset=feed["dataset"],
        schedule=feed["schedule"],
        assets=len(feed["assets"]),
        top=feed["top"],
        lookback=feed["lookback"],
        enabled=feed["enabled"],
    )
