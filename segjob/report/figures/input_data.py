"""What the relation holds today: distributions, categories, correlations; missing values, left-out rows, outliers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from segjob.core.model import Floats
from segjob.report.data import Categories, Distribution, InputData, Report
from segjob.report.figures.canvas import (
    FONT_SIZE,
    Figure,
    axes,
    blank,
    feature_ticks,
    hide_ticks,
    horizontal_bars,
    label,
    label_margin,
    percent_ticks,
    row_height,
    row_labels,
    to_axis,
)
from segjob.report.palette import LIGHT, segment_colour
from segjob.report.words import (
    clean,
    column_label,
    number,
    percent,
    segment_name,
    short,
    wrapped,
    wrapped_name,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot

_LINE_STYLES: Sequence[tuple[str, Any]] = (
    ("accent", "solid"),
    ("above", (0, (5, 2))),
    ("ink", (0, (1, 1.5))),
    ("below", (0, (6, 2, 1, 2))),
    ("muted", (0, (2, 2))),
    ("s7", "solid"),
)
"""Role of the colour and dashes of each group's line: dashes tell them apart where colours do not."""
_MOST_WIDE = 6
"""Columns whose correlations have room for two decimals."""


def distribution(column: Distribution, grouped_by: str | None, position: int) -> Figure:
    """One column of the relation: all rows as bars, groups as lines over them."""
    counts = np.asarray(column.counts, dtype=np.float64)
    all_rows = counts.sum(axis=0)
    share = all_rows / max(all_rows.sum(), 1.0)
    name = column_label(column.column)
    groups = f", by {column_label(grouped_by)}" if grouped_by and len(column.groups) > 1 else ""
    bins = zip(column.edges, column.edges[1:], zip(*column.counts, strict=True), strict=False)
    return Figure(
        name=f"distribution_{position}",
        title=f"{name}{groups}",
        summary=f"{name} goes from {number(column.minimum)} to {number(column.maximum)}, on average "
        f"{number(column.mean)}. {_fullest_bin(column, share)}",
        plot=_histogram(column, counts, share),
        columns=("From", "to", *(clean(group) for group in column.groups)),
        rows=[(number(low), number(high), *(f"{n:,}" for n in per_group)) for low, high, per_group in bins],
        caption=_caption(column),
    )


def _histogram(column: Distribution, counts: Floats, share: Floats) -> Plot:
    """Counts : (groups, bins); share : (bins,) of all rows."""
    has_groups = len(column.groups) > 1
    columns = _legend_columns(column.groups)
    legend = 18.0 * math.ceil(len(column.groups) / columns) if has_groups else 0.0
    plot = blank(226 + legend)
    ax = axes(plot, left=46, bottom=50, top=12 + legend)
    edges = to_axis(np.asarray(column.edges), column.function)
    ax.bar(edges[:-1], share, np.diff(edges) * 0.94, align="edge", color=LIGHT["bar"])
    if has_groups:
        _group_lines(ax, column.groups, counts, edges)
    ax.set_xlabel(label(column_label(column.column)))
    ax.set_xlim(edges[0], edges[-1])
    percent_ticks(ax, "y", 4)
    feature_ticks(ax, "x", column.function)
    hide_ticks(ax, grid="y")
    ax.tick_params(axis="x", pad=10)
    return plot


def _legend_columns(groups: Sequence[str]) -> int:
    """How many names of this length stand side by side."""
    longest = max(map(len, groups))
    return 3 if longest <= 8 else 2 if longest <= 20 else 1


def _group_lines(ax: Axes, groups: Sequence[str], counts: Floats, edges: Floats) -> None:
    """Each group's own shares as a line of steps, and a legend above."""
    for (role, dashes), name, own in zip(_LINE_STYLES, groups, counts, strict=False):
        ax.stairs(
            own / max(own.sum(), 1.0),
            edges,
            color=LIGHT[role],
            linestyle=dashes,
            linewidth=1.9,
            label=short(name, 46),
            baseline=None,
        )
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=_legend_columns(groups),
        frameon=False,
        borderpad=0.1,
        handlelength=2.2,
    )


def _fullest_bin(column: Distribution, share: Floats) -> str:
    top = int(share.argmax())
    return (
        f"The fullest bin, {number(column.edges[top])} to {number(column.edges[top + 1])}, "
        f"holds {percent(float(share[top]))} of the rows."
    )


def _caption(column: Distribution) -> str:
    low, high = column.edges[0], column.edges[-1]
    sentences = []
    # Edges are rounded, so that an extreme value may lie a rounding error beyond its own bin.
    if column.minimum is not None and column.minimum < low - 1e-9 * abs(low):
        sentences.append(f"The first bar also counts all below, down to {number(column.minimum)}.")
    if column.maximum is not None and column.maximum > high + 1e-9 * abs(high):
        sentences.append(f"The last bar also counts all above, up to {number(column.maximum)}.")
    if column.function == "log1p":
        sentences.append("The axis is logarithmic, as the job sees this feature.")
    return " ".join(sentences)


def categories(column: Categories, position: int) -> Figure:
    """One text column of the relation."""
    labels = [wrapped(name, 22) for name in column.names]
    plot = blank(20 + row_height(labels, 27.0) * len(labels))
    ax = axes(plot, left=label_margin(labels), right=90, top=8, bottom=10)
    total = sum(column.rows)
    texts = [f"{rows:,} · {percent(rows / total)}" for rows in column.rows]
    horizontal_bars(ax, labels, [float(rows) for rows in column.rows], texts, LIGHT["bar"])
    counts = [(clean(name), rows) for name, rows in zip(column.names, column.rows, strict=True)]
    return Figure(
        name=f"categories_{position}",
        title=column_label(column.column),
        summary="; ".join(f"{name}: {rows:,} ({percent(rows / total)})" for name, rows in counts) + ".",
        plot=plot,
        columns=(column_label(column.column), "Rows"),
        rows=[(name, f"{rows:,}") for name, rows in counts],
        caption="" if column.is_complete else f"Only the {len(column.names)} largest are shown.",
    )


def correlations(data: InputData) -> Figure:
    """Every two numeric columns of the relation."""
    names = [column_label(column) for column in data.columns]
    pairs = [
        (value, i, j)
        for i, row in enumerate(data.correlation)
        for j, value in enumerate(row[:i])
        if value is not None
    ]
    pairs.sort(key=lambda pair: (-abs(pair[0]), pair[1], pair[2]))
    strongest = "; ".join(f"{names[j]} and {names[i]} {_signed(value)}" for value, i, j in pairs[:4])
    key = ", ".join(f"{i + 1} {name}" for i, name in enumerate(names))
    return Figure(
        name="correlations",
        title="Which features go together",
        summary=f"Correlations, strongest first: {strongest}.",
        plot=_lower_triangle(data.correlation, names),
        columns=("", *names),
        rows=[
            (name, *(_signed(value) for value in row))
            for name, row in zip(names, data.correlation, strict=True)
        ],
        caption="Pearson’s correlation: +1 rise together, −1 one falls as the other rises, 0 nothing to do with each "
        "other. Two features near ±1 say the same thing twice and count double in the segments. "
        f"Columns: {key}.",
    )


def _lower_triangle(matrix: Sequence[Sequence[float | None]], names: Sequence[str]) -> Plot:
    """A cell per pair of columns, each pair once; columns are numbered in their order."""
    size = len(names)
    labels = [wrapped(f"{name} {i}", 22) for i, name in enumerate(names, 1)]
    plot = blank(34 + row_height(labels, 30.0) * (size - 1))
    ax = axes(plot, left=label_margin(labels, 150), right=8, top=26, bottom=8)
    for i, row in enumerate(matrix):
        for j, value in enumerate(row[:i]):
            _cell(ax, j, -i, value, is_narrow=size > _MOST_WIDE)
    ax.set_xlim(-0.5, size - 1.5 + 0.02)
    ax.set_ylim(-size + 0.5, -0.5)
    row_labels(ax, [-float(i) for i in range(1, size)], labels[1:])
    ax.set_xticks(range(size - 1), [str(j + 1) for j in range(size - 1)])
    ax.xaxis.tick_top()
    return plot


def _cell(ax: Axes, x: int, y: int, value: float | None, *, is_narrow: bool) -> None:
    if value is not None:
        colour = LIGHT["above" if value > 0 else "below"]
        ax.barh(y, 0.94, 0.9, x - 0.47, color=colour, alpha=abs(value) * 0.62)
    text, size = (_tenths(value), 9.5) if is_narrow else (_signed(value), FONT_SIZE)
    ax.text(x, y, text, ha="center", va="center", fontsize=size)


def _tenths(value: float | None) -> str:
    """+.3, −.4, 0, +1: what a narrow cell has room for."""
    if value is None:
        return "–"
    text = f"{value:+.1f}"
    return "0" if text[1:] == "0.0" else text.replace("1.0", "1").replace("0.", ".").replace("-", "−")


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def outliers(report: Report) -> Figure:
    """Outliers of each segment: rows far from its centre."""
    segments = [(s, s.outliers) for s in report.segments if s.outliers is not None]
    shares = [count / max(s.rows, 1) for s, count in segments]
    labels = [wrapped_name(s.segment_id, s.name) for s, _ in segments]
    plot = blank(20 + row_height(labels) * len(labels))
    ax = axes(plot, left=158, right=88, top=8, bottom=12)
    texts = [f"{count:,} · {percent(share)}" for (_, count), share in zip(segments, shares, strict=True)]
    horizontal_bars(ax, labels, shares, texts, [segment_colour(s.segment_id) for s, _ in segments])
    ax.set_xlim(0, max([*shares, 0.01]) * 1.05)
    total, rows, many = (
        sum(count for _, count in segments),
        sum(s.rows for s, _ in segments),
        report.noun.many,
    )
    return Figure(
        name="outliers",
        title=f"{many.capitalize()} far from their segment’s centre",
        summary=f"{total:,} of {rows:,} {many} ({percent(total / max(rows, 1))}) are outliers of their segment.",
        plot=plot,
        columns=("Segment", "Outliers", "Share of the segment"),
        rows=[
            (segment_name(s.segment_id, s.name, 60), f"{count:,}", percent(share))
            for (s, count), share in zip(segments, shares, strict=True)
        ],
        caption="They have a segment, but its description fits them badly: look at them before you act on it.",
    )


def left_out(report: Report) -> Figure:
    """Missing values today and rows that the run excluded, by column."""
    counts = left_out_counts(report)
    labels = [wrapped(reason, 30) for reason, _ in counts]
    plot = blank(20 + row_height(labels, 27.0) * len(counts))
    ax = axes(plot, left=label_margin(labels, 215), right=76, top=8, bottom=12)
    texts = [f"{rows:,}" for _, rows in counts]
    horizontal_bars(ax, labels, [float(rows) for _, rows in counts], texts, LIGHT["bar"])
    return Figure(
        name="left_out",
        title=f"Missing values and {report.noun.many} left out",
        summary="; ".join(f"{clean(reason)}: {rows:,}" for reason, rows in counts) + ".",
        plot=plot,
        columns=("What", report.noun.many.capitalize()),
        rows=[(clean(reason), f"{rows:,}") for reason, rows in counts],
    )


def left_out_counts(report: Report) -> list[tuple[str, int]]:
    """Why rows were left out, or which values are missing today, and how many; empty where nothing is."""
    counts = [
        (f"left out: {row.reason}, {column_label(row.column_name)}", row.rows)
        for row in sorted(report.exclusions, key=lambda row: -row.rows)
    ]
    for column in report.input_data.distributions if report.input_data else ():
        name = column_label(column.column)
        today = ((f"no {name}", column.missing), (f"{name} not finite", column.non_finite))
        counts += [(reason, rows) for reason, rows in today if rows]
    return counts
