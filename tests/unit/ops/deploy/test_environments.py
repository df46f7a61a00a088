"""Bootstrap and deploy, with an account and a Terraform that are made up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ops.deploy import environments, state_bucket
from ops.deploy.terraform import Changes, NotYetConsistent, Terraform, TerraformFailed

RACE = "Unable to validate the following destination configurations"


@dataclass
class FakeTerraform:
    """Each apply takes one of ``outcomes``: an error to raise, or None."""

    outcomes: list[Exception | None]
    calls: list[str] = field(default_factory=list)

    def plan(self, report: Callable[[str], None], *, destroy: bool = False) -> Changes:
        self.calls.append("plan -destroy" if destroy else "plan")
        return Changes(add=1)

    def apply(self, report: Callable[[str], None]) -> Changes:
        self.calls.append("apply")
        error = self.outcomes.pop(0)
        if error:
            raise error
        return Changes(add=1)


def apply(fake: FakeTerraform, questions: list[str]) -> None:
    environments._apply(fake, lambda text: bool(questions.append(text)) or True, "Apply?")  # type: ignore[arg-type]


def test_a_deployment_that_s3_refused_too_soon_is_planned_and_applied_once_more_unasked() -> None:
    fake, questions = FakeTerraform([NotYetConsistent(RACE), None]), []
    apply(fake, questions)
    assert fake.calls == ["plan", "apply", "plan", "apply"]
    assert questions == ["Apply?"]


@pytest.mark.parametrize(
    ("outcomes", "calls"),
    [
        ([NotYetConsistent(RACE), NotYetConsistent(RACE)], ["plan", "apply", "plan", "apply"]),
        ([TerraformFailed("AccessDenied")], ["plan", "apply"]),
    ],
)
def test_it_is_tried_once_more_and_for_no_other_error(outcomes: list[Any], calls: list[str]) -> None:
    fake = FakeTerraform(outcomes)
    with pytest.raises(TerraformFailed):
        apply(fake, [])
    assert fake.calls == calls


def test_terraforms_words_for_it_are_known_wherever_they_stand(tmp_path) -> None:
    text = f"Error: creating S3 Bucket ({'x' * 700}) Notification: InvalidArgument: {RACE}"
    failure = Terraform("dev", tmp_path, [], {})._failure("apply", text)
    assert isinstance(failure, NotYetConsistent)
    assert not isinstance(Terraform("dev", tmp_path, [], {})._failure("apply", "no"), NotYetConsistent)


def test_bootstrap_makes_the_bucket_in_the_region_of_the_environments_file_whatever_the_shell_says(
    monkeypatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-southeast-2")
    regions: list[str] = []
    monkeypatch.setattr(environments.Aws, "account", lambda self: "123456789012")
    monkeypatch.setattr(state_bucket, "ensure", lambda aws: regions.append(aws.region) or "bucket")
    assert environments.bootstrap("dev") == "bucket"
    assert regions == [environments.Settings.load("dev").values["region"]] == ["us-east-1"]
