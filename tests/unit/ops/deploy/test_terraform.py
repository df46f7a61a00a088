import json

import pytest

from ops.deploy.terraform import Changes, Terraform, TerraformLog, one_line, variable_file


def line(**event):
    return json.dumps(event)


def test_terraforms_lines_become_progress():
    log = TerraformLog()
    log.read_line(line(type="planned_change"))
    log.read_line(line(type="change_summary", changes={"add": 3, "change": 1, "remove": 0}))
    log.read_line(line(type="apply_complete", hook={"resource": {"addr": "aws_sqs_queue.a"}}))
    event = log.read_line(line(type="apply_start", hook={"resource": {"addr": "aws_sqs_queue.b"}}))
    assert event == "1 of 4 aws_sqs_queue.b"
    assert str(log.changes) == "3 to add, 1 to change, 0 to destroy"


def test_a_plan_that_changes_only_an_output_is_still_to_be_applied():
    log = TerraformLog()
    log.read_line(line(type="change_summary", changes={"add": 0, "change": 0, "remove": 0}))
    assert not log.changes
    log.read_line(line(type="outputs", outputs={"a": {"action": "noop"}, "b": {"action": "create"}}))
    assert log.changes == Changes(outputs=1)
    assert log.changes


def test_an_error_of_terraform_has_its_detail_and_address():
    log = TerraformLog()
    log.read_line("There is a problem with the CLI configuration")
    diagnosis = {"severity": "error", "summary": "No", "detail": "Because\nof this", "address": "a.b"}
    log.read_line(line(type="diagnostic", diagnostic=diagnosis))
    log.read_line(line(type="diagnostic", diagnostic={"severity": "warning", "summary": "Well"}))
    assert one_line("\n".join(log.errors)) == "No: Because of this (a.b)"


def test_without_a_diagnostic_the_other_output_is_the_error():
    log = TerraformLog()
    assert log.errors == ["no message"]
    log.read_line("panic: oops\n")
    assert log.errors == ["panic: oops"]


def test_drawn_boxes_become_one_line():
    assert one_line("╷\n│ Error: a\n│ \n│   b\n╵\n") == "Error: a b"


@pytest.fixture
def terraform(tmp_path):
    return Terraform("dev", tmp_path, [], {})


def test_a_held_lock_names_the_command_that_removes_it(terraform):
    lines = (
        "Error acquiring the state lock",
        f"RequestID: {'f' * 8}-9794-4e0c-a7fa-2e826280f980",
        "Lock Info:",
    )
    text = "\n".join((*lines, "  ID:        4ab1e1a2-66aa-1111-2222-333344445555"))
    failure = str(terraform._failure("plan", text))
    assert "coinlake unlock dev 4ab1e1a2-66aa-1111-2222-333344445555" in failure


def test_any_other_failure_says_which_step_it_was(terraform):
    assert (
        str(terraform._failure("init", "Error: no provider")) == "terraform init failed: Error: no provider"
    )


def test_variables_are_written_as_terraform_reads_them(tmp_path):
    path = variable_file(tmp_path / "a" / "b.tfvars.json", {"source_urls": {}, "private_sources": True})
    assert json.loads(path.read_text()) == {"source_urls": {}, "private_sources": True}
