"""Destroy proof: ``python -m tests.destroy`` (``make destroy-test``).

A stack with every part that the embedded AWS knows is deployed, filled by its schedules, asked by Athena,
verified, and destroyed without its API key at hand. Then every service is listed: the account holds what it
held before, and what is not the stack's. Exit status 1 where anything is left.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from coinlake import keys
from ops.aws import Aws
from ops.deploy import environments, state_bucket
from ops.local import lifecycle
from ops.local.emulator import Emulator
from ops.local.laptop import Laptop
from ops.progress import console, step
from ops.stack import Stack
from ops.verify.verify import Verification
from tests.destroy import inventory
from tests.e2e.ports import free_ports

KEY: Final = "TF_VAR_coingecko_api_key"
OVERRIDES: Final[dict[str, Any]] = {
    "coingecko_plan": "demo",
    "customer_managed_keys": True,
}
LAND_SECONDS: Final = 240


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        laptop = Laptop(Path(folder), free_ports())
        try:
            return _prove(laptop)
        finally:
            lifecycle.down(laptop, wipe=False)


def _prove(laptop: Laptop) -> int:
    laptop.claim()
    emulator = Emulator(laptop)
    lifecycle._start_emulator(emulator)
    before = inventory.of(Aws.embedded(laptop))
    os.environ[KEY] = "CG-sentinel-destroy-0123456789"
    stack = lifecycle.up(laptop, live=False, overrides=OVERRIDES)
    with step("Raw objects of the schedules"):
        _wait_for_raw(stack)
    Verification(stack).run()
    deployed = inventory.of(stack.aws) - before
    del os.environ[KEY]
    _destroy(laptop, stack.aws)
    # The state's bucket, and the address of the laptop's own database, which `coinlake up` writes beside
    # the stack as a user does.
    own = {f"s3 buckets {state_bucket.name(stack.aws)}", "ssm parameters /coinlake/local/postgres-url"}
    left = inventory.of(stack.aws) - before - own
    services = {thing.split()[0] for thing in deployed}
    console.print(
        f"{len(deployed)} things of {len(services)} services were there ({', '.join(sorted(services))}); "
        f"{len(left)} are left, beside what is not the stack's"
    )
    for thing in sorted(left):
        console.print(f"  [red]{thing}[/]")
    return 1 if left or not deployed else 0


def _wait_for_raw(stack: Stack) -> None:
    deadline = time.monotonic() + LAND_SECONDS
    while not next(iter(stack.raw.keys(keys.RAW)), None):
        assert time.monotonic() < deadline, "no schedule has landed anything"
        time.sleep(2)


def _destroy(laptop: Laptop, aws: Aws) -> None:
    """As `coinlake destroy` does it: the same Terraform, planned with -destroy."""
    variables = lifecycle.machine_variables(laptop, live=False) | OVERRIDES
    terraform = lifecycle.stack_terraform(laptop, aws, variables, live=False)
    terraform.init(
        state_bucket.backend(state_bucket.require(aws, environments.LOCAL), aws.region, environments.LOCAL)
    )
    with step("Terraform destroy") as current:
        changes = terraform.plan(current.say, destroy=True)
        terraform.apply(current.say)
        current.conclude(str(changes))


if __name__ == "__main__":
    sys.exit(main())
