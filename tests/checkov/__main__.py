"""checkov on the whole plan, every option on: ``python -m tests.checkov`` (``make checkov``).

Nothing may fail but the checks that terraform/.checkov.yaml skips, each of which must still fail: a skip
that nothing needs is refused as well. docs/checkov.md is written from both.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from coinlake.errors import CoinlakeError
from ops.aws import Aws
from ops.deploy import state_bucket
from ops.deploy.terraform import Terraform, variable_file
from ops.deploy.tfvars import Settings
from ops.local import lifecycle
from ops.local.emulator import Emulator
from ops.local.laptop import Laptop
from ops.paths import ROOT
from ops.progress import console, step
from tests.checkov.page import PAGE, Failure, page, skips
from tests.e2e.ports import free_ports
from tools.build import PACKAGES
from tools.venv import Venv

ENVIRONMENT: Final = "prod"
REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")

# Every option of the stack. Keys and addresses are made up; nothing of this plan is applied but the KMS key,
# whose ARN checkov must see.
OPTIONS: Final[Mapping[str, Any]] = {
    "alert_emails": ["you@example.com"],
    "monthly_budget_usd": 5,
    "customer_managed_keys": True,
    "access_log_bucket": "my-access-logs",
    "detailed_monitoring": True,
    "coingecko_plan": "demo",
    "enable_dashboard": True,
    "dashboard_domain": {
        "name": "prices.example.com",
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/prices",
    },
    "dashboard_countries": ["DE"],
    "dashboard_web_acl_arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/office-only/0",
    "enable_stream": True,
    "stream": {
        "streams": ["btcusdt@trade"],
        "image_tag": "1.0.0",
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": ["subnet-0123456789abcdef0"],
        "public_address": False,
    },
    # Snowflake before its user is known: then another account may subscribe to one topic (CKV_AWS_385).
    "load": {"postgres": {}, "snowflake": {}},
}
KEYS: Final = {"TF_VAR_coingecko_api_key": "CG-012345678901234567890123"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    venv = Venv(ROOT / "build" / "checkov", REQUIREMENTS, "checkov")
    with step("checkov: virtual environment"):
        venv.install()
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps(_plan(Path(folder))))
        with step("checkov"):
            failures = list(_failures(venv, plan))
    failed = {failure.check for failure in failures}
    skipped = skips()
    problems = [
        f"{failure.check} fails: {failure.title} ({', '.join(failure.resources)})"
        for failure in failures
        if failure.check not in skipped
    ]
    problems += [f"{check} is skipped, and nothing fails it" for check in skipped if check not in failed]
    PAGE.write_text(page([failure for failure in failures if failure.check in skipped]))
    for problem in problems:
        console.print(problem, style="red", markup=False)
    console.print(f"{len(skipped)} checks skipped, {len(problems)} problems; docs/checkov.md is written")
    return 1 if problems else 0


def _plan(folder: Path) -> dict[str, Any]:
    """The plan of an environment with every option, as Terraform's JSON."""
    laptop = Laptop(folder / "laptop", free_ports())
    laptop.claim()
    packages = folder / "packages"  # checkov does not look inside
    packages.mkdir()
    for name in PACKAGES:
        (packages / f"{name}.zip").touch()
    emulator = Emulator(laptop)
    lifecycle._start_emulator(emulator)
    try:
        aws = Aws.embedded(laptop)
        machine = {
            "python_runtime": lifecycle.RUNTIME,
            "architecture": lifecycle.ARCHITECTURE,
            "packages": str(packages),
        }
        variables = variable_file(folder / "options.tfvars.json", machine | OPTIONS)
        inputs = [Settings.load(ENVIRONMENT).path, variables]
        terraform = Terraform(ENVIRONMENT, folder / "terraform", inputs, {**aws.environment, **KEYS})
        terraform.init(state_bucket.backend(state_bucket.ensure(aws), aws.region, ENVIRONMENT))
        with step("Terraform plan") as current:
            terraform.plan(current.say, only="aws_kms_key.this")
            terraform.apply(current.say)
            current.conclude(str(terraform.plan(current.say)))
        return terraform.plan_document()
    finally:
        emulator.stop()


def _failures(venv: Venv, plan: Path) -> Iterator[Failure]:
    """What fails, by check; raise ``CoinlakeError`` where checkov did not run to its end."""
    command = [str(venv.bin / "checkov"), "--framework", "terraform_plan", "--skip-download"]
    command += ["--output", "json", "--file", str(plan)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=plan.parent)
    try:
        results = json.loads(done.stdout)["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise CoinlakeError(
            f"checkov gave no report: {(done.stderr or done.stdout).strip()[-300:]}"
        ) from error
    if results["parsing_errors"] or not results["passed_checks"]:
        raise CoinlakeError(f"checkov could not read the plan: {results['parsing_errors']}")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for check in results["failed_checks"]:
        found.setdefault(check["check_id"], []).append(check)
    for check, rows in sorted(found.items()):
        yield Failure(check, rows[0]["check_name"], tuple(sorted({row["resource"] for row in rows})))


if __name__ == "__main__":
    sys.exit(main())
