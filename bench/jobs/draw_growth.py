"""The growth's lines as a picture: above what an event costs, below what memory it takes."""

from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from bench.measure import read_arguments, report_numbers

STEPS = ("1×", "10×", "100×")
STAGES = {"transform": "#2563eb", "refine": "#d97706", "collector": "#059669"}
STYLES = ("-", "--")


def draw(lines: list[dict[str, Any]], picture: str) -> None:
    grows = list(dict.fromkeys(line["grows"] for line in lines))
    figure, axes = plt.subplots(2, len(grows), figsize=(13, 7.5), sharex=True, layout="constrained")
    for column, name in enumerate(grows):
        cost, memory = axes[0][column], axes[1][column]
        cost.set_title(f"{name} grow" if name != "history" else "history grows", fontsize=12)
        seen: list[str] = []
        for line in (line for line in lines if line["grows"] == name):
            stage = line["what"].split(":")[0]
            look = {"color": STAGES[stage], "linestyle": STYLES[seen.count(stage) % 2], "marker": "o"}
            seen.append(stage)
            first = line["points"][0]["cost"]
            label = f"{line['what']}, {line['points'][-1]['cost']:.3g} {line['unit']}"
            cost.plot(STEPS, [point["cost"] / first for point in line["points"]], label=label, **look)
            memory.plot(STEPS, [point["peak_mb"] for point in line["points"]], **look)
        _scaled(cost)
        memory.set_ylim(bottom=0)
        memory.grid(alpha=0.3)
    axes[0][0].set_ylabel("processor time for one, over that at 1×")
    axes[1][0].set_ylabel("peak memory of the process, MB")
    figure.savefig(picture, dpi=110, metadata={"Software": None})


def _scaled(axis: Axes) -> None:
    """From nothing to at least twice: a level line looks level."""
    axis.set_ylim(0, max(2.0, 1.1 * axis.get_ylim()[1]))
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8, loc="upper left", title="what grows, and the cost at 100×", title_fontsize=8)


if __name__ == "__main__":
    task = read_arguments()
    mpl.use("agg")
    draw(task["lines"], task["picture"])
    report_numbers()
