"""What can be taken away of a policy, and what counts as the proof that it is needed."""

from tests.permissions.evaluation import Request
from tests.permissions.policies import Policy, mutations, normal, role_of
from tests.permissions.proof import Evidence, How, proofs

STATEMENT = {
    "Sid": "Write",
    "Effect": "Allow",
    "Action": ["s3:PutObject", "s3:GetObject"],
    "Resource": ["arn:aws:s3:::lake/a/*", "arn:aws:s3:::lake/b/*"],
}
POLICY = Policy("ingest", "", (STATEMENT,))
BOTH = [
    ("a scenario", Request("ingest", "s3:PutObject", "arn:aws:s3:::lake/a/1")),
    ("another one", Request("ingest", "s3:GetObject", "arn:aws:s3:::lake/b/1")),
]


def unproven(evidence: Evidence, policy: Policy = POLICY) -> set[str]:
    return {mutation.id for mutation, proof in proofs([policy], evidence, []) if proof is None}


def test_a_statement_its_actions_and_its_resources_can_be_taken_away():
    assert [mutation.id for mutation, _ in mutations(POLICY)] == [
        "ingest Write statement",
        "ingest Write action s3:PutObject",
        "ingest Write action s3:GetObject",
        "ingest Write resource arn:aws:s3:::lake/a/*",
        "ingest Write resource arn:aws:s3:::lake/b/*",
    ]


def test_each_value_of_a_condition_can_be_taken_away():
    condition = {"StringLike": {"s3:prefix": ["a/*", "b/*"]}}
    statement = {
        "Sid": "List",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "x",
        "Condition": condition,
    }
    found = [
        (mutation.value, mutated.statements)
        for mutation, mutated in mutations(Policy("ingest", "", (statement,)))
    ]
    assert found[1] == ("a/*", ({**statement, "Condition": {"StringLike": {"s3:prefix": ["b/*"]}}},))


def test_what_no_request_needs_is_found():
    assert unproven(Evidence(BOTH)) == set()
    assert unproven(Evidence(BOTH[:1])) == {
        "ingest Write action s3:GetObject",
        "ingest Write resource arn:aws:s3:::lake/b/*",
    }


def test_what_another_statement_allows_as_well_needs_no_statement_of_its_own():
    doubled = Policy("ingest", "", (STATEMENT, {**STATEMENT, "Sid": "WriteAgain"}))
    assert unproven(Evidence(BOTH), doubled) == {mutation.id for mutation, _ in mutations(doubled)}


def test_a_mutation_that_was_made_counts_only_while_a_request_shows_it():
    name = "ingest Write action s3:GetObject"
    found = {
        mutation.id: proof for mutation, proof in proofs([POLICY], Evidence(BOTH, {name: "another one"}), [])
    }
    assert found[name] is not None
    assert (found[name].how, found[name].by) == (How.ENFORCED, "another one")
    assert name in unproven(Evidence(BOTH[:1], {name: "another one"}))


def test_another_roles_requests_show_nothing():
    others = [(scenario, Request("audit", one.action, one.resource)) for scenario, one in BOTH]
    assert len(unproven(Evidence(others))) == 5


def test_only_one_request_of_a_kind_is_kept():
    more = [*BOTH, ("a third", Request("ingest", "s3:PutObject", "arn:aws:s3:::lake/a/2"))]
    assert Evidence(more).reduced([POLICY]).requests == BOTH


def test_names_of_every_environment_compare():
    assert normal("arn:aws:s3:::coinlake-dev-raw-123456789012-us-east-1/raw/*") == normal(
        "arn:aws:s3:::coinlake-local-raw-000000000000-us-east-1/raw/*"
    )
    assert normal("coinlake_test coinlake-devices") == "coinlake_ENV coinlake-devices"
    assert role_of("coinlake-test-load-postgres") == "load-postgres"
    assert role_of("github-coinlake-dev-plan") == "github-plan"
