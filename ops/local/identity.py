"""Users of the embedded AWS, for what runs on this machine in place of a role."""

from collections.abc import Mapping

from ops.stack import Stack


def user_keys(
    stack: Stack, user: str, *, inline: Mapping[str, str] | None = None, attached: str | None = None
) -> dict[str, str]:
    """New keys, as variables, of a user with policies: ``inline`` documents by name, an ``attached`` ARN.

    A key that the user had before is deleted.
    """
    iam = stack.aws.client("iam")
    try:
        iam.create_user(UserName=user)
    except iam.exceptions.EntityAlreadyExistsException:
        for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    for name, document in (inline or {}).items():
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=document)
    if attached:
        iam.attach_user_policy(UserName=user, PolicyArn=attached)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
