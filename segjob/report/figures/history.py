"""How the segments changed from run to run: their shares, and who moved since the run before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.report.data import Flow, Report
from segjob.report.figures.canvas import LINE_HEIGHT, Figure, axes, blank, hide_ticks, percent_ticks
from segjob.report.palette import LIGHT, segment_colour, segment_marker
from segjob.report.words import percent, segment_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot

_OUTSIDE = 0
"""Stands for no segment: customers who entered or left."""
_MOST_RUNS = 24
"""Runs that fit side by side, the last ones."""

Shares = Mapping[tuple[int, int], float]
"""(run, segment) -> share of the run's rows."""


def sizes(report: Report) -> Figure:
    """Each segment's share, run by run."""
    in_time = sorted({(size.as_of, size.run_id) for size in report.sizes})
    runs = [run_id for _, run_id in in_time][-_MOST_RUNS:]
    shares = {(size.run_id, size.segment_id): size.share for size in report.sizes}
    ids = sorted({size.segment_id for size in report.sizes if size.run_id in runs})
    first, last = runs[0], runs[-1]
    changes = "; ".join(
        f"segment {segment_name(i, report.names.get(i, ''), 40)} from {percent(shares.get((first, i)))} to "
        f"{percent(shares.get((last, i)))}"
        for i in ids[:8]
    )
    return Figure(
        name="sizes_by_run",
        title="Share of each segment, run by run",
        summary=f"From run {first} to run {last}: {changes}.",
        plot=_share_lines(report, runs, ids, shares),
        columns=("Segment", *(f"Run {run}" for run in runs)),
        rows=[
            (segment_name(i, report.names.get(i, ""), 60), *(percent(shares.get((run, i))) for run in runs))
            for i in ids
        ],
        caption="A segment keeps its number from run to run; a line that ends is a segment that is no more.",
    )


def _share_lines(report: Report, runs: Sequence[int], ids: Sequence[int], shares: Shares) -> Plot:
    """A line per segment over the runs in which it exists."""
    plot = blank(280)
    ax = axes(plot, left=46, right=60, bottom=44, top=12)
    for segment_id in ids:
        line = [(x, shares[run, segment_id]) for x, run in enumerate(runs) if (run, segment_id) in shares]
        ax.plot(
            [x for x, _ in line],
            [share for _, share in line],
            color=segment_colour(segment_id),
            marker=segment_marker(segment_id),
            markersize=6,
            linewidth=2,
        )
    _line_ends(ax, runs, ids, shares)
    dates = {size.run_id: size.as_of.strftime("%Y-%m-%d") for size in report.sizes}
    ticks = list(range(len(runs) - 1, -1, -max(1, len(runs) // 5)))
    ax.set_xticks(ticks, [f"run {runs[x]}\n{dates[runs[x]]}" for x in ticks])
    ax.set_xlim(-0.2, len(runs) - 0.85)
    ax.set_ylim(bottom=0)
    percent_ticks(ax, "y")
    hide_ticks(ax, grid="y")
    return plot


def _line_ends(ax: Axes, runs: Sequence[int], ids: Sequence[int], shares: Shares) -> None:
    """The segments' numbers and shares at the ends of their lines, pushed apart where they would collide."""
    last = sorted(((shares[runs[-1], i], i) for i in ids if (runs[-1], i) in shares), reverse=True)
    top = max(shares.values(), default=1.0) * 1.05
    gap, y = top / 18, top * 2
    for value, segment_id in last:
        y = min(value, y - gap)
        for offset, text, weight, colour in (
            (10, str(segment_id), "bold", segment_colour(segment_id)),
            (24, percent(value), "normal", LIGHT["muted"]),
        ):
            ax.annotate(
                text,
                (len(runs) - 1, y),
                xytext=(offset, 0),
                textcoords="offset points",
                va="center",
                fontweight=weight,
                color=colour,
                annotation_clip=False,
            )


def migration(report: Report) -> Figure:
    """Customers who moved between the run before and this one."""
    flows = [flow for flow in report.flows if flow.customers > 0]
    before, after = report.flows[0].from_run_id, report.flows[0].run_id
    many, total = report.noun.many, float(sum(flow.customers for flow in flows))
    stayed = sum(f.customers for f in flows if f.from_segment_id == f.to_segment_id)
    moves = sorted((f for f in flows if f.from_segment_id != f.to_segment_id), key=lambda f: -f.customers)
    largest = "; ".join(f"{f.customers:,} {_move(report, f)}" for f in moves[:5]) or "nobody moved"
    return Figure(
        name="migration",
        title=f"Who moved between run {before} and run {after}",
        summary=f"{stayed:,} {many} stayed in their segment ({percent(stayed / total)}). Largest moves: {largest}.",
        plot=_sankey(report, flows, total),
        columns=("From", "To", many.capitalize()),
        rows=[
            (
                _name(report, flow.from_segment_id, "new"),
                _name(report, flow.to_segment_id, "left"),
                f"{flow.customers:,}",
            )
            for flow in flows
        ],
        caption="Left the run before, right this one, by the number of the segment; a ribbon is as thick as the "
        f"{many} it carries.",
    )


def _sankey(report: Report, flows: Sequence[Flow], total: float) -> Plot:
    """The segments of both runs as columns of nodes, and a ribbon per flow between them."""
    before, after = _node_sizes(flows, "from"), _node_sizes(flows, "to")
    space = total * 0.025
    height = 120 + 34.0 * max(len(before), len(after))
    plot = blank(height)
    ax = axes(plot, left=8, right=8, top=28, bottom=8)
    left, right = _node_tops(before, space), _node_tops(after, space)
    lowest = min(
        top - sizes[i] for sizes, tops in ((before, left), (after, right)) for i, top in tops.items()
    )
    line = LINE_HEIGHT * (2 * space - lowest) / (height - 36)
    _nodes(ax, before, left, 0.0, line)
    _nodes(ax, after, right, 1.0, line)
    leave, enter = dict(left), dict(right)
    for flow in sorted(
        flows, key=lambda f: (_outside_last(f.from_segment_id), _outside_last(f.to_segment_id))
    ):
        start, end = flow.from_segment_id or _OUTSIDE, flow.to_segment_id or _OUTSIDE
        _ribbon(ax, leave[start], enter[end], flow.customers, start, is_move=start != end)
        leave[start] -= flow.customers
        enter[end] -= flow.customers
    ax.set_xlim(-0.38, 1.38)
    ax.set_ylim(lowest - space, space)
    ax.set_axis_off()
    for x, run_id in ((0, report.flows[0].from_run_id), (1, report.flows[0].run_id)):
        ax.text(x, space * 1.4, f"run {run_id}", ha="center", va="bottom", color=LIGHT["muted"])
    return plot


def _outside_last(segment_id: int | None) -> float:
    return float("inf") if segment_id is None else float(segment_id)


def _node_sizes(flows: Sequence[Flow], side: str) -> dict[int, int]:
    """Segment -> its customers on one side, by number; `_OUTSIDE` comes last."""
    sizes: dict[int, int] = {}
    for flow in flows:
        segment_id = (flow.from_segment_id if side == "from" else flow.to_segment_id) or _OUTSIDE
        sizes[segment_id] = sizes.get(segment_id, 0) + flow.customers
    return dict(sorted(sizes.items(), key=lambda pair: (pair[0] == _OUTSIDE, pair[0])))


def _node_tops(sizes: dict[int, int], space: float) -> dict[int, float]:
    """Segment -> the upper edge of its node."""
    top, tops = 0.0, {}
    for segment_id, customers in sizes.items():
        tops[segment_id] = top
        top -= customers + space
    return tops


def _nodes(ax: Axes, sizes: dict[int, int], tops: dict[int, float], x: float, line: float) -> None:
    """One run's segments as bars at x, with numbers and customers on the outer side.

    line : height of a line of text, which is the least that labels are apart.
    """
    on_left = x == 0.0
    y = math.inf
    for segment_id, customers in sizes.items():
        if segment_id == _OUTSIDE:
            colour, name = LIGHT["muted"], "joined" if on_left else "left"
        else:
            colour, name = segment_colour(segment_id), str(segment_id)
        ax.bar(x, customers, 0.045, tops[segment_id] - customers, color=colour)
        y = min(tops[segment_id] - customers / 2, y - line)
        ax.annotate(
            f"{name}: {customers:,}",
            (x, y),
            xytext=(-8 if on_left else 8, 0),
            textcoords="offset points",
            ha="right" if on_left else "left",
            va="center",
            annotation_clip=False,
        )


def _ribbon(
    ax: Axes, top_left: float, top_right: float, customers: int, start: int, *, is_move: bool
) -> None:
    t = np.linspace(0.0, 1.0, 24)
    # Smoothstep: the ribbon is level where it leaves and where it arrives.
    upper = top_left + (top_right - top_left) * t * t * (3 - 2 * t)
    ax.fill_between(
        0.023 + t * 0.954,  # from node to node, each 0.045 wide
        upper,
        upper - customers,
        color=LIGHT["muted"] if start == _OUTSIDE else segment_colour(start),
        alpha=0.55 if is_move else 0.22,
        linewidth=0,
    )


def _name(report: Report, segment_id: int | None, outside: str) -> str:
    return outside if segment_id is None else segment_name(segment_id, report.names.get(segment_id, ""), 60)


def _move(report: Report, flow: Flow) -> str:
    before, after = _name(report, flow.from_segment_id, ""), _name(report, flow.to_segment_id, "")
    if flow.from_segment_id is None:
        return f"joined segment {after}"
    if flow.to_segment_id is None:
        return f"left, from segment {before}"
    return f"from segment {before} to {after}"
