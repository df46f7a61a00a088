"""Tokens such as GitHub's for its workflows; the embedded AWS reads their claims, not who signed them."""

import base64
import json

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT_PREFIX = "repo:octo-org@1/coinlake@2"
REPOSITORY_ID = "2"


def token(subject: str, **claims: str) -> str:
    """A token of the repository, but for ``claims``."""
    content = {
        "iss": ISSUER,
        "aud": "sts.amazonaws.com",
        "sub": subject,
        "repository_id": REPOSITORY_ID,
        **claims,
    }
    return f"{_part({'alg': 'none'})}.{_part(content)}.signature"


def _part(content: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
