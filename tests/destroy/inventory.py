"""Everything that an account holds, service by service: of each that the stack uses, whatever its name."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from ops.aws import Aws

Listing = Callable[[Any], Iterator[str]]


def _pages(operation: str, field: str, name: str = "", **query: Any) -> Listing:
    """Ids of a paginated call's ``field``; ``name`` is what to take of each entry, "" the entry itself."""

    def listed(client: Any) -> Iterator[str]:
        if client.can_paginate(operation):
            answers = client.get_paginator(operation).paginate(**query)
        else:
            answers = [getattr(client, operation)(**query)]
        for answer in answers:
            for entry in answer.get(field) or ():
                yield str(entry[name] if name else entry)

    return listed


def _glue_tables(glue: Any) -> Iterator[str]:
    for database in _pages("get_databases", "DatabaseList", "Name")(glue):
        for table in _pages("get_tables", "TableList", "Name", DatabaseName=database)(glue):
            yield f"{database}.{table}"


def _keys(kms: Any) -> Iterator[str]:
    """Keys that are not about to be deleted: KMS waits for seven days at least."""
    for key in _pages("list_keys", "Keys", "KeyId")(kms):
        if kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
            yield key


def _distributions(cloudfront: Any) -> Iterator[str]:
    yield from (one["Id"] for one in cloudfront.list_distributions()["DistributionList"].get("Items", ()))


LISTINGS: Final[dict[str, dict[str, Listing]]] = {
    "athena": {
        "workgroups": _pages("list_work_groups", "WorkGroups", "Name"),
        "saved queries": _pages("list_named_queries", "NamedQueryIds"),
    },
    "cloudfront": {"distributions": _distributions},
    "cloudwatch": {"alarms": _pages("describe_alarms", "MetricAlarms", "AlarmName")},
    "dynamodb": {"tables": _pages("list_tables", "TableNames")},
    "ec2": {
        "networks": _pages("describe_vpcs", "Vpcs", "VpcId"),
        "subnets": _pages("describe_subnets", "Subnets", "SubnetId"),
        "gateways": _pages("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
        "route tables": _pages("describe_route_tables", "RouteTables", "RouteTableId"),
        "security groups": _pages("describe_security_groups", "SecurityGroups", "GroupId"),
        "interfaces": _pages("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    },
    "ecr": {"repositories": _pages("describe_repositories", "repositories", "repositoryName")},
    "ecs": {
        "clusters": _pages("list_clusters", "clusterArns"),
        "task definitions": _pages("list_task_definitions", "taskDefinitionArns"),
    },
    "glue": {"databases": _pages("get_databases", "DatabaseList", "Name"), "tables": _glue_tables},
    "iam": {
        "roles": _pages("list_roles", "Roles", "RoleName"),
        "policies": _pages("list_policies", "Policies", "Arn", Scope="Local"),
    },
    "kms": {"keys": _keys, "aliases": _pages("list_aliases", "Aliases", "AliasName")},
    "lambda": {
        "functions": _pages("list_functions", "Functions", "FunctionName"),
        "layers": _pages("list_layers", "Layers", "LayerName"),
        "mappings": _pages("list_event_source_mappings", "EventSourceMappings", "UUID"),
    },
    "logs": {"groups": _pages("describe_log_groups", "logGroups", "logGroupName")},
    "s3": {"buckets": _pages("list_buckets", "Buckets", "Name")},
    "scheduler": {
        "groups": _pages("list_schedule_groups", "ScheduleGroups", "Name"),
        "schedules": _pages("list_schedules", "Schedules", "Name"),
    },
    "sns": {
        "topics": _pages("list_topics", "Topics", "TopicArn"),
        "subscriptions": _pages("list_subscriptions", "Subscriptions", "SubscriptionArn"),
    },
    "sqs": {"queues": _pages("list_queues", "QueueUrls")},
    "ssm": {"parameters": _pages("describe_parameters", "Parameters", "Name")},
    "stepfunctions": {"state machines": _pages("list_state_machines", "stateMachines", "name")},
}


def of(aws: Aws) -> set[str]:
    """``service kind id`` of each thing in the account."""
    return {
        f"{service} {kind} {name}"
        for service, kinds in LISTINGS.items()
        for kind, listed in kinds.items()
        for name in listed(aws.client(service))
    }
