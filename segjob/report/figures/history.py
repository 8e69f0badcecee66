"""How the segments went from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.report.data import Flow, Report
from segjob.report.figures.canvas import Drawn, axes, blank, percent_ticks, quiet
from segjob.report.palette import LIGHT, segment_colour, segment_marker
from segjob.report.words import percent, segment_name, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OUTSIDE = 0
"""Stands for nobody's segment: customers who entered or left."""
_MOST_RUNS = 24


def sizes(report: Report) -> Drawn:
    """Each segment's share, run by run."""
    runs = sorted({size.run_id for size in report.sizes})[-_MOST_RUNS:]
    dates = {size.run_id: size.published_at.strftime("%Y-%m-%d") for size in report.sizes}
    figure = blank(280)
    ax = axes(figure, left=46, right=60, bottom=44, top=12)
    share = {(size.run_id, size.segment_id): size.share for size in report.sizes}
    ids = sorted({size.segment_id for size in report.sizes if size.run_id in runs})
    for segment_id in ids:
        known = [(i, share[run, segment_id]) for i, run in enumerate(runs) if (run, segment_id) in share]
        ax.plot(
            [i for i, _ in known],
            [value for _, value in known],
            color=segment_colour(segment_id),
            marker=segment_marker(segment_id),
            markersize=6,
            linewidth=2,
        )
    _ends(ax, runs, ids, share)
    step = max(1, len(runs) // 5)
    shown = list(range(len(runs) - 1, -1, -step))
    ax.set_xticks(shown, [f"run {runs[i]}\n{dates[runs[i]]}" for i in shown])
    ax.set_xlim(-0.2, len(runs) - 0.85)
    ax.set_ylim(bottom=0)
    percent_ticks(ax, "y")
    quiet(ax, grid="y")
    first, last = runs[0], runs[-1]
    told = "; ".join(
        f"segment {segment_name(i, report.names.get(i, ''), 40)} from {percent(share.get((first, i)))} to "
        f"{percent(share.get((last, i)))}"
        for i in ids[:8]
    )
    return Drawn(
        "sizes_by_run",
        "Share of each segment, run by run",
        f"From run {first} to run {last}: {told}.",
        figure,
        ("Segment", *(f"Run {run}" for run in runs)),
        [
            (segment_name(i, report.names.get(i, ""), 60), *(percent(share.get((run, i))) for run in runs))
            for i in ids
        ],
        "A segment keeps its number from run to run; a line that ends is a segment that is no more.",
    )


def _ends(ax: Axes, runs: Sequence[int], ids: Sequence[int], share: dict[tuple[int, int], float]) -> None:
    """The segments' numbers at the ends of their lines, pushed apart where they would collide."""
    last = sorted(((share[runs[-1], i], i) for i in ids if (runs[-1], i) in share), reverse=True)
    top = max(share.values(), default=1.0) * 1.05
    gap, y = top / 18, top * 2
    for value, segment_id in last:
        y = min(value, y - gap)
        ax.annotate(
            f"{segment_id}",
            (len(runs) - 1, y),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            fontweight="bold",
            color=segment_colour(segment_id),
            annotation_clip=False,
        )
        ax.annotate(
            percent(value),
            (len(runs) - 1, y),
            xytext=(24, 0),
            textcoords="offset points",
            va="center",
            color=LIGHT["muted"],
            annotation_clip=False,
        )


def migration(report: Report) -> Drawn:
    """Customers who moved between the run before and this one."""
    flows = [flow for flow in report.flows if flow.customers > 0]
    before, after = (_sides(flows, side) for side in ("from", "to"))
    total = float(sum(flow.customers for flow in flows))
    space = total * 0.025
    figure = blank(120 + 34.0 * max(len(before), len(after)))
    ax = axes(figure, left=8, right=8, top=28, bottom=8)
    left, right = _stack(before, space), _stack(after, space)
    _nodes(ax, report, before, left, 0.0, "right")
    _nodes(ax, report, after, right, 1.0, "left")
    leave, enter = dict(left), dict(right)
    for flow in sorted(flows, key=lambda f: (_end(f.from_segment_id), _end(f.to_segment_id))):
        start, end = flow.from_segment_id or _OUTSIDE, flow.to_segment_id or _OUTSIDE
        _band(ax, leave[start], enter[end], flow.customers, start, is_move=start != end)
        leave[start] -= flow.customers
        enter[end] -= flow.customers
    ax.set_xlim(-0.62, 1.62)
    ax.set_ylim(min(_bottom(before, left), _bottom(after, right)) - space, space)
    ax.set_axis_off()
    run = report.flows[0]
    ax.text(0, space * 1.4, f"run {run.from_run_id}", ha="center", va="bottom", color=LIGHT["muted"])
    ax.text(1, space * 1.4, f"run {run.run_id}", ha="center", va="bottom", color=LIGHT["muted"])
    stayed = sum(f.customers for f in flows if f.from_segment_id == f.to_segment_id)
    moves = sorted((f for f in flows if f.from_segment_id != f.to_segment_id), key=lambda f: -f.customers)
    told = "; ".join(f"{f.customers:,} {_went(report, f)}" for f in moves[:5]) or "nobody moved"
    return Drawn(
        "migration",
        f"Who moved between run {run.from_run_id} and run {run.run_id}",
        f"{stayed:,} {report.noun.many} stayed in their segment ({percent(stayed / total)}). Largest moves: {told}.",
        figure,
        ("From", "To", report.noun.many.capitalize()),
        [
            (
                _named(report, f.from_segment_id, "new"),
                _named(report, f.to_segment_id, "left"),
                f"{f.customers:,}",
            )
            for f in flows
        ],
        f"Left the run before, right this one; a ribbon is as thick as the {report.noun.many} it carries.",
    )


def _rows(report: Report, flows: Sequence[Flow]) -> list[tuple[str, str, str]]:
    return [
        (
            _named(report, flow.from_segment_id, "joined"),
            _named(report, flow.to_segment_id, "left"),
            f"{flow.customers:,}",
        )
        for flow in flows
    ]


def _end(segment_id: int | None) -> float:
    return float("inf") if segment_id is None else float(segment_id)


def _sides(flows: Sequence[Flow], side: str) -> dict[int, int]:
    """Segment -> customers on one side, by number; who is in none comes last."""
    found: dict[int, int] = {}
    for flow in flows:
        segment_id = (flow.from_segment_id if side == "from" else flow.to_segment_id) or _OUTSIDE
        found[segment_id] = found.get(segment_id, 0) + flow.customers
    return dict(sorted(found.items(), key=lambda pair: (pair[0] == _OUTSIDE, pair[0])))


def _stack(nodes: dict[int, int], space: float) -> dict[int, float]:
    """Segment -> the upper edge of its node."""
    top, at = 0.0, {}
    for segment_id, customers in nodes.items():
        at[segment_id] = top
        top -= customers + space
    return at


def _bottom(nodes: dict[int, int], at: dict[int, float]) -> float:
    return min(at[segment_id] - customers for segment_id, customers in nodes.items())


def _nodes(
    ax: Axes, report: Report, nodes: dict[int, int], at: dict[int, float], x: float, side: str
) -> None:
    outside = "joined" if x == 0.0 else "left"
    for segment_id, customers in nodes.items():
        colour = LIGHT["muted"] if segment_id == _OUTSIDE else segment_colour(segment_id)
        ax.bar(x, customers, 0.045, at[segment_id] - customers, color=colour)
        name = (
            outside
            if segment_id == _OUTSIDE
            else f"{segment_id} · {short(report.names.get(segment_id, ''), 13)}"
        )
        ax.annotate(
            f"{name}\n{customers:,}",
            (x, at[segment_id] - customers / 2),
            xytext=(-8 if side == "right" else 8, 0),
            textcoords="offset points",
            ha=side,
            va="center",
            fontsize=9.5,
        )


def _band(ax: Axes, top_left: float, top_right: float, customers: int, start: int, *, is_move: bool) -> None:
    t = np.linspace(0.0, 1.0, 24)
    bend = t * t * (3 - 2 * t)
    upper = top_left + (top_right - top_left) * bend
    colour = LIGHT["muted"] if start == _OUTSIDE else segment_colour(start)
    ax.fill_between(
        0.023 + t * 0.954,
        upper,
        upper - customers,
        color=colour,
        alpha=0.55 if is_move else 0.22,
        linewidth=0,
    )


def _named(report: Report, segment_id: int | None, nobody: str) -> str:
    return nobody if segment_id is None else segment_name(segment_id, report.names.get(segment_id, ""), 60)


def _went(report: Report, flow: Flow) -> str:
    if flow.from_segment_id is None:
        return f"joined segment {_named(report, flow.to_segment_id, '')}"
    if flow.to_segment_id is None:
        return f"left, from segment {_named(report, flow.from_segment_id, '')}"
    return (
        f"from segment {_named(report, flow.from_segment_id, '')} to {_named(report, flow.to_segment_id, '')}"
    )
