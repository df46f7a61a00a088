"""Become ROLE by a token such as GitHub gives a job, and pass the keys to the job's later steps.

GitHub writes the job's environment into the token's subject. act knows no environments, so the job's
name says it.
"""

import os
from pathlib import Path

import boto3

from tests.workflows.tokens import token

environment = {"plan": f"{os.environ['TARGET']}-plan", "apply": os.environ["TARGET"]}[
    os.environ["GITHUB_JOB"]
]
given = boto3.client("sts", region_name=os.environ["REGION"]).assume_role_with_web_identity(
    RoleArn=os.environ["ROLE"],
    RoleSessionName="GitHubActions",
    WebIdentityToken=token(f"{os.environ['TEST_SUBJECT_PREFIX']}:environment:{environment}"),
)["Credentials"]
variables = {
    "AWS_REGION": os.environ["REGION"],
    "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
    "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
    "AWS_SESSION_TOKEN": given["SessionToken"],
}
with Path(os.environ["GITHUB_ENV"]).open("a") as file:
    file.writelines(f"{name}={value}\n" for name, value in variables.items())
for value in (given["SecretAccessKey"], given["SessionToken"]):
    print(f"::add-mask::{value}")
