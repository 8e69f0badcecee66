"""Where the customers and the segments' centres are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.model import Floats
from segjob.report import importance
from segjob.report.data import MOST_POINTS, Report
from segjob.report.figures.canvas import (
    Drawn,
    apart_on_screen,
    axes,
    beside,
    blank,
    feature_ticks,
    label,
    number_ticks,
    quiet,
    to_axis,
)
from segjob.report.palette import LIGHT, segment_colour, segment_marker
from segjob.report.words import feature_name, in_lines, isolated, number, percent, segment_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 330.0
_RING = 20.0
"""Pixels from ring to ring."""
_HOW = "Each point is one {}, each numbered ring the centre of a segment."
_SAMPLED = "Small segments are drawn with more points than their share, so that they can be seen."


def pair(report: Report, first: int, second: int, name: str = "map") -> Drawn:
    """Two features against each other; positions of numeric transforms."""
    figure = blank(_HEIGHT)
    ax = axes(figure, left=50, bottom=44)
    both = (report.transforms[first], report.transforms[second])
    x, y = (to_axis(report.original[:, j], report.transforms[j].function) for j in (first, second))
    centres = np.column_stack(
        [to_axis(report.centroids.value[:, j], report.transforms[j].function) for j in (first, second)]
    )
    _points(ax, report, np.column_stack([x, y]))
    _centres(ax, report, centres)
    ax.set_xlabel(label(feature_name(both[0])))
    ax.set_ylabel(label(feature_name(both[1])))
    feature_ticks(ax, "x", both[0].function)
    feature_ticks(ax, "y", both[1].function)
    quiet(ax, grid="both")
    x_name, y_name = (isolated(feature_name(transform)) for transform in both)
    rows = [
        (segment_name(s.segment_id, s.name, 60), number(a), number(b))
        for s, a, b in zip(
            report.segments, report.centroids.value[:, first], report.centroids.value[:, second], strict=True
        )
    ]
    told = "; ".join(f"segment {row[0]} is centred at {row[1]} and {row[2]}" for row in rows[:6])
    logarithm = [feature_name(t) for t in both if t.function == "log1p"]
    how = _how(report)
    how = f"{how} The axis of {' and '.join(logarithm)} is logarithmic." if logarithm else how
    return Drawn(
        name=name,
        title=f"{y_name} against {x_name}",
        summary=f"A map of {report.noun.many} by {x_name} and {y_name}: {told}.",
        figure=figure,
        columns=("Centre of segment", x_name, y_name),
        rows=rows,
        how=how,
        attributes={"data-x": both[0].feature, "data-y": both[1].feature},
    )


def strip(report: Report, position: int) -> Drawn:
    """The one numeric feature there is, a row per segment."""
    transform = report.transforms[position]
    figure = blank(60 + 34.0 * len(report.segments))
    ax = axes(figure, left=50, bottom=44)
    assert report.sample is not None
    row_of = {s.segment_id: -float(i) for i, s in enumerate(report.segments)}
    rows = np.array([row_of.get(int(i), 0.0) for i in report.sample.segment_id])
    # The golden ratio spreads points of one row evenly over its height, the same way every time.
    rows += ((np.arange(len(rows)) * 0.6180339887) % 1.0 - 0.5) * 0.6
    x = to_axis(report.original[:, position], transform.function)
    _points(ax, report, np.column_stack([x, rows]))
    centres = to_axis(report.centroids.value[:, position], transform.function)
    _centres(ax, report, np.column_stack([centres, list(row_of.values())]))
    ax.set_yticks([])
    ax.set_xlabel(label(feature_name(transform)))
    feature_ticks(ax, "x", transform.function)
    quiet(ax, grid="x")
    name = feature_name(transform)
    table = [
        (segment_name(s.segment_id, s.name, 60), number(float(v)))
        for s, v in zip(report.segments, report.centroids.value[:, position], strict=True)
    ]
    told = "; ".join(f"segment {row[0]} around {row[1]}" for row in table[:6])
    return Drawn(
        "map",
        f"{report.noun.many.capitalize()} by {name}",
        f"{told}.",
        figure,
        ("Centre of segment", name),
        table,
        f"{_how(report)} Height within a row means nothing.",
    )


def components(report: Report) -> Drawn:
    """All features at once, in the two directions in which the customers differ most."""
    assert report.sample is not None
    found = importance.components(report.sample.scaled, report.sample.weight, report.centroids.scaled)
    figure = blank(_HEIGHT)
    ax = axes(figure, left=50, bottom=44)
    _points(ax, report, found.places)
    _centres(ax, report, found.centroids)
    names = importance.names_of(report)
    made = [importance.made_of(row, names) for row in found.loadings]
    ax.set_xlabel(label(made[0], 54))
    ax.set_ylabel(label(made[1], 44))
    number_ticks(ax, "x")
    number_ticks(ax, "y")
    quiet(ax, grid="both")
    kept = float(found.explained.sum())
    return Drawn(
        name="components",
        title="All features at once",
        summary=(
            f"A map of {report.noun.many} by the two principal components, which keep {percent(kept)} of the "
            f"differences. "
            f"To the right: {made[0]}. Upwards: {made[1]}."
        ),
        figure=figure,
        columns=("Feature", "share of the first axis", "of the second"),
        rows=[(name, number(a), number(b)) for name, a, b in zip(names, *found.loadings, strict=True)],
        how=(
            f"{len(names)} features squeezed into two axes (principal components) that keep {percent(kept)} of the "
            f"differences between {report.noun.many}. An arrow says which way a feature grows along the axis. Segments "
            "that overlap here may still be apart in a feature that the axes do not show."
        ),
    )


def sizes(report: Report) -> Drawn:
    """Customers per segment."""
    labels = [in_lines(s.segment_id, s.name) for s in report.segments]
    figure = blank(34 + 33.0 * len(labels))
    ax = axes(figure, left=158, right=88, top=8, bottom=12)
    rows = [float(s.rows) for s in report.segments]
    places = [-float(i) for i in range(len(rows))]
    ax.barh(places, rows, height=0.62, color=[segment_colour(s.segment_id) for s in report.segments])
    for place, segment in zip(places, report.segments, strict=True):
        beside(ax, float(segment.rows), place, f"{segment.rows:,} · {percent(segment.share)}")
    ax.set_yticks(places, labels)
    ax.set_xticks([])
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    largest, smallest = (pick(report.segments, key=lambda s: s.rows) for pick in (max, min))
    return Drawn(
        "sizes",
        "Size of the segments",
        f"The largest is segment {segment_name(largest.segment_id, largest.name, 60)} with {largest.rows:,} "
        f"{report.noun.of(largest.rows)} ({percent(largest.share)}), the smallest segment "
        f"{segment_name(smallest.segment_id, smallest.name, 60)} with {smallest.rows:,} ({percent(smallest.share)}).",
        figure,
        ("Segment", report.noun.many.capitalize(), "Share"),
        [(segment_name(s.segment_id, s.name, 60), f"{s.rows:,}", percent(s.share)) for s in report.segments],
    )


def _how(report: Report) -> str:
    drawn = 0 if report.sample is None else len(report.sample.segment_id)
    how = _HOW.format(report.noun.one)
    return f"{how} {_SAMPLED}" if drawn < report.run["rows_segmented"] > MOST_POINTS else how


def _points(ax: Axes, report: Report, places: Floats) -> None:
    size = 4.6 if len(places) <= 600 else 3.4
    for segment in report.segments:
        own = report.of_segment(places, segment.segment_id)
        ax.plot(
            own[:, 0],
            own[:, 1],
            linestyle="none",
            marker=segment_marker(segment.segment_id),
            markersize=size,
            markeredgewidth=0,
            color=segment_colour(segment.segment_id),
            alpha=0.72,
            zorder=2,
        )


def _centres(ax: Axes, report: Report, places: Floats) -> None:
    """A numbered ring on every centre; rings that would cover each other part, with a line to where they belong."""
    ids: Sequence[int] = [segment.segment_id for segment in report.segments]
    ax.update_datalim(places)
    ax.autoscale_view()
    rings = apart_on_screen(ax.transData.transform(places), _RING)
    for segment_id, (x, y), ring in zip(ids, places, ax.transData.inverted().transform(rings), strict=True):
        shown = (
            ring if np.hypot(*(ax.transData.transform(ring) - ax.transData.transform((x, y)))) > 1 else (x, y)
        )
        if shown is ring:
            ax.plot([x, ring[0]], [y, ring[1]], color=LIGHT["ink"], linewidth=1.2, zorder=3)
        ax.plot(
            [shown[0]],
            [shown[1]],
            linestyle="none",
            marker="o",
            markersize=18,
            markerfacecolor=LIGHT["surface"],
            markeredgecolor=segment_colour(segment_id),
            markeredgewidth=2.6,
            zorder=4,
        )
        ax.text(
            shown[0],
            shown[1],
            str(segment_id),
            ha="center",
            va="center_baseline",
            fontweight="bold",
            zorder=5,
        )
