"""What the job of a rebuild on Glue asks for: facts as in documented.py."""

from typing import Final

from tests.permissions.fact import ARTIFACTS, AWS, HERE, LAKE, Fact

_ROLE: Final = "spark"
_JOB: Final = "spark/README.md, {}, on PySpark in make spark-test"
_RAW: Final = f"{AWS}:s3:::coinlake-ENV-raw-ACCOUNT-us-east-1"
_ZONES: Final = ("trusted", "refined", "quarantine", "ledger")

SPARK: Final = (
    Fact(_JOB.format("raw objects are read"), _ROLE, ("s3:GetObject",), (f"{_RAW}/raw/1.json.gz",)),
    Fact(_JOB.format("raw objects are read"), _ROLE, ("s3:ListBucket",), (_RAW,), {"s3:prefix": "raw/1"}),
    *(
        Fact(_JOB.format("each zone is rebuilt"), _ROLE, actions, (resource,), context)
        for zone in _ZONES
        for actions, resource, context in (
            (("s3:GetObject", "s3:PutObject"), f"{LAKE}/{zone}/1", {}),
            (("s3:ListBucket",), LAKE, {"s3:prefix": f"{zone}/1"}),
        )
    ),
    *(
        Fact(_JOB.format("stale outputs are deleted"), _ROLE, ("s3:DeleteObject",), (f"{LAKE}/{zone}/1",))
        for zone in ("trusted", "quarantine")
    ),
    Fact(
        _JOB.format("--stage snappy keeps its copy"),
        _ROLE,
        ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
        (f"{LAKE}/snappy/1",),
    ),
    Fact(
        _JOB.format("--stage snappy keeps its copy"),
        _ROLE,
        ("s3:ListBucket",),
        (LAKE,),
        {"s3:prefix": "snappy/1"},
    ),
    *(
        Fact(
            _JOB.format("code and configuration are read"), _ROLE, ("s3:GetObject",), (f"{ARTIFACTS}/{key}",)
        )
        for key in ("config/1.json", "spark/code/1.zip")
    ),
    Fact(_JOB.format("a report is written"), _ROLE, ("s3:PutObject",), (f"{ARTIFACTS}/spark/runs/1.json",)),
    *(
        Fact(
            "Glue Developer Guide, Logging for AWS Glue jobs",
            _ROLE,
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (f"{AWS}:logs:{HERE}:log-group:/aws/glue/coinlake-ENV-spark/{name}:log-stream:1",),
        )
        for name in ("output", "error")
    ),
)
