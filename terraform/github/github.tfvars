# The repository whose workflows deploy; see docs/ci.md.

# Settings, Actions, OIDC shows how the subject of its tokens begins. Repositories made or renamed since the
# middle of 2026 have numbers in it, as in "repo:octo-org@1/coinlake@2"; copy it, do not compose it.
subject_prefix = ""

# gh api repos/{owner}/{repo} --jq .id
repository_id = ""
