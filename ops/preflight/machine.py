"""What can be checked without an account: Terraform, the runtime, addresses of mails, keys."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ops.preflight.evaluation import Deployment
from ops.preflight.findings import Finding, Level
from tools.terraform import terraform_executable

# Amazon Linux 2023, glibc 2.34: what the layer's wheels need. python3.11 is Amazon Linux 2 (glibc 2.26),
# and AWS creates no function with it any more. Source: AWS Lambda Developer Guide, "Lambda runtimes".
RUNTIMES: Final = ("python3.12", "python3.13")


def check(deployment: Deployment, *, embedded: bool) -> Iterator[Finding]:
    """Terraform, mails, and on AWS the runtime: an embedded AWS runs whatever Python there is."""
    yield Finding(Level.OK, f"Terraform {_terraform_version()}")
    if not embedded:
        yield from _runtime(deployment)
    yield from _mails(deployment)


def _runtime(deployment: Deployment) -> Iterator[Finding]:
    if deployment.runtime not in RUNTIMES:
        yield Finding(
            Level.ERROR,
            f"AWS makes no function with {deployment.runtime}, whose system is too old for the layer",
            f'set python_runtime = "{RUNTIMES[-1]}"',
        )
    elif shutil.which(deployment.runtime):
        yield Finding(Level.OK, f"{deployment.runtime} on {deployment.architecture}")
    else:
        yield Finding(
            Level.WARNING,
            f"{deployment.runtime} is not on the PATH, so the layer goes without .pyc files and functions "
            "start four times as slowly",
            f"install {deployment.runtime}, with pyenv for example",
        )


def check_secrets(
    deployment: Deployment, variables: Mapping[str, Any], env: Mapping[str, str] = os.environ
) -> Iterator[Finding]:
    """Each secret that a plan or a version says there is, from ``variables`` or ``env`` (TF_VAR_…)."""
    for name, version in sorted(deployment.secrets.items()):
        if version and len(variables.get(name) or env.get(f"TF_VAR_{name}") or "") > 1:
            yield Finding(Level.OK, f"{name} is at hand, version {version}")
        elif version:
            yield Finding(
                Level.ERROR,
                f"{name} is not set, and its version, or the plan, says that there is one",
                f"export TF_VAR_{name}=<value>, and raise the version when it changes",
            )


def _terraform_version() -> str:
    shown = subprocess.run(
        [terraform_executable(), "version", "-json"], capture_output=True, text=True, check=False
    )
    return str(json.loads(shown.stdout)["terraform_version"])


def _mails(deployment: Deployment) -> Iterator[Finding]:
    if deployment.mailed:
        yield Finding(Level.OK, f"mails go to {', '.join(deployment.mailed)}; each must confirm one from AWS")
    else:
        yield Finding(Level.WARNING, "nobody is mailed, neither alerts nor alarms", "set alert_emails")
