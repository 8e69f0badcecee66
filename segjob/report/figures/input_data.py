"""What the job was given: distributions, categories, correlations, what was left out, who fits nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from segjob.report.data import Categories, Distribution, Input, Report
from segjob.report.figures.canvas import (
    Drawn,
    axes,
    beside,
    blank,
    feature_ticks,
    label,
    margin,
    percent_ticks,
    quiet,
    to_axis,
)
from segjob.report.palette import LIGHT, segment_colour
from segjob.report.words import clean, in_lines, number, percent, plain, segment_name, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES: Sequence[tuple[str, Any]] = (
    ("accent", "solid"),
    ("above", (0, (5, 2))),
    ("ink", (0, (1, 1.5))),
    ("below", (0, (6, 2, 1, 2))),
    ("muted", (0, (2, 2))),
    ("s7", "solid"),
)


def distribution(customers: Input, found: Distribution, position: int) -> Drawn:
    """One column of the relation: everyone as bars, groups as lines over them."""
    figure = blank(218 if len(found.groups) == 1 else 238)
    ax = axes(figure, left=46, bottom=42, top=12 if len(found.groups) == 1 else 32)
    edges = to_axis(np.asarray(found.edges), found.function)
    counts = np.asarray(found.counts, dtype=np.float64)
    everyone = counts.sum(axis=0)
    share = everyone / max(everyone.sum(), 1.0)
    ax.bar(edges[:-1], share, np.diff(edges) * 0.94, align="edge", color=LIGHT["bar"])
    if len(found.groups) > 1:
        for (shade, dash), name, own in zip(_LINES, found.groups, counts, strict=False):
            ax.stairs(
                own / max(own.sum(), 1.0),
                edges,
                color=LIGHT[shade],
                linestyle=dash,
                linewidth=1.9,
                label=short(name, 14),
                baseline=None,
            )
        ax.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0),
            ncols=min(3, len(found.groups)),
            frameon=False,
            borderpad=0.1,
            handlelength=2.2,
        )
    name = plain(found.column)
    ax.set_xlabel(label(name))
    ax.set_xlim(edges[0], edges[-1])
    percent_ticks(ax, "y", 4)
    feature_ticks(ax, "x", found.function)
    quiet(ax, grid="y")
    groups = f", by {plain(customers.grouped_by)}" if customers.grouped_by and len(found.groups) > 1 else ""
    return Drawn(
        f"distribution_{position}",
        f"{name}{groups}",
        f"{name} goes from {number(found.minimum)} to {number(found.maximum)}, on average {number(found.mean)}. "
        + _most(found, share),
        figure,
        ("From", "to", *(clean(g) for g in found.groups)),
        [
            (number(a), number(b), *(f"{c:,}" for c in own))
            for a, b, own in zip(found.edges, found.edges[1:], zip(*found.counts, strict=True), strict=False)
        ],
        _beyond(found),
    )


def _most(found: Distribution, share: np.ndarray[Any, Any]) -> str:
    top = int(share.argmax())
    return (
        f"The fullest bin, {number(found.edges[top])} to {number(found.edges[top + 1])}, "
        f"holds {percent(float(share[top]))} of the rows."
    )


def _beyond(found: Distribution) -> str:
    told = []
    if found.minimum is not None and found.minimum < found.edges[0] - 1e-9 * abs(found.edges[0]):
        told.append(f"The first bar also counts all below, down to {number(found.minimum)}.")
    if found.maximum is not None and found.maximum > found.edges[-1] + 1e-9 * abs(found.edges[-1]):
        told.append(f"The last bar also counts all above, up to {number(found.maximum)}.")
    if found.function == "log1p":
        told.append("The axis is logarithmic, as the job sees this feature.")
    return " ".join(told)


def categories(found: Categories, position: int) -> Drawn:
    """One text column of the relation."""
    labels = [short(name, 20) for name in found.names]
    figure = blank(30 + 27.0 * len(labels))
    ax = axes(figure, left=margin(labels), right=90, top=8, bottom=10)
    places = [-float(i) for i in range(len(labels))]
    ax.barh(places, [float(n) for n in found.rows], 0.62, color=LIGHT["bar"])
    total = sum(found.rows)
    for place, rows in zip(places, found.rows, strict=True):
        beside(ax, float(rows), place, f"{rows:,} · {percent(rows / total)}")
    ax.set_yticks(places, labels)
    ax.set_xticks([])
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    return Drawn(
        f"categories_{position}",
        plain(found.column),
        "; ".join(
            f"{clean(n)}: {r:,} ({percent(r / total)})" for n, r in zip(found.names, found.rows, strict=True)
        )
        + ".",
        figure,
        (plain(found.column), "Rows"),
        [(clean(n), f"{r:,}") for n, r in zip(found.names, found.rows, strict=True)],
        "" if found.is_complete else f"Only the {len(found.names)} largest are shown.",
    )


def correlations(customers: Input) -> Drawn:
    """Every two numeric columns of the relation."""
    names = [plain(column) for column in customers.columns]
    shown = [short(name, 18) for name in names]
    size = len(names)
    figure = blank(40 + 30.0 * size)
    ax = axes(
        figure, left=margin([f"{i + 1} {s}" for i, s in enumerate(shown)], 150), right=8, top=26, bottom=8
    )
    for i, row in enumerate(customers.correlation):
        for j, value in enumerate(row[:i]):
            _cell(ax, j, -i, value)
    ax.set_xlim(-0.5, size - 1.5 + 0.02)
    ax.set_ylim(-size + 0.5, -0.5)
    ax.set_xticks(range(size - 1), [str(j + 1) for j in range(size - 1)])
    ax.xaxis.tick_top()
    ax.set_yticks([-float(i) for i in range(1, size)], [f"{s} {i + 2}" for i, s in enumerate(shown[1:])])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    pairs = [
        (abs(v), v, i, j)
        for i, row in enumerate(customers.correlation)
        for j, v in enumerate(row[:i])
        if v is not None
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[2], pair[3]))
    told = "; ".join(f"{names[j]} and {names[i]} {_signed(v)}" for _, v, i, j in pairs[:4])
    key = ", ".join(f"{i + 1} {s}" for i, s in enumerate(shown))
    return Drawn(
        "correlations",
        "Which features go together",
        f"Correlations, strongest first: {told}.",
        figure,
        ("", *names),
        [(name, *(_signed(v) for v in row)) for name, row in zip(names, customers.correlation, strict=True)],
        f"Pearson’s correlation: +1 rise together, −1 one falls as the other rises, 0 nothing to do with each other. "
        f"Two features near ±1 say the same thing twice and count double in the segments. Columns: {key}.",
    )


def _cell(ax: Axes, x: int, y: int, value: float | None) -> None:
    if value is not None:
        shade = LIGHT["above" if value > 0 else "below"]
        ax.barh(y, 0.94, 0.9, x - 0.47, color=shade, alpha=abs(value) * 0.62)
    ax.text(x, y, _signed(value), ha="center", va="center")


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


def outliers(report: Report) -> Drawn:
    """Customers far from every centre, by segment."""
    known = [s for s in report.segments if s.outliers is not None]
    labels = [in_lines(s.segment_id, s.name) for s in known]
    share = [(s.outliers or 0) / max(s.rows, 1) for s in known]
    figure = blank(34 + 33.0 * len(labels))
    ax = axes(figure, left=158, right=88, top=8, bottom=12)
    places = [-float(i) for i in range(len(labels))]
    ax.barh(places, share, 0.62, color=[segment_colour(s.segment_id) for s in known])
    for place, segment, part in zip(places, known, share, strict=True):
        beside(ax, part, place, f"{segment.outliers:,} · {percent(part)}")
    ax.set_xlim(0, max([*share, 0.01]) * 1.05)
    ax.set_yticks(places, labels)
    ax.set_xticks([])
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    total, rows = sum(s.outliers or 0 for s in known), sum(s.rows for s in known)
    return Drawn(
        "outliers",
        f"{report.noun.many.capitalize()} far from their segment’s centre",
        f"{total:,} of {rows:,} {report.noun.many} ({percent(total / max(rows, 1))}) are outliers of their segment.",
        figure,
        ("Segment", "Outliers", "Share of the segment"),
        [
            (segment_name(s.segment_id, s.name, 60), f"{s.outliers:,}", percent(part))
            for s, part in zip(known, share, strict=True)
        ],
        "They have a segment, but its description fits them badly: look at them before you act on it.",
    )


def left_out(report: Report) -> Drawn:
    """Missing values today and rows that the run excluded, by column."""
    rows = _left_out_rows(report)
    labels = [short(name, 30) for name, _ in rows]
    figure = blank(34 + 27.0 * len(rows))
    ax = axes(figure, left=margin(labels, 215), right=76, top=8, bottom=12)
    places = [-float(i) for i in range(len(rows))]
    ax.barh(places, [float(n) for _, n in rows], 0.62, color=LIGHT["bar"])
    for place, (_, n) in zip(places, rows, strict=True):
        beside(ax, float(n), place, f"{n:,}")
    ax.set_yticks(places, labels)
    ax.set_xticks([])
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    return Drawn(
        "left_out",
        f"Missing values and {report.noun.many} left out",
        "; ".join(f"{clean(name)}: {n:,}" for name, n in rows) + ".",
        figure,
        ("What", report.noun.many.capitalize()),
        [(clean(name), f"{n:,}") for name, n in rows],
    )


def _left_out_rows(report: Report) -> list[tuple[str, int]]:
    found = [
        (f"left out: {e.reason}, {plain(e.column_name)}", e.rows)
        for e in sorted(report.exclusions, key=lambda e: -e.rows)
    ]
    for d in report.customers.distributions if report.customers else ():
        found += [(f"no {plain(d.column)}", d.missing)] if d.missing else []
        found += [(f"{plain(d.column)} not finite", d.non_finite)] if d.non_finite else []
    return found


def has_left_out(report: Report) -> bool:
    """Whether anything is missing or was left out at all."""
    return bool(_left_out_rows(report))
