"""What GitHub's roles ask that a deployment on the embedded AWS does not show: facts as in documented.py.

Which calls a resource of Terraform makes is in the provider's source, terraform-provider-aws 5.100, in
internal/service/<service>/<resource>.go.
"""

from collections.abc import Iterator
from typing import Final

from tests.permissions.evaluation import Value
from tests.permissions.fact import ARTIFACTS, AWS, HERE, KEY_ARN, Fact

DEPLOY: Final = "github-deploy"
READERS: Final = ("github-deploy", "github-plan")
_PROVIDER: Final = "terraform-provider-aws: {}"
_REQUESTED: Final[dict[str, Value]] = {"aws:requesttag/environment": "ENV"}
_TAGGED: Final[dict[str, Value]] = {"aws:resourcetag/environment": "ENV"}
_EC2: Final = f"{AWS}:ec2:{HERE}:vpc/1"
_POLICY: Final = f"{AWS}:iam::ACCOUNT:policy/coinlake-ENV-{{}}"
_ROLE: Final = f"{AWS}:iam::ACCOUNT:role/coinlake-ENV-any"


def _names(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


# By service: what is done, the actions, the resources, and the conditions' keys.
_SETS: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...], dict[str, Value]], ...]] = (
    (
        "aws_s3_object, changed tags and deletion of all versions",
        _names("s3", "PutObjectTagging DeleteObject DeleteObjectVersion ListBucketVersions"),
        (f"{ARTIFACTS}/config/1.json",),
        {},
    ),
    (
        "aws_dynamodb_table, changed settings and tags",
        _names("dynamodb", "UpdateTable UpdateContinuousBackups TagResource UntagResource"),
        (f"{AWS}:dynamodb:{HERE}:table/coinlake-ENV-state",),
        {},
    ),
    (
        "aws_lambda_function and what belongs to it, changed and deleted",
        _names(
            "lambda",
            "UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig PutFunctionEventInvokeConfig"
            " DeleteFunctionEventInvokeConfig DeleteFunctionConcurrency PutFunctionRecursionConfig"
            " DeleteFunction DeleteLayerVersion TagResource UntagResource",
        ),
        (f"{AWS}:lambda:{HERE}:function:coinlake-ENV-ingest",),
        {},
    ),
    (
        "aws_lambda_event_source_mapping, changed and deleted",
        _names("lambda", "UpdateEventSourceMapping DeleteEventSourceMapping"),
        ("*",),
        {"lambda:functionarn": f"{AWS}:lambda:{HERE}:function:coinlake-ENV-transform"},
    ),
    (
        "aws_lambda_event_source_mapping, tags",
        _names("lambda", "TagResource UntagResource"),
        (f"{AWS}:lambda:{HERE}:event-source-mapping:1",),
        {},
    ),
    (
        "aws_sqs_queue, changed and deleted",
        _names("sqs", "SetQueueAttributes DeleteQueue TagQueue UntagQueue"),
        (f"{AWS}:sqs:{HERE}:coinlake-ENV-transform",),
        {},
    ),
    (
        "aws_sns_topic, tags and deletion",
        _names("sns", "DeleteTopic TagResource UntagResource"),
        (f"{AWS}:sns:{HERE}:coinlake-ENV-alerts",),
        {},
    ),
    (
        "aws_sns_topic_subscription, changed and deleted",
        _names("sns", "SetSubscriptionAttributes Unsubscribe"),
        ("*",),
        {},
    ),
    (
        "aws_scheduler_schedule and its group, changed and deleted",
        _names("scheduler", "UpdateSchedule DeleteSchedule TagResource UntagResource"),
        (f"{AWS}:scheduler:{HERE}:schedule/coinlake-ENV/watch",),
        {},
    ),
    (
        "aws_sfn_state_machine, changed and deleted",
        _names("states", "UpdateStateMachine DeleteStateMachine TagResource UntagResource"),
        (f"{AWS}:states:{HERE}:stateMachine:coinlake-ENV-backfill",),
        {},
    ),
    (
        "aws_glue_catalog_database and aws_glue_catalog_table, changed and deleted",
        _names("glue", "UpdateDatabase DeleteDatabase UpdateTable DeleteTable TagResource UntagResource"),
        tuple(
            f"{AWS}:glue:{HERE}:{name}"
            for name in (
                "database/coinlake_ENV",
                "table/coinlake_ENV/a",
                "userDefinedFunction/coinlake_ENV/a",
            )
        ),
        {},
    ),
    (
        "aws_athena_workgroup and aws_athena_named_query, changed and deleted",
        _names(
            "athena",
            "UpdateWorkGroup DeleteWorkGroup UpdateNamedQuery DeleteNamedQuery TagResource UntagResource",
        ),
        (f"{AWS}:athena:{HERE}:workgroup/coinlake-ENV",),
        {},
    ),
    (
        "aws_cloudwatch_metric_alarm, tags and deletion",
        _names("cloudwatch", "DeleteAlarms TagResource UntagResource"),
        (f"{AWS}:cloudwatch:{HERE}:alarm:coinlake-ENV-late",),
        {},
    ),
    (
        "aws_cloudwatch_log_group, its key, tags and deletion",
        _names("logs", "AssociateKmsKey DisassociateKmsKey DeleteLogGroup TagResource UntagResource"),
        (f"{AWS}:logs:{HERE}:log-group:/aws/lambda/coinlake-ENV-ingest",),
        {},
    ),
    (
        "aws_cloudwatch_log_group, the collector's and the job's",
        _names("logs", "CreateLogGroup"),
        tuple(
            f"{AWS}:logs:{HERE}:log-group:/aws/{name}"
            for name in ("ecs/coinlake-ENV-stream", "glue/coinlake-ENV-spark/output")
        ),
        {},
    ),
    (
        "aws_ssm_parameter, tags and deletion",
        _names("ssm", "DeleteParameter AddTagsToResource RemoveTagsFromResource"),
        (f"{AWS}:ssm:{HERE}:parameter/coinlake/ENV/coingecko-api-key",),
        {},
    ),
    (
        "aws_iam_role and aws_iam_role_policy, changed and deleted",
        _names(
            "iam",
            "UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy DeleteRole DeleteRolePolicy TagRole"
            " UntagRole ListInstanceProfilesForRole",
        ),
        (_ROLE,),
        {},
    ),
    (
        "aws_iam_role, a boundary of a role that has none yet",
        _names("iam", "PutRolePermissionsBoundary"),
        (_ROLE,),
        {"iam:permissionsboundary": f"{AWS}:iam::ACCOUNT:policy/github-coinlake-ENV-boundary"},
    ),
    ("aws_kms_key", _names("kms", "CreateKey TagResource"), ("*",), _REQUESTED),
    (
        "aws_kms_key and aws_kms_alias; what is encrypted with the key is made by whoever deploys",
        _names(
            "kms",
            "CreateAlias DeleteAlias UpdateAlias EnableKeyRotation PutKeyPolicy UntagResource"
            " UpdateKeyDescription CreateGrant Decrypt Encrypt GenerateDataKey",
        ),
        (KEY_ARN,),
        _TAGGED,
    ),
    (
        "aws_kms_alias",
        _names("kms", "CreateAlias DeleteAlias UpdateAlias"),
        (f"{AWS}:kms:{HERE}:alias/coinlake-ENV",),
        {},
    ),
    (
        "aws_vpc and what is in it",
        _names(
            "ec2",
            "CreateVpc CreateVpcEndpoint CreateSubnet CreateInternetGateway CreateRouteTable"
            " CreateSecurityGroup CreateTags",
        ),
        (_EC2,),
        _REQUESTED,
    ),
    (
        "aws_vpc and what is in it, changed and deleted",
        _names(
            "ec2",
            "AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress CreateRoute"
            " CreateSecurityGroup CreateSubnet CreateRouteTable DeleteInternetGateway DeleteRouteTable"
            " DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc DetachInternetGateway"
            " DisassociateRouteTable ModifySubnetAttribute ModifyVpcAttribute RevokeSecurityGroupEgress"
            " CreateVpcEndpoint DeleteVpcEndpoints ModifyVpcEndpoint",
        ),
        (_EC2,),
        _TAGGED,
    ),
    (
        "aws_default_security_group",
        _names("ec2", "CreateTags RevokeSecurityGroupEgress"),
        (f"{AWS}:ec2:{HERE}:security-group/1", f"{AWS}:ec2:{HERE}:security-group-rule/1"),
        {},
    ),
    (
        "aws_ecs_cluster and aws_ecs_service",
        _names(
            "ecs",
            "CreateCluster UpdateCluster DeleteCluster CreateService UpdateService DeleteService TagResource"
            " UntagResource PutClusterCapacityProviders",
        ),
        tuple(
            f"{AWS}:ecs:{HERE}:{name}"
            for name in (
                "cluster/coinlake-ENV-stream",
                "service/coinlake-ENV-stream/1",
                "task-definition/coinlake-ENV-stream:1",
            )
        ),
        {},
    ),
    (
        "aws_glue_job",
        _names("glue", "CreateJob UpdateJob DeleteJob TagResource UntagResource"),
        (f"{AWS}:glue:{HERE}:job/coinlake-ENV-spark",),
        {},
    ),
    ("aws_ecs_task_definition", _names("ecs", "RegisterTaskDefinition DeregisterTaskDefinition"), ("*",), {}),
    (
        "aws_ecr_repository and its lifecycle policy",
        _names(
            "ecr",
            "CreateRepository PutLifecyclePolicy DeleteLifecyclePolicy PutImageScanningConfiguration"
            " PutImageTagMutability TagResource UntagResource",
        ),
        (f"{AWS}:ecr:{HERE}:repository/coinlake-ENV-stream",),
        {},
    ),
    (
        "aws_db_instance, its parameter group and subnet group",
        _names(
            "rds",
            "AddTagsToResource CreateDBInstance DeleteDBInstance ModifyDBInstance RemoveTagsFromResource"
            " ResetDBParameterGroup",
        ),
        tuple(f"{AWS}:rds:{HERE}:{kind}:coinlake-ENV-lake" for kind in ("db", "pg", "subgrp")),
        {},
    ),
    (
        "aws_redshiftserverless_namespace, aws_redshiftserverless_workgroup and its usage limit",
        _names(
            "redshift-serverless",
            "CreateWorkgroup DeleteWorkgroup TagResource UntagResource UpdateWorkgroup",
        ),
        ("*",),
        {},
    ),
    (
        "aws_db_instance and aws_redshiftserverless_namespace, the administrator's password",
        _names("secretsmanager", "CreateSecret DeleteSecret RotateSecret TagResource UpdateSecret"),
        tuple(f"{AWS}:secretsmanager:{HERE}:secret:{owner}!lake" for owner in ("rds", "redshift")),
        {},
    ),
    (
        "aws_budgets_budget",
        _names("budgets", "ModifyBudget TagResource UntagResource"),
        (f"{AWS}:budgets::ACCOUNT:budget/coinlake-ENV-monthly",),
        {},
    ),
    (
        "aws_cloudfront_distribution and its policies",
        _names(
            "cloudfront", "CreateDistribution UpdateDistribution DeleteDistribution TagResource UntagResource"
        ),
        ("*",),
        {},
    ),
    (
        "aws_lakeformation_resource, aws_lakeformation_permissions and aws_lakeformation_opt_in",
        _names(
            "lakeformation",
            "RegisterResource UpdateResource DeregisterResource GrantPermissions RevokePermissions"
            " CreateLakeFormationOptIn DeleteLakeFormationOptIn",
        ),
        ("*",),
        {},
    ),
    (
        "aws_iam_policy, the readers' and the orchestrator's",
        _names(
            "iam", "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion TagPolicy UntagPolicy"
        ),
        (_POLICY.format("reader"), _POLICY.format("orchestrator")),
        {},
    ),
    (
        "aws_iam_role_policy_attachment and aws_iam_user_policy_attachment",
        _names("iam", "AttachRolePolicy AttachUserPolicy DetachRolePolicy DetachUserPolicy"),
        (f"{AWS}:iam::ACCOUNT:role/analyst",),
        {"iam:policyarn": _POLICY.format("reader")},
    ),
)
# What a plan reads of features that the embedded AWS does not run.
_READS: Final = (
    ("aws_budgets_budget", _names("budgets", "ViewBudget ListTagsForResource")),
    (
        "aws_kms_key and aws_kms_alias",
        _names("kms", "DescribeKey GetKeyPolicy GetKeyRotationStatus ListAliases ListResourceTags"),
    ),
    ("aws_vpc and what is in it", _names("ec2", "DescribeVpcs")),
    ("aws_glue_job", _names("glue", "GetJob")),
    (
        "aws_db_instance, its parameter group and subnet group",
        _names("rds", "DescribeDBInstances ListTagsForResource"),
    ),
    (
        "aws_redshiftserverless_namespace, aws_redshiftserverless_workgroup and its usage limit",
        _names("redshift-serverless", "GetWorkgroup ListTagsForResource"),
    ),
    (
        "aws_ecr_repository and its lifecycle policy",
        _names("ecr", "DescribeRepositories GetLifecyclePolicy ListTagsForResource"),
    ),
    ("aws_ecs_cluster, aws_ecs_service and aws_ecs_task_definition", _names("ecs", "DescribeClusters")),
    (
        "aws_cloudfront_distribution and its policies",
        _names("cloudfront", "GetDistribution ListTagsForResource"),
    ),
    (
        "aws_iam_policy and its attachments",
        _names("iam", "GetPolicy GetPolicyVersion ListPolicyVersions ListAttachedUserPolicies"),
    ),
    (
        "aws_lakeformation_resource, aws_lakeformation_permissions and aws_lakeformation_opt_in",
        _names("lakeformation", "DescribeResource ListPermissions"),
    ),
)
_IMAGE: Final = _names(
    "ecr",
    "BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload GetDownloadUrlForLayer InitiateLayerUpload"
    " PutImage UploadLayerPart",
)
_PASSED_TO: Final = ("ecs-tasks", "glue", "lakeformation", "lambda", "scheduler", "states")


def facts() -> Iterator[Fact]:
    for what, actions, resources, context in _SETS:
        yield Fact(_PROVIDER.format(what), DEPLOY, actions, resources, context)
    for role in READERS:
        for what, actions in _READS:
            yield Fact(_PROVIDER.format(what), role, actions, ("*",))
    for service in _PASSED_TO:
        yield Fact(
            "IAM User Guide, Granting a user permissions to pass a role to an AWS service",
            DEPLOY,
            ("iam:PassRole",),
            (_ROLE,),
            {"iam:passedtoservice": f"{service}.amazonaws.com"},
        )
    logs = (
        "CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries"
        " PutResourcePolicy DescribeResourcePolicies"
    )
    yield Fact(
        "Step Functions Developer Guide, Using CloudWatch Logs to log execution history",
        DEPLOY,
        _names("logs", logs),
        ("*",),
    )
    yield Fact(
        "ECR User Guide, IAM permissions for pushing an image (image.yml)",
        DEPLOY,
        _IMAGE,
        (f"{AWS}:ecr:{HERE}:repository/coinlake-ENV-stream",),
    )
    yield Fact(
        "ECR User Guide, Private registry authentication", DEPLOY, ("ecr:GetAuthorizationToken",), ("*",)
    )
    yield Fact(
        "S3 User Guide, Multipart upload API and permissions: a plan's archive is sent in parts",
        "github-plan",
        ("s3:AbortMultipartUpload",),
        (f"{AWS}:s3:::coinlake-state-ACCOUNT-us-east-1/plans/ENV/1.zip",),
    )
