"""The AWS provider as one process for many plans; Terraform alone starts one for each step of each.

It takes seconds to start, and that is most of what a plan without an account costs. Source: "Debugging
Providers" in Terraform's plugin documentation: a provider started with ``-debug`` serves until it is told to
end, and says what TF_REATTACH_PROVIDERS must be.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tools.terraform import PROVIDER, TerraformMissing

VARIABLE: Final = "TF_REATTACH_PROVIDERS"
# Terraform and the provider make hundreds of megabytes of schemas, which Go need not collect so often.
GO_GC: Final = {"GOGC": "400"}
_SAID: Final = re.compile(rf"{VARIABLE}='(\{{.*\}})'")
_END_SECONDS: Final = 10


def offline_environment() -> dict[str, str]:
    """This machine's without its settings of AWS and Terraform: for plans that need no account."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    env |= {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    return env | GO_GC


@contextmanager
def provider_process(initialised: Path) -> Iterator[dict[str, str]]:
    """What Terraform's environment needs so that it uses the one process, which ends with the block.

    ``initialised`` is a folder in which `terraform init` has found the provider.
    """
    installed = initialised / ".terraform" / "providers" / PROVIDER
    executable = next(installed.glob("*/*/terraform-provider-aws*"), None)
    if executable is None:
        raise TerraformMissing(f"{installed} has no provider; run terraform init")
    with subprocess.Popen(
        [executable, "-debug"],
        env=offline_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield {VARIABLE: _address(process)}
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: "subprocess.Popen[str]") -> str:
    for line in process.stdout or ():
        if said := _SAID.search(line):
            return said[1]
    raise TerraformMissing(f"the provider ended with {process.wait()} and served nothing")
