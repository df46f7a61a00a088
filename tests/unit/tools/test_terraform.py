from pathlib import Path

import pytest

from tools import terraform
from tools.terraform import (
    PROVIDER,
    TerraformMissing,
    plugin_dir,
    terraform_environment,
    terraform_executable,
)


def mirror(root: Path) -> Path:
    (root / PROVIDER / "5.100.0" / "linux_amd64").mkdir(parents=True)
    return root


def fake_terraform(folder: Path, script: str) -> str:
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(folder)


@pytest.fixture(autouse=True)
def forget():
    terraform_executable.cache_clear()
    yield
    terraform_executable.cache_clear()


def test_the_mirror_that_the_user_names_wins(tmp_path: Path):
    chosen, implied = mirror(tmp_path / "mine"), mirror(tmp_path / "home/.terraform.d/plugins")
    assert plugin_dir({terraform.MIRROR_VARIABLE: str(chosen)}, tmp_path / "home") == chosen
    assert plugin_dir({}, tmp_path / "home") == implied


def test_a_named_mirror_without_the_provider_is_refused(tmp_path: Path):
    with pytest.raises(TerraformMissing, match="COINLAKE_TERRAFORM_MIRROR is .* has no registry"):
        plugin_dir({terraform.MIRROR_VARIABLE: str(tmp_path)})


def test_terraforms_own_data_directories_are_searched(tmp_path: Path):
    folder = mirror(tmp_path / "share" / "terraform" / "plugins")
    env = {"XDG_DATA_HOME": str(tmp_path / "none"), "XDG_DATA_DIRS": str(tmp_path / "share")}
    assert plugin_dir(env, tmp_path) == folder


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ('echo \'{"terraform_version": "1.9.8"}\'', "terraform 1.9.8 is too old .* install Terraform 1.11"),
        ("echo broken", "reinstall Terraform"),
    ],
)
def test_an_unfit_terraform_is_one_sentence_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
):
    monkeypatch.setenv("PATH", fake_terraform(tmp_path, script), prepend=":")
    with pytest.raises(TerraformMissing, match=sentence):
        terraform_executable()


def test_no_terraform_is_one_sentence_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TerraformMissing, match="not on the PATH; install Terraform 1.11 or newer"):
        terraform_executable()


def test_a_release_candidate_of_a_new_terraform_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = fake_terraform(tmp_path, 'echo \'{"terraform_version": "1.12.0-rc1"}\'')
    monkeypatch.setenv("PATH", folder, prepend=":")
    assert terraform_executable() == f"{folder}/terraform"


def test_nothing_of_the_shell_makes_terraform_another_one():
    kept = {"PATH": "/bin", "TF_VAR_coingecko_api_key": "k", "TF_TOKEN_example_com": "t"}
    kept |= {"TF_CLI_CONFIG_FILE": "/x", "TF_PLUGIN_CACHE_DIR": "/y"}
    names = ("WORKSPACE", "CLI_ARGS", "CLI_ARGS_plan", "DATA_DIR", "LOG", "INPUT", "IGNORE")
    dropped = {f"TF_{name}": "x" for name in names}
    assert terraform_environment(kept | dropped) == kept
