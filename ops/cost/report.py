"""docs/costs.md, from the plans of an environment and its feeds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from ops.cost.plan import Plan, plans
from ops.cost.prices import Priced, priced, prices, unknown_types
from ops.cost.traffic import Traffic
from ops.deploy.tfvars import Settings
from ops.paths import ROOT
from ops.preflight.evaluation import Evaluation

ENVIRONMENT: Final = "dev"
PAGE: Final = ROOT / "docs" / "costs.md"
MAX_NET_USD: Final = 1.00
MAX_LIST_USD: Final = 5.00
BASE: Final = "as_it_is"
CENT: Final = 0.01
EXACT_BELOW: Final = 10
COLLECTOR: Final = {"datasets": 2, "seconds": 10}  # mini-tickers and trades, batch_seconds


@dataclass(frozen=True, slots=True)
class Costs:
    """The environment as it is, each option on top of it, and types of resources that nobody priced."""

    base: Sequence[Priced]
    options: Mapping[str, Sequence[Priced]]
    unknown: Sequence[str]
    traffic: Traffic

    @property
    def list_usd(self) -> float:
        return sum(unit.list_usd for unit in self.base)

    @property
    def net_usd(self) -> float:
        return sum(unit.net_usd for unit in self.base)

    def problems(self) -> Iterator[str]:
        """Each limit that is passed, as a sentence."""
        if self.net_usd > MAX_NET_USD:
            yield f"${self.net_usd:.2f} a month after the always-free tier is more than ${MAX_NET_USD:.2f}"
        if self.list_usd > MAX_LIST_USD:
            yield f"${self.list_usd:.2f} a month at list prices is more than ${MAX_LIST_USD:.2f}"
        for kind in self.unknown:
            yield f"{kind} has no price: enter it into ops/cost/prices.json"


def costs(environment: str = ENVIRONMENT) -> Costs:
    """Plan and price an environment of terraform/environments; needs no account and no network."""
    settings = Settings.load(environment)
    made = plans(tfvars=settings.path)
    feeds = Evaluation.of(settings.path, {}, {}).feeds
    traffic = Traffic.of(
        feeds, int(settings.values["refine_batch_minutes"]), int(settings.values["derive_minutes"])
    )
    return Costs(
        base=_price(made[BASE], traffic),
        options={name: _price(plan, traffic) for name, plan in made.items() if name != BASE},
        unknown=unknown_types(chain.from_iterable(plan.types for plan in made.values())),
        traffic=traffic,
    )


def _price(plan: Plan, traffic: Traffic) -> list[Priced]:
    collector = traffic.collector(**COLLECTOR) if plan.types["aws_ecs_task_definition"] else ()
    return priced([*plan.standing(), *traffic.lines(plan), *collector])


def page(costs: Costs) -> str:
    """The whole page; equal plans give equal bytes."""
    facts, traffic = prices(), costs.traffic
    lines = [
        "# What it costs",
        "",
        f"Written by `make cost` from Terraform's plan of `{ENVIRONMENT}`, its feeds, and the list of prices",
        f"[prices.json](../ops/cost/prices.json) ({facts['region']}, {facts['date']}; {facts['source']}).",
        f"It fails above ${MAX_NET_USD:.0f} a month after the always-free tier, and above "
        f"${MAX_LIST_USD:.0f} at list prices. Computed, not read from a bill.",
        "",
        f"A month of 30 days with the feeds of `{ENVIRONMENT}.tfvars`: {traffic.runs:,.0f} runs, "
        f"{traffic.objects:,.0f} raw objects, refine every {traffic.refine_minutes} minutes.",
        "",
        "| what | for | a month | list price | after the free tier |",
        "|---|---|---|---|---|",
        *(_row(unit) for unit in costs.base),
        f"| **total** | | | **${costs.list_usd:.2f}** | **${costs.net_usd:.2f}** |",
        "",
        "No NAT gateway, nothing that runs always, no resource that costs while it rests.",
        "",
        "## Options",
        "",
        "Off by default; a month, after the free tier, on top:",
        "",
        "| option | cost | of which |",
        "|---|---|---|",
        *(_option(costs, name) for name in costs.options),
        "| `enable_spark` | $0.00 | a job that nobody starts; a run with Flex is $3.19 an hour of 11 G.1X |",
        "| `monthly_budget_usd` | $0.00 | AWS Budgets without actions is free |",
        "| a warehouse of yours | what it costs you | `load_postgres` and its like are what runs beside it; "
        "[Snowflake's bill](snowflake.md#what-it-costs) |",
        "| a backfill | cents, once | three PUTs a window and Step Functions' transitions |",
        "",
        f"`enable_stream` is a running collector of {COLLECTOR['datasets']} datasets with a batch every "
        f"{COLLECTOR['seconds']} seconds; sixty seconds cost a sixth of its writes.",
        "",
        "Of `load_redshift_create` only load's own minute a day is priced: an hour of queries is $1.50 at",
        "4 RPU, and 20 RPU-hours a month ($7.50) are the limit unless you raise it. A larger instance of",
        "RDS, or more disk, costs what AWS says.",
        "",
    ]
    return "\n".join(lines)


def _row(unit: Priced) -> str:
    what = ", ".join(
        f"{line.what} {_number(line.quantity)}" if len(unit.lines) > 1 else line.what for line in unit.lines
    )
    return (
        f"| {unit.title} | {what} | {_number(unit.quantity)} | ${unit.list_usd:.2f} | ${unit.net_usd:.2f} |"
    )


def _option(costs: Costs, name: str) -> str:
    base = {unit.title: unit.net_usd for unit in costs.base}
    more = {unit.title: unit.net_usd - base.get(unit.title, 0) for unit in costs.options[name]}
    shown = ", ".join(
        f"{title} ${usd:.2f}"
        for title, usd in sorted(more.items(), key=lambda one: -one[1])
        if usd >= CENT / 2
    )
    return f"| `{name}` | ${sum(more.values()):.2f} | {shown} |"


def _number(quantity: float) -> str:
    """Two digits that count below ten, else whole."""
    return f"{quantity:,.0f}" if quantity >= EXACT_BELOW else f"{quantity:.2g}"


def write(text: str, path: Path = PAGE) -> bool:
    """Write the page; whether it changed."""
    changed = not path.exists() or path.read_text() != text
    if changed:
        path.write_text(text)
    return changed
