"""What an orchestrator asks for: facts as in documented.py. Its policy is for a role that is not ours."""

from typing import Final

from tests.permissions.fact import ARTIFACTS, AWS, BACKFILL, HERE, LAKE, Fact

_ROLE: Final = "orchestrator"
_DAGS: Final = "orchestration/README.md, {}"
_ATHENA: Final = "Athena User Guide, Identity-based policies; orchestration/README.md, questions"


def _names(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


def _fact(what: str, actions: tuple[str, ...], *resources: str, prefix: str = "") -> Fact:
    return Fact(_DAGS.format(what), _ROLE, actions, resources, {"s3:prefix": prefix} if prefix else {})


ORCHESTRATOR: Final = (
    _fact("a backfill is started", ("states:StartExecution",), BACKFILL),
    _fact(
        "a backfill is followed and stopped",
        _names("states", "DescribeExecution StopExecution"),
        f"{AWS}:states:{HERE}:execution:coinlake-ENV-backfill:1",
    ),
    _fact(
        "a stage is invoked",
        ("lambda:InvokeFunction",),
        *(
            f"{AWS}:lambda:{HERE}:function:coinlake-ENV-{stage}"
            for stage in (
                "ingest",
                "refine",
                "reconcile",
                "audit",
                "load-postgres",
                "load-redshift",
                "load-snowflake",
            )
        ),
    ),
    _fact(
        "a rebuild on Spark is run",
        _names("glue", "BatchStopJobRun GetJob GetJobRun GetJobRuns StartJobRun"),
        f"{AWS}:glue:{HERE}:job/coinlake-ENV-spark",
    ),
    _fact("a rebuild's report is read", ("s3:GetObject",), f"{ARTIFACTS}/spark/runs/1.json"),
    _fact("a backfill is planned", ("s3:GetObject",), f"{ARTIFACTS}/config/1.json"),
    _fact("a backfill is planned", ("s3:PutObject",), f"{ARTIFACTS}/backfills/1/plan.json"),
    _fact(
        "a backfill's results are read", ("s3:GetObject",), f"{ARTIFACTS}/backfills/1/results/1/manifest.json"
    ),
    _fact(
        "what is there already is left out",
        ("s3:ListBucket",),
        f"{AWS}:s3:::coinlake-ENV-raw-ACCOUNT-us-east-1",
        prefix="raw/source=coinbase/",
    ),
    _fact("the ledger is waited for", ("s3:ListBucket",), LAKE, prefix="ledger/coinbase/"),
    _fact("the ledger is waited for", ("s3:GetObject",), f"{LAKE}/ledger/coinbase/1.json"),
    Fact(
        _ATHENA,
        _ROLE,
        _names("athena", "GetQueryExecution GetQueryResults StartQueryExecution StopQueryExecution"),
        (f"{AWS}:athena:{HERE}:workgroup/coinlake-ENV",),
    ),
    Fact(
        "Athena User Guide, Access to databases and tables in the AWS Glue Data Catalog",
        _ROLE,
        _names("glue", "GetDatabase GetPartition GetPartitions GetTable GetTables"),
        tuple(
            f"{AWS}:glue:{HERE}:{name}"
            for name in ("catalog", "database/default", "database/coinlake_ENV", "table/coinlake_ENV/candles")
        ),
    ),
    Fact(_ATHENA, _ROLE, ("s3:GetObject",), (f"{LAKE}/refined/candles/1.parquet",)),
    Fact(_ATHENA, _ROLE, ("s3:ListBucket",), (LAKE,), {"s3:prefix": "refined/candles/"}),
    Fact(
        _ATHENA,
        _ROLE,
        _names("s3", "AbortMultipartUpload GetObject ListMultipartUploadParts PutObject"),
        (f"{ARTIFACTS}/athena/1.csv",),
    ),
    Fact(_ATHENA, _ROLE, ("s3:GetBucketLocation",), (ARTIFACTS,)),
)
