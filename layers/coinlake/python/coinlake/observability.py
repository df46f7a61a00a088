"""One logger and one metrics set for all functions: JSON lines, metrics in embedded format.

Log a fixed short phrase plus keys, never a payload. Powertools names both after the
function's stage (``POWERTOOLS_SERVICE_NAME``, ``POWERTOOLS_METRICS_NAMESPACE``, set by
Terraform), so a metric's only dimension is its stage.
"""

import warnings

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["MetricUnit", "add_if_any", "logger", "metrics"]

# An invocation without news has no metric; Powertools would print a warning about it.
warnings.filterwarnings("ignore", "No application metrics to publish", UserWarning)

logger = Logger()
metrics = Metrics()


def add_if_any(name: str, count: int) -> None:
    """Count what should not happen only when it does: each hour in which a metric is sent costs money."""
    if count:
        metrics.add_metric(name, MetricUnit.Count, count)
