"""How many examples a property is tried with: all of them in CI, half of them by hand."""

import os


def examples(count: int) -> int:
    return count if os.environ.get("CI") else count // 2
