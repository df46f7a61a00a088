"""docs/checkov.md says what terraform/.checkov.yaml skips."""

import re

from tests.checkov.page import PAGE, skips

_ROW = re.compile(r"^\| (CKV2?_AWS_\d+) \| .+ \| \d+ \| (.+) \|$", re.MULTILINE)


def test_the_page_has_each_skip_with_its_reason() -> None:
    assert dict(_ROW.findall(PAGE.read_text())) == skips()


def test_at_most_eight_checks_are_skipped() -> None:
    assert 0 < len(skips()) <= 8
