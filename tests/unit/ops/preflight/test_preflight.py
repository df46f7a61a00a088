"""Each environment, and what is found in variables that cannot work; Terraform evaluates them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from coinlake.sources import catalog
from ops.cli import app
from ops.deploy import tfvars
from ops.local.laptop import Laptop
from ops.local.lifecycle import checked_variables, machine_variables
from ops.preflight import preflight
from ops.preflight.findings import Level
from ops.preflight.quota import Usage
from tools.terraform import TerraformMissing, terraform_executable

ENVIRONMENTS = tfvars.TERRAFORM / "environments"
DEMO_PLAN = {"coingecko_plan": "demo", "coingecko_api_key": "CG-sentinel"}


@pytest.fixture(autouse=True)
def _terraform(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        terraform_executable()
    except TerraformMissing as missing:
        pytest.skip(str(missing))
    for source in ("coingecko", "coincap", "coindesk"):
        monkeypatch.delenv(f"TF_VAR_{source}_api_key", raising=False)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """An environment with every default."""
    path = tmp_path / "plain.tfvars"
    path.write_text('environment = "plain"\nprotect_data = false\n')
    return path


def errors(path: Path, **variables: Any) -> list[str]:
    return [str(error) for error in preflight.run(path, variables).errors]


@pytest.mark.parametrize("path", sorted(ENVIRONMENTS.glob("*.tfvars")), ids=lambda path: path.stem)
def test_every_environment_passes_without_a_warning(path: Path) -> None:
    done = CliRunner().invoke(app, ["preflight", path.stem, "--offline", "--json"])
    assert {finding["level"] for finding in json.loads(done.stdout)["findings"]} == {Level.OK}


def test_the_laptop_asks_every_source_and_live_those_that_need_no_key(tmp_path: Path) -> None:
    laptop, local = Laptop(tmp_path, 6000), ENVIRONMENTS / "local.tfvars"
    simulated = checked_variables(laptop, live=False)["quota_used"]
    asked = {source for source, usage in simulated.items() if usage["requests_per_month"]}
    assert asked == set(catalog()) - {"binance_archive"}  # which only backfills ask
    report = preflight.run(local, machine_variables(laptop, live=True))
    live = {source for source, usage in report.usage.items() if usage.requests_per_month}
    assert live == asked - {"coincap", "coindesk"}
    warnings = [str(finding) for finding in report.findings if finding.level is not Level.OK]
    assert len(warnings) == 1
    assert "the feed coincap_quotes is off: CoinCap has no key" in warnings[0]
    assert "the feed coindesk_quotes is off: CoinDesk has no key" in warnings[0]


def test_the_default_feeds_fit_the_free_plan_of_each_source(plain: Path) -> None:
    report = preflight.run(plain, DEMO_PLAN)
    assert report.errors == []
    used = {source: usage for source, usage in report.usage.items() if usage.requests_per_month}
    assert {source: (usage.requests_per_month, usage.credits_used) for source, usage in used.items()} == {
        "alternative_me": (31, 31),
        "binance": (11439, 11439),
        "coinbase": (13423, 13423),
        "coingecko": (8959, 8959),
    }
    # Three writes a request: raw, trusted, ledger. Candles of a day that began last month write a fourth.
    # docs/costs.md counts about twelve in five minutes.
    requests = sum(usage.requests_per_month for usage in used.values())
    assert requests * 3 / (31 * 24 * 60 / 5) < 12.25


def test_a_paused_feed_and_one_without_its_key_request_nothing(plain: Path) -> None:
    feeds = {
        "suspended": {"source": "coinbase", "dataset": "assets", "interval": "1m"},
        "rates": {"source": "coincap", "dataset": "rates", "interval": "1m"},
    }
    report = preflight.run(plain, {"feeds": feeds, "paused_feeds": ["suspended"]})
    assert set(report.usage.values()) == {Usage(0, 0, 0)}
    assert [(finding.level, str(finding)) for finding in report.findings] == [
        (
            Level.WARNING,
            "the feed rates is off: CoinCap has no key: "
            "set coincap_api_key_version = 1 and export TF_VAR_coincap_api_key",
        )
    ]


def test_what_a_source_grants_follows_from_the_plan_and_from_credits_per_month(plain: Path) -> None:
    feeds = {"g": {"source": "coingecko", "dataset": "quotes", "interval": "5m", "top": 750}}
    assert errors(plain, feeds=feeds, **DEMO_PLAN) == [
        "feed g needs 26,784 of CoinGecko demo's 10,000 credits a month: "
        "slow it to every 15 minutes or choose a higher coingecko_plan"
    ]
    assert errors(plain, feeds=feeds, credits_per_month={"coingecko": 30000}, **DEMO_PLAN) == []


def test_a_run_may_last_as_long_as_the_functions_timeout(plain: Path) -> None:
    assets = ["BTC", "ETH", "XRP", "BNB", "SOL", "DOGE"]
    feeds = {"bars": {"source": "coingecko", "dataset": "ohlc", "interval": "1d", "assets": assets}}
    assert "a run lasts 60 seconds" in errors(plain, feeds=feeds)[0]
    assert errors(plain, feeds=feeds, function_timeout_seconds=120) == []


def test_terraforms_validation_errors_are_findings_in_their_own_words(plain: Path) -> None:
    assert set(errors(plain, coingecko_plan="gold", max_receive_count=0)) == {
        'coingecko_plan is "gold"; use one of analyst, basic, demo, keyless, pro.',
        "max_receive_count is 0; SQS takes whole numbers from 1 to 1000.",
    }


def test_a_deployment_is_stopped_by_any_error_and_otherwise_given_the_counts(plain: Path) -> None:
    feeds = {"g": {"source": "coingecko", "dataset": "quotes", "interval": "1m", "top": 1500}}
    with pytest.raises(
        preflight.PreflightFailed, match=r"make 6 requests a minute.*; feed g makes 6 requests"
    ):
        preflight.require(plain, {"feeds": feeds, "function_timeout_seconds": 3})
    counted = preflight.require(plain)["quota_used"]
    assert counted["coingecko"] == {
        "requests_per_month": 8959,
        "weight_per_month": 8959,
        "credits_used": 8959,
    }


def test_the_command_prints_a_line_for_each_finding_and_exits_with_1_on_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = CliRunner().invoke(app, ["preflight", "dev", "--offline"])
    assert done.exit_code == 0
    assert "ok      Binance: 11,439 requests a month" in done.output
    monkeypatch.setenv("TF_VAR_credits_per_month", "{ coinbase = 10 }")
    done = CliRunner().invoke(app, ["preflight", "dev", "--offline", "--json"])
    assert done.exit_code == 1
    shown = json.loads(done.stdout)
    assert shown["usage"]["coinbase"]["credits_used"] == 13423
    [error] = [finding for finding in shown["findings"] if finding["level"] == "error"]
    assert error["sentence"] == (
        "feed coinbase_candles needs 13,392 of Coinbase's 10 credits a month, "
        "and with the other feeds it is 13,423"
    )
