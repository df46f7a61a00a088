"""Environments on AWS: their Terraform, and deploy, destroy, unlock."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from coinlake.errors import CoinlakeError
from ops.aws import Aws
from ops.deploy import github, saved_plan, state_bucket
from ops.deploy.saved_plan import SavedPlan
from ops.deploy.terraform import NotYetConsistent, Terraform, variable_file
from ops.deploy.tfvars import TERRAFORM, Settings
from ops.local.emulator import Emulator
from ops.local.laptop import Laptop
from ops.paths import BUILD
from ops.preflight import preflight
from ops.progress import console, step
from tools.build import build

LOCAL: Final = "local"
Confirm = Callable[[str], bool]


class Declined(CoinlakeError):
    """The user did not agree; nothing was changed."""


def terraform(environment: str, aws: Aws, counted: Mapping[str, Any] | None = None) -> Terraform:
    """Terraform for an environment on AWS, its state connected.

    ``counted`` are the variables that the preflight computes; only a plan to apply needs them.
    """
    settings = Settings.load(environment)
    bucket = state_bucket.require(aws, environment)
    inputs = [settings.path, generated_file(settings, counted or {})]
    connected = Terraform(environment, BUILD / "terraform" / environment, inputs, aws.environment)
    connected.init(state_bucket.backend(bucket, aws.region, environment))
    return connected


def connect(environment: str) -> Aws:
    """The account of the usual AWS chain, in the region that the environment's file names.

    The state lies beside the stack: another shell's AWS_REGION must not lead to another state.
    """
    return Aws.real(Settings.load(environment).values["region"])


def reach(environment: str) -> Aws | None:
    """The environment's AWS: the laptop's embedded one where it runs, None where it does not, else yours."""
    if environment != LOCAL:
        return connect(environment)
    laptop = Laptop.from_env()
    return Aws.embedded(laptop) if Emulator(laptop).process.pid() else None


def outputs(environment: str) -> dict[str, Any]:
    """What Terraform says of the deployed stack; empty where there is none."""
    _refuse_local(environment)
    with console.status(f"Asking Terraform for the {environment} stack"):
        return terraform(environment, connect(environment)).outputs()


def bootstrap(environment: str) -> str:
    """Make the state bucket of this account, in the environment's region; safe to repeat."""
    _refuse_local(environment)
    aws = connect(environment)
    with step(f"State bucket in account {aws.account()}, {aws.region}") as current:
        bucket = state_bucket.ensure(aws)
        current.conclude(bucket)
    return bucket


def bootstrap_github(environment: str, confirm: Confirm) -> list[str]:
    """Plan the roles of GitHub's workflows, ask, apply; returns what is to be set where."""
    aws = connect(environment)
    with step("Terraform init"):
        ready = github.terraform(environment, aws)
    _apply(ready, confirm, f"Apply this to account {aws.account()}?")
    return github.next_steps(environment, ready.outputs(), aws.region)


def deploy(environment: str, confirm: Confirm) -> Mapping[str, Any]:
    """Check, build, plan, ask, apply; returns the stack's outputs."""
    aws, ready = _prepare(environment)
    _apply(ready, confirm, f"Apply this to {environment} in account {aws.account()}?")
    return ready.outputs()


def plan(environment: str) -> str:
    """Check, build and plan; returns what Terraform would do, in its words. Nothing is changed."""
    _, ready = _prepare(environment)
    with step("Terraform plan") as current:
        changes = ready.plan(current.say, lock=False)
        current.conclude(str(changes))
    return ready.show_plan()


def save_plan(environment: str, folder: Path, *, upload: bool = False) -> SavedPlan:
    """Check, build, plan, and keep plan and packages in ``folder``, with ``upload`` beside the state too."""
    aws, ready = _prepare(environment)
    with step("Terraform plan") as current:
        changes = ready.plan(current.say, lock=False)
        current.conclude(str(changes))
    try:
        saved = SavedPlan.save(
            folder,
            environment,
            plan=ready.plan_file,
            packages=_packages(environment),
            changes=changes,
            document=ready.plan_document(),
        )
    finally:
        ready.plan_file.unlink(missing_ok=True)
    if upload:
        with step("Plan to the state bucket") as current:
            current.conclude(saved.upload(aws, state_bucket.require(aws, environment)))
    return saved


def apply_plan(environment: str, folder: Path, digest: str | None = None) -> Mapping[str, Any]:
    """Apply what ``save_plan`` kept in ``folder``, or uploaded as ``digest``; returns the stack's outputs."""
    _refuse_local(environment)
    aws = connect(environment)
    with step(f"Credentials for account {aws.account()}, {aws.region}"):
        bucket = state_bucket.require(aws, environment)
    with step("Plan as it was made"):
        if digest:
            saved_plan.download(aws, bucket, environment, digest, folder)
        saved = SavedPlan.load(folder, environment)
        saved.restore_packages(_packages(environment))
    with step("Terraform init"):
        ready = terraform(environment, aws)
        shutil.copyfile(saved.plan, ready.plan_file)
    with step("Terraform apply") as current:
        current.conclude(str(ready.apply(current.say)))
    return ready.outputs()


def _prepare(environment: str) -> tuple[Aws, Terraform]:
    """The preflight, credentials, packages, and Terraform with its state connected."""
    _refuse_local(environment)
    settings = Settings.load(environment)
    aws = connect(environment)
    with step("Preflight"):
        counted = preflight.require(settings.path, aws=aws)
    _build(settings)
    with step("Terraform init"):
        return aws, terraform(environment, aws, counted)


def destroy(environment: str, confirm: Confirm) -> None:
    """Plan the removal of everything, ask, remove."""
    _refuse_local(environment)
    settings, aws = Settings.load(environment), connect(environment)
    _build(settings)
    with step("Terraform init"):
        ready = terraform(environment, aws)
    question = f"Destroy {environment} in account {aws.account()}, its data included?"
    _apply(ready, confirm, question, destroy=True)


def unlock(environment: str, lock_id: str) -> None:
    """Remove a state lock whose holder is gone."""
    terraform(environment, connect(environment)).unlock(lock_id)


def _build(settings: Settings) -> None:
    """The packages, which Terraform reads even to destroy."""
    runtime, architecture = settings.values["python_runtime"], settings.values["architecture"]
    with step(f"Packages for {runtime} on {architecture}"):
        with_wheels = bool(settings.values["enable_spark"])
        build(runtime, architecture, packages(runtime, architecture), with_wheels=with_wheels)


def packages(runtime: str, architecture: str) -> Path:
    """Where the zips for a runtime and an architecture lie."""
    return BUILD / "packages" / f"{runtime}-{architecture}"


def _packages(environment: str) -> Path:
    settings = Settings.load(environment).values
    return packages(settings["python_runtime"], settings["architecture"])


def generated_file(settings: Settings, counted: Mapping[str, Any]) -> Path:
    """A variable file with what no user should have to know: the packages' folder, and ``counted``.

    The folder is written as seen from Terraform's: functions record it, and no checkout's place is theirs.
    """
    folder = os.path.relpath(
        packages(settings.values["python_runtime"], settings.values["architecture"]), TERRAFORM
    )
    path = BUILD / "terraform" / f"{settings.path.stem}.tfvars.json"
    return variable_file(path, {"packages": folder, **counted})


def next_steps(environment: str, outputs: Mapping[str, Any]) -> list[str]:
    """What a user should know once the stack stands."""
    settings = Settings.load(environment).values
    steps = [
        f"{environment} is deployed in {outputs['region']}; `coinlake status --env {environment}` looks at it"
    ]
    if settings["alert_emails"]:
        steps.append("each address of alert_emails gets a mail from AWS whose link it must confirm")
    if settings["coingecko_plan"] == "keyless":
        steps.append(
            "CoinGecko without a key shares its limit with other users of Lambda's addresses; a free demo "
            'key is better: coingecko_plan = "demo" and the key in TF_VAR_coingecko_api_key'
        )
    return steps


def _apply(ready: Terraform, confirm: Confirm, question: str, *, destroy: bool = False) -> None:
    """Plan, ask, apply; once more, without asking, for what S3 refused because it looked too soon."""
    with step("Terraform plan") as current:
        changes = ready.plan(current.say, destroy=destroy)
        current.conclude(str(changes))
    if not changes:
        return
    if not confirm(question):
        raise Declined("nothing was changed")
    with step("Terraform apply") as current:
        try:
            ready.apply(current.say)
        except NotYetConsistent:
            current.say("once more: a policy was not seen yet")
            ready.plan(current.say, destroy=destroy)
            ready.apply(current.say)
        current.conclude(str(changes))


def _refuse_local(environment: str) -> None:
    if environment == LOCAL:
        raise CoinlakeError(
            "the local environment lives on this machine; use `coinlake up` and `coinlake down`"
        )
