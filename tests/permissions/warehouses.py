"""What the warehouses of `load` ask that only they, or AWS, can run: facts as in documented.py."""

from typing import Final

from tests.permissions.fact import AWS, HERE, LAKE, Fact

_SNOWFLAKE: Final = "Snowflake documentation, Configuring a Snowflake storage integration to access Amazon S3"
_COPY: Final = "Redshift Developer Guide, IAM permissions for COPY, UNLOAD, and CREATE LIBRARY"
_DATA_API: Final = "Redshift Management Guide, Authorizing access to the Amazon Redshift Data API"
_NO_SERVICE: Final = "{}, on moto in tests/integration/load"
_WORKGROUP: Final = f"{AWS}:redshift-serverless:{HERE}:workgroup/0a1b"
_STATE: Final = f"{AWS}:dynamodb:{HERE}:table/coinlake-ENV-state"

WAREHOUSES: Final = (
    # Snowflake, in the role that is its own.
    Fact(
        _SNOWFLAKE,
        "snowflake",
        ("s3:GetObject", "s3:GetObjectVersion"),
        (f"{LAKE}/handoff/snowflake/1.parquet",),
    ),
    *(
        Fact(_SNOWFLAKE, "snowflake", ("s3:ListBucket",), (LAKE,), {"s3:prefix": prefix})
        for prefix in ("handoff/snowflake/1", "handoff/reports/snowflake/1")
    ),
    Fact(_SNOWFLAKE, "snowflake", ("s3:GetBucketLocation",), (LAKE,)),
    Fact(
        _SNOWFLAKE,
        "snowflake",
        ("s3:GetObject", "s3:PutObject"),
        (f"{LAKE}/handoff/reports/snowflake/1.parquet",),
    ),
    # Redshift's COPY, and the Data API, which load-redshift asks.
    Fact(_COPY, "redshift-copy", ("s3:GetObject",), (f"{LAKE}/handoff/redshift/1.parquet",)),
    Fact(_COPY, "redshift-copy", ("s3:ListBucket",), (LAKE,), {"s3:prefix": "handoff/redshift/1"}),
    Fact(_COPY, "redshift-copy", ("s3:GetBucketLocation",), (LAKE,)),
    *(
        Fact(_DATA_API, "load-redshift", ("redshift-data:BatchExecuteStatement",), (warehouse,))
        for warehouse in (_WORKGROUP, f"{AWS}:redshift:{HERE}:cluster:analytics")
    ),
    Fact(
        _DATA_API,
        "load-redshift",
        ("redshift-data:DescribeStatement", "redshift-data:GetStatementResult"),
        ("*",),
        {"redshift-data:statement-owner-iam-userid": "${aws:userid}"},
    ),
    Fact(_DATA_API, "load-redshift", ("redshift-serverless:GetCredentials",), (_WORKGROUP,)),
    Fact(
        _DATA_API,
        "load-redshift",
        ("redshift:GetClusterCredentialsWithIAM",),
        (f"{AWS}:redshift:{HERE}:dbname:analytics/lake",),
    ),
    *(
        Fact(_NO_SERVICE.format(what), f"load-{name}", actions, (resource.format(name),), context)
        for name in ("redshift", "snowflake")
        for what, actions, resource, context in (
            ("functions/load writes a copy", ("s3:PutObject",), LAKE + "/handoff/{}/1.parquet", {}),
            (
                "functions/load numbers its copies",
                ("dynamodb:Query", "dynamodb:UpdateItem"),
                _STATE,
                {"dynamodb:leadingkeys": (f"load#{name}",)},
            ),
            ("functions/load reads a part", ("s3:GetObject",), f"{LAKE}/refined/candles/1.parquet", {}),
            ("functions/load lists parts", ("s3:ListBucket",), LAKE, {"s3:prefix": "refined/candles/"}),
        )
    ),
    Fact(
        _NO_SERVICE.format("functions/load reads the report"),
        "load-snowflake",
        ("s3:GetObject",),
        (f"{LAKE}/handoff/reports/snowflake/1.parquet",),
    ),
    Fact(
        _NO_SERVICE.format("functions/load finds no report yet"),
        "load-snowflake",
        ("s3:ListBucket",),
        (LAKE,),
        {"s3:prefix": "handoff/reports/snowflake/1.parquet"},
    ),
    Fact(
        "RDS User Guide, IAM database authentication",
        "load-postgres",
        ("rds-db:connect",),
        (f"{AWS}:rds-db:{HERE}:dbuser:db-ABC/coinlake_load",),
    ),
)
