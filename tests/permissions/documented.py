"""What the embedded AWS does not run, or does not ask IAM about: the requests that AWS's documents say are
made.

AWS's own services make most of them in a role's name: they follow from what Terraform plans, so that a new
queue or schedule brings its own. The others are written down here, each with the document that says so.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ops.cost.plan import Plan
from tests.permissions import github
from tests.permissions.evaluation import Request
from tests.permissions.fact import ARTIFACTS, AWS, BACKFILL, HERE, INGEST_DLQ, KEY_ARN, LAKE, Fact
from tests.permissions.orchestrator import ORCHESTRATOR
from tests.permissions.policies import normal, role_of
from tests.permissions.spark import SPARK
from tests.permissions.warehouses import WAREHOUSES

ATTACH: Final = (
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "DeleteNetworkInterface",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
)

# With a key of one's own, the use of it that comes with a request. DynamoDB asks as whoever uses the table.
KMS_SOURCE: Final = "KMS with a key of your own: {}"
KMS_USES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "s3:GetObject": ("S3 User Guide, Using server-side encryption with AWS KMS keys", ("kms:Decrypt",)),
    "s3:PutObject": (
        "S3 User Guide, Using server-side encryption with AWS KMS keys",
        ("kms:GenerateDataKey",),
    ),
    "sqs:ReceiveMessage": ("SQS Developer Guide, Key management", ("kms:Decrypt",)),
    "sqs:SendMessage": ("SQS Developer Guide, Key management", ("kms:GenerateDataKey", "kms:Decrypt")),
    "sns:Publish": ("SNS Developer Guide, Managing encryption keys", ("kms:GenerateDataKey", "kms:Decrypt")),
    "ssm:GetParameter": ("Systems Manager User Guide, SecureString parameters", ("kms:Decrypt",)),
    **dict.fromkeys(
        [f"dynamodb:{name}" for name in ("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")],
        (
            "DynamoDB Developer Guide, Encryption at rest",
            ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey"),
        ),
    ),
}


def uses_of_key(request: Request) -> Iterator[tuple[str, Request]]:
    """What KMS is asked, and the source, when the request is about what the stack's key encrypts."""
    source, actions = KMS_USES.get(request.action, ("", ()))
    for action in actions:
        yield KMS_SOURCE.format(source), Request(request.role, action, KEY_ARN)


def facts(plans: Iterable[Plan]) -> Iterator[Fact]:
    for plan in plans:
        yield from _of_functions(plan)
        yield from _of_queues(plan)
        yield from _of_schedules(plan)
    yield from WRITTEN
    yield from WAREHOUSES
    yield from ORCHESTRATOR
    yield from SPARK
    yield from github.facts()


def _of_functions(plan: Plan) -> Iterator[Fact]:
    for function in plan.of("aws_lambda_function"):
        group = f"{AWS}:logs:{HERE}:log-group:/aws/lambda/{normal(function['function_name'])}:log-stream:1"
        yield Fact(
            "Lambda Developer Guide, Sending Lambda function logs to CloudWatch Logs",
            role_of(function["function_name"]),
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (group,),
        )
        if any(one["mode"] == "Active" for one in function.get("tracing_config") or ()):
            yield Fact(
                "Lambda Developer Guide, Visualize Lambda function invocations using AWS X-Ray",
                role_of(function["function_name"]),
                ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
                ("*",),
            )
        if "vpc_config" not in function or function["vpc_config"]:
            yield Fact(
                "Lambda Developer Guide, Giving Lambda functions access to resources in an Amazon VPC",
                role_of(function["function_name"]),
                tuple(f"ec2:{name}" for name in ATTACH),
                ("*",),
            )
    for setting in plan.of("aws_lambda_function_event_invoke_config"):
        # A queue's ARN is not known before it is made, and then all of this is missing: ingest's alone.
        for destination in setting.get("destination_config", (INGEST_DLQ,)):
            arn = normal(destination["on_failure"][0]["destination"])
            yield Fact(
                "Lambda Developer Guide, Capturing records of asynchronous invocations",
                role_of(setting["function_name"]),
                ("sns:Publish" if ":sns:" in arn else "sqs:SendMessage",),
                (arn,),
            )


def _of_queues(plan: Plan) -> Iterator[Fact]:
    named = {
        one["address"]: one["change"]["after"] for one in plan.resources if one["type"] == "aws_sqs_queue"
    }
    for one in plan.resources:
        if one["type"] != "aws_lambda_event_source_mapping":
            continue
        # The queue stands in the same module; its ARN is not known yet.
        queue = named[
            one["address"]
            .replace("aws_lambda_event_source_mapping", "aws_sqs_queue")
            .replace('this["this"]', "this")
        ]["name"]
        mapping = one["change"]["after"]
        yield Fact(
            "Lambda Developer Guide, Using Lambda with Amazon SQS, execution role permissions",
            role_of(mapping["function_name"].rpartition(":")[2]),
            ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
            (f"{AWS}:sqs:{HERE}:{normal(queue)}",),
        )


def _of_schedules(plan: Plan) -> Iterator[Fact]:
    for schedule in plan.of("aws_scheduler_schedule"):
        source = "EventBridge Scheduler User Guide, Setting up the execution role"
        yield Fact(source, "scheduler", ("lambda:InvokeFunction",), (normal(schedule["target"][0]["arn"]),))
        if schedule["kms_key_arn"]:
            source = "EventBridge Scheduler User Guide, Encryption at rest"
            yield Fact(source, "scheduler", ("kms:Decrypt",), (KEY_ARN,))


_MAPS: Final = "Step Functions Developer Guide, IAM policies for using Distributed Map states"
_ECS: Final = "ECS Developer Guide, Amazon ECS task execution IAM role"
_READER: Final = "Athena User Guide, Identity-based policies; what a query in a console or a driver calls"
_LF: Final = "Lake Formation Developer Guide, Requirements for roles used to register locations"

WRITTEN: Final = (
    # The state machine: MiniStack runs it without asking IAM.
    Fact(
        "Step Functions Developer Guide, Invoke an AWS Lambda function",
        "backfill",
        ("lambda:InvokeFunction",),
        (f"{AWS}:lambda:{HERE}:function:coinlake-ENV-ingest",),
    ),
    Fact(_MAPS, "backfill", ("s3:GetObject",), (f"{ARTIFACTS}/backfills/1/plan.json",)),
    Fact(
        _MAPS,
        "backfill",
        ("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
        (f"{ARTIFACTS}/backfills/1/results/1/manifest.json",),
    ),
    Fact(_MAPS, "backfill", ("states:StartExecution",), (BACKFILL,)),
    Fact(
        _MAPS,
        "backfill",
        ("states:DescribeExecution", "states:StopExecution"),
        tuple(
            f"{AWS}:states:{HERE}:execution:coinlake-ENV-backfill{child}" for child in (":1", "/Windows:1")
        ),
    ),
    Fact(
        "Step Functions Developer Guide, Using CloudWatch Logs to log execution history",
        "backfill",
        tuple(
            f"logs:{name}"
            for name in (
                "CreateLogDelivery",
                "GetLogDelivery",
                "UpdateLogDelivery",
                "DeleteLogDelivery",
                "ListLogDeliveries",
                "PutResourcePolicy",
                "DescribeResourcePolicies",
                "DescribeLogGroups",
            )
        ),
        ("*",),
    ),
    Fact(
        "Step Functions Developer Guide, IAM policies for AWS X-Ray",
        "backfill",
        tuple(
            f"xray:{name}"
            for name in (
                "PutTraceSegments",
                "PutTelemetryRecords",
                "GetSamplingRules",
                "GetSamplingTargets",
            )
        ),
        ("*",),
    ),
    # Fargate starts the collector's container: MiniStack has no containers without Docker.
    Fact(_ECS, "stream-start", ("ecr:GetAuthorizationToken",), ("*",)),
    Fact(
        _ECS,
        "stream-start",
        ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        (f"{AWS}:ecr:{HERE}:repository/coinlake-ENV-stream",),
    ),
    Fact(
        _ECS,
        "stream-start",
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        (f"{AWS}:logs:{HERE}:log-group:/aws/ecs/coinlake-ENV-stream:log-stream:1",),
    ),
    # Lake Formation: MiniStack has none.
    *(
        Fact(_LF, "lake-formation", ("s3:GetObject",), (f"{LAKE}/{zone}/a",))
        for zone in ("refined", "trusted", "gaps")
    ),
    *(
        Fact(_LF, "lake-formation", ("s3:ListBucket",), (LAKE,), {"s3:prefix": f"{zone}/a"})
        for zone in ("refined", "trusted", "gaps")
    ),
    # A reader's policy is attached to roles that are not ours, and its tables are read by Lake Formation's
    # role.
    Fact(
        _READER,
        "reader",
        tuple(
            f"athena:{name}"
            for name in (
                "BatchGetNamedQuery",
                "GetNamedQuery",
                "GetQueryExecution",
                "GetQueryResults",
                "GetWorkGroup",
                "ListNamedQueries",
                "StartQueryExecution",
                "StopQueryExecution",
            )
        ),
        (f"{AWS}:athena:{HERE}:workgroup/coinlake-ENV",),
    ),
    Fact(
        "Athena User Guide, Access to databases and tables in the AWS Glue Data Catalog",
        "reader",
        ("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"),
        tuple(
            f"{AWS}:glue:{HERE}:{name}"
            for name in ("catalog", "database/default", "database/coinlake_ENV", "table/coinlake_ENV/candles")
        ),
    ),
    Fact(
        "Lake Formation Developer Guide, Underlying data access control",
        "reader",
        ("lakeformation:GetDataAccess",),
        ("*",),
    ),
    Fact(
        "Athena User Guide, Access to workgroups and the query results location",
        "reader",
        ("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
        (f"{ARTIFACTS}/athena/1.csv",),
    ),
    Fact(_READER, "reader", ("s3:GetBucketLocation",), (ARTIFACTS,)),
    Fact(_READER, "reader", ("s3:ListBucket",), (ARTIFACTS,), {"s3:prefix": "athena/1"}),
)
