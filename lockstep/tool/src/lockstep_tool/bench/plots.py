"""Plots as SVG text that takes the colour of the page around it: readable in light and dark, some kilobytes each."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lockstep_tool.bench.candidate import ENDPOINTS

__all__ = ["draw_costs", "draw_latency", "draw_throughput"]

WIDTH = 5.6  # inches, one plot below the other: at 500 pixels, letters are as large as in the text
INK = "#010203"  # stands for the page's own text colour, see render_svg()
COLOURS = ("#0d7fd1", "#e0701a", "#1f9e74", "#c4508f", "#8a6fd6", "#b8901a", "#5b8c2a", "#cf4444", "#2a9aa8", "#8c7365")
STYLE: Any = {  # matplotlib types its settings by a list of every name
    "svg.fonttype": "none",  # text stays text: smaller, and it can be found
    "svg.hashsalt": "bench",  # the same numbers give the same bytes
    "font.family": "sans-serif",
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
}

Figures = Mapping[str, Any]


def draw_throughput(models: Figures) -> str:
    """Requests a second, one axis for each endpoint, at the most connections that were tried."""
    endpoints = [name for name in ENDPOINTS if any(list_cells(figures, name) for figures in models.values())]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, (0.24 * len(models) + 0.55) * len(endpoints)), layout="constrained")
        for axis, endpoint in zip(figure.subplots(len(endpoints), squeeze=False)[:, 0], endpoints, strict=True):
            found = {name: row[-1] for name, figures in models.items() if (row := list_cells(figures, endpoint))}
            connections = max(one["connections"] for one in found.values())
            title = f"{ENDPOINTS[endpoint]}: requests/s, {connections} at once"
            draw_bars(axis, models, title, {name: one["rate"] for name, one in found.items()}, "{:,.0f}")
        return render_svg(figure)


def draw_latency(models: Figures) -> str:
    """p50 and p99 against the number of connections."""
    endpoints = [name for name in ENDPOINTS if any(len(list_cells(figures, name)) > 1 for figures in models.values())]
    if not endpoints:
        return ""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3 * len(endpoints) + 0.8), layout="constrained")
        for axis, endpoint in zip(figure.subplots(len(endpoints), squeeze=False)[:, 0], endpoints, strict=True):
            for colour, (name, figures) in zip(COLOURS, models.items(), strict=False):
                row = list_cells(figures, endpoint)
                numbers = [one["connections"] for one in row]
                axis.plot(numbers, [one["p50_ms"] or None for one in row], "-o", color=colour, markersize=3, label=name)
                axis.plot(numbers, [one["p99_ms"] or None for one in row], "--o", color=colour, markersize=3)
            axis.set(xscale="log", yscale="log", xlabel="requests at once", title=f"{ENDPOINTS[endpoint]}: ms")
            ticks = sorted({one["connections"] for figures in models.values() for one in list_cells(figures, endpoint)})
            axis.set_xticks(ticks, [str(number) for number in ticks])
            axis.xaxis.set_minor_locator(mpl.ticker.NullLocator())
            axis.yaxis.set_major_formatter("{x:g}")
            axis.grid(axis="y", alpha=0.25)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return render_svg(figure)


def draw_costs(models: Figures) -> str:
    """Through a restart: lost requests and the longest wait; memory; start to ready."""
    restarts = {name: figures["restart"] for name, figures in models.items() if figures.get("restart", {}).get("sent")}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 4 * (0.26 * len(models) + 0.7)), layout="constrained")
        lost, stall, memory, ready = figure.subplots(4)
        counted = {name: restart["lost"] for name, restart in restarts.items()}
        draw_bars(lost, models, "requests lost through a restart", counted, "{:.0f}")
        waited = {name: restart["stall_s"] * 1000 for name, restart in restarts.items()}
        draw_bars(stall, models, "longest wait through it, ms", waited, "{:.0f}")
        one = {name: figures["memory_mb"]["one"] for name, figures in models.items()}
        further = {name: figures["memory_mb"]["further"] for name, figures in models.items()}
        draw_bars(memory, models, "memory: one worker + each further one, MB", one, "")
        draw_bars(memory, models, "", further, "", left=one)
        for row, name in enumerate(models):
            label = f"  {one[name]:.0f} + {further[name]:.0f}"
            memory.text(one[name] + further[name], row, label, fontsize=8, va="center")
        draw_bars(ready, models, "start to ready, ms", {n: f["ready_s"] * 1000 for n, f in models.items()}, "{:.0f}")
        return render_svg(figure)


def list_cells(figures: Figures, endpoint: str) -> list[Mapping[str, Any]]:
    """The cells of an endpoint by rising number of connections."""
    found = [one for one in figures["cells"] if one["endpoint"] == endpoint]
    return sorted(found, key=lambda one: int(one["connections"]))


def draw_bars(
    axis: Axes,
    models: Figures,
    title: str,
    values: Mapping[str, float],
    label: str,
    left: Mapping[str, float] | None = None,
) -> None:
    """One bar a model, the first on top; a model without a value has an empty row."""
    names: Sequence[str] = list(models)
    widths = [values.get(name, 0.0) for name in names]
    starts = [left.get(name, 0.0) if left else 0.0 for name in names]
    colours = [COLOURS[number % len(COLOURS)] for number in range(len(names))]
    drawn = axis.barh(names, widths, left=starts, color=colours, height=0.62, alpha=0.55 if left else 1.0)
    if label:
        labels = [f" {label.format(values[name])}" if name in values else " not measured" for name in names]
        axis.bar_label(drawn, labels, padding=1, fontsize=8)
    ends = [start + width for start, width in zip(starts, widths, strict=True)]
    axis.set_xlim(0, max([*ends, 1e-9]) * 1.2)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.xaxis.set_visible(False)
    axis.spines["bottom"].set_visible(False)
    if title:
        axis.set_title(title)


def render_svg(figure: Figure) -> str:
    """Its text, without a background or what changes from run to run, to stand in a page."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(INK, "currentColor")
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    opening, rest = drawn.split(">", 1)
    return re.sub(r' (?:width|height)="[^"]*"', "", opening) + ">" + rest
