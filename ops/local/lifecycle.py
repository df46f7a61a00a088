"""The whole stack on this machine: ``up`` and ``down``."""

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coinlake.errors import BadConfiguration
from ops.aws import Aws
from ops.deploy import environments, state_bucket
from ops.deploy.terraform import Terraform, TerraformFailed, variable_file
from ops.deploy.tfvars import Settings
from ops.local.dashboard import DashboardServer
from ops.local.emulator import Emulator
from ops.local.laptop import REGION, Laptop
from ops.local.postgres import PostgresServer
from ops.local.simulator import CREDITS, Simulator
from ops.local.source_keys import SourceKeys
from ops.preflight import preflight
from ops.progress import step
from ops.stack import Stack
from ops.stream.collector import Collector
from tools.build import HERE, build, this_architecture
from tools.terraform import plugin_dir, terraform_executable

PARALLELISM: Final = 30
LOST_STATE_MARK: Final = "forgot"  # a file: the embedded AWS was killed and lost what it had not saved
RUNTIME: Final = HERE
ARCHITECTURE: Final = this_architecture()


def up(laptop: Laptop, *, live: bool, overrides: Mapping[str, Any] | None = None) -> Stack:
    """Bring the stack up, or up to date; what already stands is reused.

    ``live`` lets ingest reach the real APIs instead of the simulator.
    ``overrides`` are Terraform variables that win over local.tfvars.
    """
    terraform_executable()
    plugin_dir()
    laptop.claim()
    with laptop.lock():
        _check_ports(laptop, live=live)
        SourceKeys.of(laptop).save()
        with step("Preflight"):
            variables = checked_variables(laptop, live=live, overrides=overrides)
        _build_packages()
        _start_emulator(Emulator(laptop))
        laptop.save_port()
        _start_simulator(Simulator(laptop), live=live)
        stack = _deploy_with_hint(laptop, variables, live=live)
        if "postgres" in stack.load:
            _start_postgres(PostgresServer(laptop), stack)
        return stack


@dataclass(frozen=True, slots=True)
class Stopped:
    """What ``down`` stopped and deleted."""

    stopped: list[str]
    deleted: list[str]

    def lines(self) -> list[str]:
        """In words, a line each."""
        return [f"stopped {name}" for name in self.stopped] + [f"deleted {path}" for path in self.deleted]


def down(laptop: Laptop, *, wipe: bool) -> Stopped:
    """Stop what runs; with ``wipe`` forget the embedded AWS and everything that coinlake made."""
    if not laptop.folder.is_dir():
        return Stopped([], [])
    if wipe and not laptop.is_ours and any(laptop.folder.iterdir()):
        raise BadConfiguration(
            f"COINLAKE_LOCAL is {laptop.folder}, which coinlake did not make; nothing there is deleted"
        )
    if not laptop.is_ours:
        return Stopped([], [])
    with laptop.lock():
        stopped = _stop(laptop)
        return Stopped(stopped, [str(path) for path in laptop.wipe()] if wipe else [])


def _stop(laptop: Laptop) -> list[str]:
    """End every process; the names of those that ran."""
    parts = {
        "stream": Collector(laptop).process.stop,  # first, for it sends what it holds
        "ministack": Emulator(laptop).stop,
        "simulator": Simulator(laptop).process.stop,
        "dashboard": DashboardServer(laptop).process.stop,
        "postgres": PostgresServer(laptop).stop,
    }
    return [name for name, stop in parts.items() if stop()]


def _check_ports(laptop: Laptop, *, live: bool) -> None:
    """``PortTaken`` before anything is built or remembered."""
    if not Emulator(laptop).process.pid():
        laptop.require_free(laptop.port)
    if not live and not Simulator(laptop).process.pid():
        laptop.require_free(laptop.simulator_port)


def _build_packages() -> None:
    with step(f"Packages for {RUNTIME} on {ARCHITECTURE}"):
        build(RUNTIME, ARCHITECTURE, environments.packages(RUNTIME, ARCHITECTURE), laptop=True)


def _start_emulator(emulator: Emulator) -> None:
    if not emulator.venv.installed:
        with step("MiniStack, the embedded AWS: virtual environment"):
            emulator.venv.install()
            emulator.stop()
    if emulator.process.crashed:
        (emulator.laptop.folder / LOST_STATE_MARK).touch()
    with step(f"Embedded AWS on {emulator.laptop.endpoint}"):
        emulator.start()


def _start_simulator(simulator: Simulator, *, live: bool) -> None:
    if live:
        simulator.process.stop()
        return
    with step(f"Exchange simulator on {simulator.laptop.simulator}"):
        simulator.start(SourceKeys.of(simulator.laptop))


def _start_postgres(server: PostgresServer, stack: Stack) -> None:
    """The laptop's warehouse, and its URL where the deployed function looks for it."""
    with step("PostgreSQL, the warehouse") as current:
        server.start()
        stack.aws.client("ssm").put_parameter(
            Name=stack.load["postgres"]["url_parameter"],
            Value=server.url(),
            Type="SecureString",
            Overwrite=True,
        )
        current.conclude(f"psql {shlex.quote(server.url())}")


def _deploy_with_hint(laptop: Laptop, variables: Mapping[str, Any], *, live: bool) -> Stack:
    """``_deploy``, with the likely reason where it fails after a crash."""
    mark = laptop.folder / LOST_STATE_MARK
    try:
        stack = _deploy(laptop, variables, live=live)
    except TerraformFailed as error:
        if not mark.exists():
            raise
        raise TerraformFailed(
            "the embedded AWS was not stopped with `coinlake down` last time and forgot part of its state; "
            f"`coinlake down --wipe` lets you start afresh ({error})"
        ) from error
    mark.unlink(missing_ok=True)
    return stack


def _deploy(laptop: Laptop, variables: Mapping[str, Any], *, live: bool) -> Stack:
    aws = Aws.embedded(laptop)
    with step("State bucket"):
        bucket = state_bucket.ensure(aws)
    terraform = stack_terraform(laptop, aws, variables, live=live)
    with step("Terraform init"):
        terraform.init(state_bucket.backend(bucket, aws.region, environments.LOCAL))
    with step("Terraform plan") as current:
        changes = terraform.plan(current.say)
        current.conclude(str(changes))
    if changes:
        with step("Terraform apply") as current:
            terraform.apply(current.say)
    laptop.outputs.write_text(json.dumps(terraform.outputs(), indent=1) + "\n")
    laptop.exports.write_text(exports(aws))
    return Stack.embedded(laptop)


def exports(aws: Aws) -> str:
    """A file for the shell's ``source``."""
    names = sorted(name for name in aws.environment if name.startswith("AWS_"))
    return "".join(f"export {name}={shlex.quote(aws.environment[name])}\n" for name in names)


def unlock(laptop: Laptop, lock_id: str) -> None:
    """Remove a state lock that a killed run left in the embedded AWS, which must be up."""
    aws = Aws.embedded(laptop)
    terraform = stack_terraform(laptop, aws, machine_variables(laptop, live=False), live=False)
    terraform.init(
        state_bucket.backend(state_bucket.require(aws, environments.LOCAL), aws.region, environments.LOCAL)
    )
    terraform.unlock(lock_id)


def stack_terraform(laptop: Laptop, aws: Aws, variables: Mapping[str, Any], *, live: bool) -> Terraform:
    """Terraform for the laptop's stack: local.tfvars, then ``variables`` on top; keys in its environment."""
    settings = Settings.load(environments.LOCAL)
    machine = variable_file(laptop.folder / "machine.tfvars.json", variables)
    data = laptop.folder / "terraform"
    env = {**aws.environment, **granted_keys(laptop, live=live)}
    return Terraform(environments.LOCAL, data, [settings.path, machine], env, PARALLELISM)


def checked_variables(
    laptop: Laptop, *, live: bool, overrides: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What Terraform is given beside local.tfvars, the preflight's numbers included.

    Raise ``PreflightFailed`` for what cannot work.
    """
    variables = machine_variables(laptop, live=live) | dict(overrides or {})
    env = {**os.environ, **granted_keys(laptop, live=live)}
    return variables | preflight.require(Settings.load(environments.LOCAL).path, variables, env=env)


def granted_keys(laptop: Laptop, *, live: bool) -> dict[str, str]:
    """The simulator's keys as TF_VAR_…; ``live`` sources take only what the user exports."""
    return {} if live else SourceKeys.of(laptop).environment()


def machine_variables(laptop: Laptop, *, live: bool) -> dict[str, Any]:
    """What this machine is, for the same Terraform that deploys to AWS."""
    simulated = {} if live else {**SourceKeys.of(laptop).variables(), "credits_per_month": CREDITS}
    return {
        "region": REGION,
        "python_runtime": RUNTIME,
        "architecture": ARCHITECTURE,
        "packages": str(environments.packages(RUNTIME, ARCHITECTURE)),
        "source_urls": {} if live else Simulator(laptop).urls(),
        "private_sources": not live,
        **simulated,
    }
