"""Every check, in order; what stops a deployment."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from coinlake.errors import CoinlakeError
from ops.aws import Aws
from ops.preflight import account, machine, quota
from ops.preflight.evaluation import Evaluation
from ops.preflight.findings import Finding, Level
from ops.preflight.quota import Usage


class PreflightFailed(CoinlakeError):
    """A check found what cannot work; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks found, and what the feeds request of each source (empty where that is not known)."""

    findings: tuple[Finding, ...]
    usage: Mapping[str, Usage] = field(default_factory=dict)

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.ERROR]


def run(
    tfvars: Path,
    variables: Mapping[str, Any] | None = None,
    aws: Aws | None = None,
    env: Mapping[str, str] = os.environ,
) -> Report:
    """Check the environment that the file describes; ``variables`` win over it, ``env`` has TF_VAR_….

    Without ``aws`` nothing is asked of a network; with it also what the account says, embedded or real.
    """
    evaluated = Evaluation.of(tfvars, variables or {}, env)
    findings = [*evaluated.findings]
    findings += quota.check(evaluated.feeds, evaluated.grants, evaluated.run_seconds)
    if evaluated.deployment:
        findings += machine.check_secrets(evaluated.deployment, variables or {}, env)
        if aws:
            findings += machine.check(evaluated.deployment, embedded=aws.is_embedded)
            findings += account.check(aws, evaluated.deployment, evaluated.feeds)
    return Report(tuple(findings), quota.usage(evaluated.feeds, evaluated.grants))


def require(
    tfvars: Path,
    variables: Mapping[str, Any] | None = None,
    aws: Aws | None = None,
    env: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """Run the checks; returns the variables that Terraform is given beside, for its output ``quota``.

    Raise ``PreflightFailed`` with every error.
    """
    report = run(tfvars, variables, aws, env)
    if report.errors:
        raise PreflightFailed("; ".join(map(str, report.errors)))
    return {"quota_used": {source: asdict(usage) for source, usage in report.usage.items()}}
