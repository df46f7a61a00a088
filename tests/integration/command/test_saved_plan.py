import json

import boto3
import pytest

from ops.aws import Aws
from ops.deploy import saved_plan, state_bucket
from ops.deploy.saved_plan import MissingKey, NoPlan, PlanChanged, SavedPlan
from ops.deploy.terraform import Changes

SECRET = "a value of the state"


def change(address, *actions):
    return {"address": address, "change": {"actions": list(actions), "before": {"value": SECRET}}}


DOCUMENT = {
    "resource_changes": [
        change("aws_sqs_queue.new", "create"),
        change('module.a["b"].aws_lambda_function.this', "update"),
        change("aws_s3_object.layer", "create", "delete"),
        change("aws_iam_role.same", "no-op"),
        change("data.aws_iam_policy_document.late", "read"),
    ],
    "resource_drift": [
        change('module.a["b"].aws_lambda_function.this', "update"),
        change("aws_iam_role.same", "update"),
    ],
}


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "ingest.zip").write_bytes(b"zip")
    (tmp_path / "coinlake.tfplan").write_bytes(b"plan")
    return SavedPlan.save(
        tmp_path / "out",
        "dev",
        plan=tmp_path / "coinlake.tfplan",
        packages=tmp_path / "build",
        changes=Changes(1, 1, 0),
        document=DOCUMENT,
    )


def test_a_saved_plan_is_read_again_and_brings_its_packages(plan, tmp_path):
    again = SavedPlan.load(plan.folder, "dev")
    again.restore_packages(tmp_path / "elsewhere")
    assert again.plan.read_bytes() == b"plan"
    assert (tmp_path / "elsewhere" / "ingest.zip").read_bytes() == b"zip"


@pytest.mark.parametrize("name", ["tfplan", "packages/ingest.zip", "summary.md", "packages/more.zip"])
def test_a_file_that_is_not_what_was_planned_is_refused_by_name(plan, name):
    (plan.folder / name).write_bytes(b"another")
    with pytest.raises(PlanChanged, match=name):
        SavedPlan.load(plan.folder, "dev")


def test_a_package_that_is_gone_is_refused(plan):
    (plan.folder / "packages" / "ingest.zip").unlink()
    with pytest.raises(PlanChanged, match="packages/ingest.zip"):
        SavedPlan.load(plan.folder, "dev")


def test_the_plan_of_another_environment_is_refused(plan):
    with pytest.raises(PlanChanged, match="plan of dev, not of prod"):
        SavedPlan.load(plan.folder, "prod")


def test_a_plan_that_needs_a_key_is_not_applied_without_it(tmp_path, plan, monkeypatch):
    monkeypatch.setenv("TF_VAR_coincap_api_key", "")
    key = {"type": "aws_ssm_parameter", "name": "api_key", "index": "coincap", **change("k", "create")}
    saved = SavedPlan.save(
        tmp_path / "keyed",
        "dev",
        plan=plan.plan,
        packages=tmp_path / "build",
        changes=Changes(1),
        document={"resource_changes": [key]},
    )
    with pytest.raises(MissingKey, match="export TF_VAR_coincap_api_key=<key>"):
        SavedPlan.load(saved.folder, "dev")
    monkeypatch.setenv("TF_VAR_coincap_api_key", "a key")
    SavedPlan.load(saved.folder, "dev")


def test_a_folder_without_a_plan_names_the_command_that_writes_one(tmp_path):
    with pytest.raises(NoPlan, match="coinlake plan dev --out"):
        SavedPlan.load(tmp_path, "dev")


def test_a_folder_of_the_users_is_never_replaced(plan, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").touch()
    with pytest.raises(NoPlan, match="holds no plan"):
        SavedPlan.save(
            tmp_path / "home",
            "dev",
            plan=plan.plan,
            packages=tmp_path / "build",
            changes=Changes(),
            document={},
        )
    assert (tmp_path / "home" / "thesis.txt").exists()


def test_the_summary_names_addresses_and_no_value(plan):
    text = (plan.folder / "summary.md").read_text()
    assert text.startswith("### dev: 1 to add, 1 to change, 0 to destroy\n")
    assert "| create | `aws_sqs_queue.new` |" in text
    assert "| replace | `aws_s3_object.layer` |" in text
    assert "same" not in text
    assert "late" not in text
    assert SECRET not in text + (plan.folder / "changes.json").read_text()


def test_drift_is_what_was_changed_outside_and_terraform_would_set_back(plan):
    changes = json.loads((plan.folder / "changes.json").read_text())
    assert changes == {
        "add": 1,
        "change": 1,
        "destroy": 0,
        "outputs": 0,
        "drift": ['module.a["b"].aws_lambda_function.this'],
    }


def test_an_uploaded_plan_is_fetched_by_its_hash_alone(plan, aws, tmp_path):
    account = Aws(boto3.Session(), "us-east-1", {})
    bucket = state_bucket.ensure(account)
    account.client("s3").delete_bucket_policy(Bucket=bucket)  # moto denies without looking at its condition
    digest = plan.upload(account, bucket)
    assert (tmp_path / "out.sha256").read_text() == digest
    saved_plan.download(account, bucket, "dev", digest, tmp_path / "there")
    assert SavedPlan.load(tmp_path / "there", "dev").plan.read_bytes() == b"plan"

    key = saved_plan.archive_key("dev", digest)
    account.client("s3").put_object(Bucket=bucket, Key=key, Body=b"another")
    with pytest.raises(PlanChanged, match="plan again"):
        saved_plan.download(account, bucket, "dev", digest, tmp_path / "there")
    with pytest.raises(NoPlan, match="any more"):
        saved_plan.download(account, bucket, "dev", "0" * 64, tmp_path / "there")


def test_plans_in_the_state_bucket_are_forgotten_after_a_week(aws):
    account = Aws(boto3.Session(), "us-east-1", {})
    bucket = state_bucket.ensure(account)
    rules = account.client("s3").get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [rule["Expiration"] for rule in rules if rule["Filter"] == {"Prefix": "plans/"}] == [{"Days": 7}]
