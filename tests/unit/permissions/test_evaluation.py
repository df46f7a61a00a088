"""IAM's decision on a request, as far as our policies need it."""

import pytest

from tests.permissions.evaluation import Request, is_allowed, is_like

READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/trusted/*"}
LIST = {
    "Sid": "List",
    "Effect": "Allow",
    "Action": ["s3:ListBucket"],
    "Resource": ["arn:aws:s3:::lake"],
    "Condition": {"StringLike": {"s3:prefix": ["trusted/*", "refined/*"]}},
}


def listing(**context: str) -> Request:
    return Request(
        "refine", "s3:ListBucket", "arn:aws:s3:::lake", {f"s3:{key}": value for key, value in context.items()}
    )


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:GetObject", "arn:aws:s3:::lake/trusted/a/b", True),
        ("S3:getobject", "arn:aws:s3:::lake/trusted/a", True),
        ("s3:GetObjectVersion", "arn:aws:s3:::lake/trusted/a", False),
        ("s3:GetObject", "arn:aws:s3:::lake/ledger/a", False),
        ("s3:GetObject", "arn:aws:s3:::LAKE/trusted/a", False),
        ("s3:PutObject", "arn:aws:s3:::lake/trusted/a", False),
    ],
)
def test_action_and_resource_must_match(action: str, resource: str, allowed: bool):
    assert is_allowed(Request("refine", action, resource), [READ]) == allowed


def test_a_condition_must_hold_and_its_key_be_there():
    assert is_allowed(listing(prefix="refined/latest/"), [LIST])
    assert not is_allowed(listing(prefix="ledger/"), [LIST])
    assert not is_allowed(listing(), [LIST])


def test_a_deny_wins():
    request = Request("refine", "s3:GetObject", "arn:aws:s3:::lake/trusted/a")
    assert not is_allowed(request, [READ, {**READ, "Effect": "Deny"}])
    assert is_allowed(request, [READ, {**READ, "Effect": "Deny", "Action": "s3:PutObject"}])


def test_for_all_values_holds_for_each_value_and_for_none():
    condition = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "limit#*"}}
    statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*", "Condition": condition}

    def asked(**context: tuple[str, ...]) -> bool:
        named = {f"dynamodb:{key}": value for key, value in context.items()}
        return is_allowed(Request("ingest", "dynamodb:UpdateItem", "table", named), [statement])

    assert asked(leadingkeys=("limit#a", "limit#b"))
    assert not asked(leadingkeys=("limit#a", "price#b"))
    assert asked()


def test_string_equals_knows_no_wildcard():
    statement = {**LIST, "Condition": {"StringEquals": {"s3:prefix": "trusted/*"}}}
    assert not is_allowed(listing(prefix="trusted/a"), [statement])
    assert is_allowed(listing(prefix="trusted/*"), [statement])


def test_a_pattern_has_no_other_wildcards_than_iams():
    assert is_like("a[1]", "a[1]")
    assert not is_like("a1", "a[1]")
    assert is_like("abc", "a?c")
    assert not is_like("ac", "a?c")


@pytest.mark.parametrize(
    "statement",
    [
        {**READ, "NotAction": "s3:*"},
        {**LIST, "Condition": {"NumericLessThan": {"s3:max-keys": "10"}}},
    ],
)
def test_what_is_not_understood_is_not_guessed(statement: dict):
    with pytest.raises(ValueError, match="evaluated here"):
        is_allowed(listing(prefix="trusted/a"), [statement])
