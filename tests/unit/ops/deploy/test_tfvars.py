import pytest

from coinlake.errors import BadConfiguration
from ops.deploy.tfvars import TERRAFORM, Settings

VARIABLES = """
variable "environment" { type = string }
variable "alert_rules" {
  type    = map(object({ asset = string }))
  default = {}
}
variable "coingecko_api_key" { default = null }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "variables.tf").write_text(VARIABLES)
    (tmp_path / "environments").mkdir()
    return tmp_path


def load(folder, text, environment="dev"):
    (folder / "environments" / "dev.tfvars").write_text(text)
    return Settings.load(environment, folder)


def test_values_stand_over_the_defaults_of_what_is_left_out(folder):
    settings = load(folder, '# of dev\nenvironment = "dev"\n')
    assert settings.values == {"environment": "dev", "alert_rules": {}, "coingecko_api_key": None}


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("", "dve", r"config_not_found: .*did you mean 'dev'\?"),
        ("alert_rule = {}", "dev", r"config_unknown_key: .*'alert_rule'.*did you mean 'alert_rules'\?"),
        (
            'environment = "dev"\nalert_rules = {\n  x = [1\n}\n',
            "dev",
            r"config_syntax: dev.tfvars line 4, column 1 ",
        ),
        ('environment = "dev', "dev", r"config_syntax: dev.tfvars "),
        ('coingecko_api_key = "CG-s3cret"', "dev", r"secret_in_config: .*TF_VAR_coingecko_api_key"),
    ],
)
def test_a_bad_file_is_refused_by_its_code_and_remedy(folder, text, environment, message):
    with pytest.raises(BadConfiguration, match=message) as refused:
        load(folder, text, environment)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("environment", ["local", "dev", "prod"])
def test_the_shipped_files_are_good(environment):
    settings = Settings.load(environment, TERRAFORM)
    assert settings.values["environment"] == environment
    assert settings.values["python_runtime"] == "python3.13"
