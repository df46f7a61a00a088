"""Plans of the stack, as JSON, without an account: `terraform test -verbose` prints those of its runs."""

import json
import shutil
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from coinlake.errors import CoinlakeError
from ops.cost.prices import Line
from ops.paths import ROOT
from tools.build import PACKAGES
from tools.provider import offline_environment, provider_process
from tools.terraform import init_arguments, terraform_executable

HOURS: Final = 720  # 30 days
IMAGES_GB: Final = 0.5  # five images of the collector, compressed
WAKE_HOURS: Final = 1 / 60  # of Redshift Serverless: 60 seconds at least for each run
TESTS: Final = "costs.tftest.hcl"
_BESIDE: Final = (
    "dashboard",
    "spark",
    "layers/coinlake/python/coinlake/tables.json",
    "layers/coinlake/python/coinlake/sources.json",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run of the test file would make, as Terraform's JSON has it."""

    name: str
    resources: tuple[Mapping[str, Any], ...]

    @property
    def types(self) -> Counter[str]:
        return Counter(resource["type"] for resource in self.resources)

    def of(self, kind: str) -> Iterator[Mapping[str, Any]]:
        """The values of each resource of the type."""
        return (resource["change"]["after"] for resource in self.resources if resource["type"] == kind)

    def function_gb(self, stage: str) -> float:
        """The memory of a stage's function in GB, 0 where there is none."""
        return next(
            (
                function["memory_size"] / 1024
                for function in self.of("aws_lambda_function")
                if function["handler"] == f"{stage}.handler.handler"
            ),
            0.0,
        )

    def standing(self) -> Iterator[Line]:
        """What costs while it exists, whatever the traffic."""
        yield Line("alarm", self.types["aws_cloudwatch_metric_alarm"], "alarms")
        yield Line("kms_key", self.types["aws_kms_key"], "a key of your own")
        yield Line("ecr_gb_month", IMAGES_GB * self.types["aws_ecr_repository"], "images of the collector")
        for task in self.of("aws_ecs_task_definition"):
            yield Line("fargate_cpu_hour", int(task["cpu"]) / 1024 * HOURS, "the collector")
            yield Line("fargate_gb_hour", int(task["memory"]) / 1024 * HOURS, "the collector")
            yield Line("ipv4_hour", HOURS, "the collector")
        for database in self.of("aws_db_instance"):
            yield Line("rds_hour", HOURS, "the database")
            yield Line("rds_gb_month", database["allocated_storage"], "the database")
        secrets = self.types["aws_db_instance"] + self.types["aws_redshiftserverless_namespace"]
        yield Line("secret", secrets, "the administrator's password")
        for workgroup in self.of("aws_redshiftserverless_workgroup"):
            wakes = sum(runs for name, runs in self.loads() if name == "redshift")
            yield Line("rpu_hour", workgroup["base_capacity"] * WAKE_HOURS * wakes, "load alone")

    def loads(self) -> Iterator[tuple[str, int]]:
        """Each warehouse with its runs in a month: daily where its schedule is, else hourly."""
        for schedule in self.of("aws_scheduler_schedule"):
            if schedule["name"].startswith("load-"):
                daily = schedule["schedule_expression"].startswith("cron(4 1 ")
                yield schedule["name"].removeprefix("load-"), HOURS // 24 if daily else HOURS


def plans(tests: str = TESTS, *, tfvars: Path | None = None, module: str = ".") -> dict[str, Plan]:
    """The plan of each run in a file of ``tests``, of the root ``module`` below terraform/, and for the
    environment of ``tfvars`` where one is given.
    """
    with tempfile.TemporaryDirectory() as folder:
        stack = _copy(Path(folder))
        root = stack / module
        variables = [f"-var-file={tfvars.resolve()}"] if tfvars else []
        if root == stack:
            variables.append(f"-var=packages={stack / 'packages'}")
        _terraform(root, "init", "-backend=false", "-input=false", *init_arguments())
        with provider_process(root) as attached:
            lines = _terraform(
                root, "test", "-json", "-verbose", f"-filter=tests/{tests}", *variables, env=attached
            )
    return {plan.name: plan for plan in _plans(lines.splitlines())}


def _plans(lines: Iterable[str]) -> Iterator[Plan]:
    for line in lines:
        event = json.loads(line)
        if event["type"] == "test_plan":
            changes = event["test_plan"].get("resource_changes", ())
            made = tuple(one for one in changes if "create" in one["change"]["actions"])
            yield Plan(event["@testrun"], made)


def _copy(folder: Path) -> Path:
    """The stack with packages that hold nothing, at the same places; returns Terraform's folder."""
    root = folder / "terraform"
    shutil.copytree(ROOT / "terraform", root, ignore=shutil.ignore_patterns(".terraform*"))
    for name in _BESIDE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name)
    (root / "packages").mkdir()
    for name in PACKAGES:
        with zipfile.ZipFile(root / "packages" / f"{name}.zip", "w") as package:
            package.writestr(f"{name}.txt", name)
    return root


def _terraform(root: Path, *arguments: str, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [terraform_executable(), f"-chdir={root}", *arguments],
        env={**offline_environment(), **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        errors = [line for line in done.stdout.splitlines() if '"@level":"error"' in line]
        raise CoinlakeError(f"terraform {arguments[0]} failed: {(errors or [done.stderr])[0][:600]}")
    return done.stdout
