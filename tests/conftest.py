"""What Lambda's environment gives every function, before any of them is imported."""

import os

from hypothesis import settings

os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "coinlake")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

# Speed is measured by `make bench`; a busy machine must not fail a property.
settings.register_profile("coinlake", deadline=None)
settings.load_profile("coinlake")
