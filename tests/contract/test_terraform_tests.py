"""Run Terraform's own checks on a copy of the stack: fmt, validate, `terraform test`.

The copy keeps the tree clean, and brings tiny packages so that nothing must be built. Nothing here
needs credentials or a network once the provider is found.
"""

import re
import shutil
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hcl2
import pytest

from tools.build import PACKAGES
from tools.provider import offline_environment, provider_process
from tools.terraform import TerraformMissing, init_arguments, terraform_executable

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"
# What Terraform reads of the layer and of the Spark job, at the same place beside its copy.
DECLARATIONS = [
    *(Path("layers", "coinlake", "python", "coinlake", name) for name in ("tables.json", "sources.json")),
    Path("spark", "rebuild.py"),
]
# Files that need no provider: variables, and what is computed from nothing else.
COMPUTED = ("sources.tf", "feeds.tf")
OWN_TESTS = ("variables.tftest.hcl", "feeds.tftest.hcl")
# Planned, with what they assert, by test_costs.py and test_permissions.py.
PLANNED_ELSEWHERE = ("costs.tftest.hcl", "roles.tftest.hcl")

pytestmark = pytest.mark.xdist_group("terraform")


def terraform(folder: Path, *arguments: str, **attached: str) -> str:
    """Run Terraform in ``folder`` with no AWS settings of the machine; its output, or fail with it."""
    command = [terraform_executable(), f"-chdir={folder}", *arguments]
    env = offline_environment() | attached
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"terraform {arguments[0]}:\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


def initialised(folder: Path) -> Path:
    try:
        terraform(folder, "init", "-backend=false", "-input=false", "-no-color", *init_arguments())
    except TerraformMissing as missing:
        pytest.skip(str(missing))
    return folder


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in for every zip."""
    folder = tmp_path_factory.mktemp("packages")
    for name in PACKAGES:
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as package:
            package.writestr(f"{name}.txt", name)
    return folder


def with_declarations(root: Path) -> Path:
    for file in DECLARATIONS:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, root / file)
    return root


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole stack, but for the tests of what needs no provider, and what others plan."""
    root = with_declarations(tmp_path_factory.mktemp("stack"))
    shutil.copytree(ROOT / "dashboard", root / "dashboard")
    ignored = shutil.ignore_patterns(".terraform*", *OWN_TESTS, *PLANNED_ELSEWHERE)
    return initialised(shutil.copytree(TERRAFORM, root / "terraform", ignore=ignored))


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Variables and feeds with their tests, a hundred times faster without the stack."""
    folder = with_declarations(tmp_path_factory.mktemp("variables")) / "terraform"
    (folder / "tests").mkdir(parents=True)
    for name in OWN_TESTS:
        shutil.copy(TERRAFORM / "tests" / name, folder / "tests")
    computed = (TERRAFORM / name for name in COMPUTED)
    for file in (*TERRAFORM.glob("variables*.tf"), *computed):
        shutil.copy(file, folder)
    return initialised(folder)


@pytest.fixture(scope="module")
def attached(stack: Path) -> Iterator[dict[str, str]]:
    """The provider as one process for all that is planned here."""
    with provider_process(stack) as variables:
        yield variables


def test_the_files_are_formatted_and_valid(stack: Path, attached: dict[str, str]) -> None:
    terraform(stack, "fmt", "-check", "-recursive")
    terraform(stack, "validate", "-no-color", **attached)


def test_terraforms_own_tests_of_the_stack_pass(
    stack: Path, packages: Path, attached: dict[str, str]
) -> None:
    shown = terraform(stack, "test", "-no-color", f"-var=packages={packages}", **attached)
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", shown)


def test_the_roles_of_githubs_workflows_are_what_they_should_be(
    tmp_path: Path, attached: dict[str, str]
) -> None:
    ignored = shutil.ignore_patterns(".terraform*", *PLANNED_ELSEWHERE)
    root = shutil.copytree(TERRAFORM / "github", tmp_path / "roles", ignore=ignored)
    shown = terraform(initialised(root), "test", "-no-color", **attached)
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", shown)


def test_every_validation_refuses_what_it_is_for(variables: Path, packages: Path) -> None:
    shown = terraform(variables, "test", "-no-color", f"-var=packages={packages}")
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", shown)


def test_every_validation_has_a_run_that_trips_it() -> None:
    validations = {
        name.strip('"'): len(block.get("validation", ()))
        for file in TERRAFORM.glob("variables*.tf")
        for entry in hcl2.loads(file.read_text())["variable"]
        for name, block in entry.items()
    }
    runs = hcl2.loads((TERRAFORM / "tests" / "variables.tftest.hcl").read_text())["run"]
    tripped = Counter(
        failure.strip("${}").removeprefix("var.")
        for entry in runs
        for run in entry.values()
        for failure in run["expect_failures"]
    )
    assert {name: count for name, count in validations.items() if tripped[name] < count} == {}


def test_the_stack_uses_one_provider_and_no_module_from_elsewhere() -> None:
    text = "".join(file.read_text() for file in TERRAFORM.rglob("*.tf"))
    modules = {f"./modules/{folder.name}" for folder in (TERRAFORM / "modules").iterdir()}
    assert set(re.findall(r'source\s*=\s*"([^"]*/[^"]*)"', text)) == {"hashicorp/aws", *modules}
    assert len(modules) <= 5


def test_what_every_bucket_queue_topic_and_log_group_needs_is_in_its_module() -> None:
    """A second place would have to repeat TLS, encryption and retention, and could forget them."""
    places = {
        kind: sorted(
            str(file.relative_to(TERRAFORM))
            for file in TERRAFORM.rglob("*.tf")
            if f'resource "{kind}"' in file.read_text()
        )
        for kind in ("aws_s3_bucket", "aws_sns_topic", "aws_cloudwatch_log_group", "aws_lambda_function")
    }
    assert places == {
        "aws_s3_bucket": ["modules/bucket/main.tf"],
        "aws_sns_topic": ["modules/topic/main.tf"],
        # Of Step Functions, of functions, of Glue, of the container.
        "aws_cloudwatch_log_group": ["backfill.tf", "modules/function/main.tf", "spark.tf", "stream.tf"],
        "aws_lambda_function": ["modules/function/main.tf"],
    }


def test_every_role_of_the_stack_is_within_the_permissions_boundary() -> None:
    """GitHub's deploy role may make no role without it: one that lacked it would stop a deployment."""
    roles = [
        (file.name, block)
        for file in TERRAFORM.rglob("*.tf")
        if file.parent != TERRAFORM / "github"
        for block in re.findall(r'^resource "aws_iam_role" .*?^}', file.read_text(), re.MULTILINE | re.DOTALL)
    ]
    assert len(roles) >= 6
    bounded = re.compile(r"permissions_boundary\s*= var\.(stack\.)?permissions_boundary\n")
    assert [name for name, block in roles if not bounded.search(block)] == []


def test_no_count_no_any_and_no_local_only_branch() -> None:
    for file in TERRAFORM.rglob("*.tf"):
        body = file.read_text()
        assert not re.search(r"^\s*count\s*=", body, re.M), file
        assert not re.search(r"type\s*=\s*.*\bany\b", body), file
        assert not re.search(r"localhost|127\.0\.0\.1|ministack|== \"local\"", body), file
