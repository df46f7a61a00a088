"""``make cost``: price the plan, write docs/costs.md, fail where it costs too much (or, with --check, where
the page is not what it says)."""

import argparse
import sys

from ops.cost import report
from ops.progress import console


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where the page is not current"
    )
    chosen = parser.parse_args()
    with console.status("Planning"):
        costs = report.costs()
    text = report.page(costs)
    problems = list(costs.problems())
    if not chosen.check:
        report.write(text)
    elif not report.PAGE.exists() or report.PAGE.read_text() != text:
        problems.append("docs/costs.md is not what `make cost` writes; run it")
    for unit in costs.base:
        console.print(f"{unit.title:36} {unit.quantity:14,.1f}  ${unit.list_usd:6.2f}  ${unit.net_usd:6.2f}")
    console.print(f"{'total':36} {'':14}  ${costs.list_usd:6.2f}  ${costs.net_usd:6.2f}")
    for problem in problems:
        console.print(f"[red]{problem}[/]")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
