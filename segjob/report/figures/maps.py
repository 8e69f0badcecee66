"""Maps: where the sampled rows and the segments' centres are, and how many rows each segment has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.model import Floats
from segjob.report import importance
from segjob.report.data import MOST_POINTS, Report
from segjob.report.figures.canvas import (
    LINE_HEIGHT,
    Figure,
    axes,
    blank,
    feature_ticks,
    hide_ticks,
    horizontal_bars,
    label,
    number_ticks,
    row_height,
    separate,
    spread_evenly,
    to_axis,
)
from segjob.report.palette import LIGHT, segment_colour, segment_marker
from segjob.report.words import (
    feature_name,
    feature_value,
    isolated,
    number,
    percent,
    segment_name,
    wrapped_name,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot

_HEIGHT, _BOTTOM = 326.0, 40.0
"""Pixels of a map, and of them below its axes: for ticks and a label of one line."""
_RING_DISTANCE = 20.0
"""Pixels between the centres of two rings, which are 18 wide."""
_CAPTION = "Each point is one {}, each numbered ring the centre of a segment."
_SAMPLED = "Small segments are drawn with more points than their share, so that they can be seen."


def pair(report: Report, first: int, second: int, name: str = "map") -> Figure:
    """Two features against each other; positions of numeric transforms."""
    both = (report.transforms[first], report.transforms[second])
    x_name, y_name = (isolated(feature_name(report, transform)) for transform in both)
    centres = report.centroids.value[:, [first, second]]
    rows = [
        (
            segment_name(s.segment_id, s.name, 60),
            *(feature_value(report, t, place) for t, place in zip(both, centre, strict=True)),
        )
        for s, centre in zip(report.segments, centres.tolist(), strict=True)
    ]
    listed = "; ".join(f"segment {row[0]} is centred at {row[1]} and {row[2]}" for row in rows[:6])
    logarithmic = " and ".join(feature_name(report, t) for t in both if t.function == "log1p")
    plot = _pair_plot(report, first, second)
    limits = (*plot.axes[0].get_xlim(), *plot.axes[0].get_ylim())
    return Figure(
        name=name,
        title=f"{y_name} against {x_name}",
        summary=f"A map of {report.noun.many} by {x_name} and {y_name}: {listed}.",
        plot=plot,
        columns=("Centre of segment", x_name, y_name),
        rows=rows,
        caption=" ".join(
            [
                _caption(report),
                *([f"The axis of {logarithmic} is logarithmic."] if logarithmic else []),
                *_imputed(report, (first, second)),
            ]
        ),
        attributes={
            "data-x": both[0].feature,
            "data-y": both[1].feature,
            "data-limits": " ".join(f"{limit:.10g}" for limit in limits),
        },
    )


def _imputed(report: Report, positions: Sequence[int]) -> Iterator[str]:
    """Why there is a line of points where values were missing."""
    for j in positions:
        transform = report.transforms[j]
        profiles = (report.profile.get((s.segment_id, transform.feature)) for s in report.segments)
        missing = sum(s.rows for s in report.segments) - sum(p.rows for p in profiles if p is not None)
        if transform.impute_value is not None and missing > 0:
            place = feature_value(report, transform, transform.impute_value)
            yield (
                f"{missing:,} {report.noun.of(missing)} without {isolated(feature_name(report, transform))} stand at "
                f"{place}, which the model takes for them."
            )


def _pair_plot(report: Report, first: int, second: int) -> Plot:
    x, y = report.transforms[first], report.transforms[second]
    plot, ax = _map_axes(label(feature_name(report, x)), label(feature_name(report, y)))
    _points(ax, report, _on_axes(report.original, (first, second), report))
    _centres(ax, report, _on_axes(report.centroids.value, (first, second), report))
    feature_ticks(ax, "x", x.function)
    feature_ticks(ax, "y", y.function)
    hide_ticks(ax, grid="both")
    return plot


def _map_axes(across: str, up: str) -> tuple[Plot, Axes]:
    """An empty map with its labels; one of two lines makes the plot higher, and the axes stay as they are."""
    more = LINE_HEIGHT * across.count("\n")
    plot = blank(_HEIGHT + more)
    ax = axes(plot, left=64, bottom=_BOTTOM + more)
    ax.set_xlabel(across)
    ax.set_ylabel(up)
    return plot, ax


def _on_axes(values: Floats, positions: Sequence[int], report: Report) -> Floats:
    """Columns of (n, d) values as their axes have them."""
    return np.column_stack([to_axis(values[:, j], report.transforms[j].function) for j in positions])


def strip(report: Report, position: int) -> Figure:
    """The one numeric feature there is, a row of points per segment."""
    transform = report.transforms[position]
    name = feature_name(report, transform)
    rows = [
        (segment_name(s.segment_id, s.name, 60), feature_value(report, transform, value))
        for s, value in zip(report.segments, report.centroids.value[:, position].tolist(), strict=True)
    ]
    listed = "; ".join(f"segment {row[0]} around {row[1]}" for row in rows[:6])
    return Figure(
        name="map",
        title=f"{report.noun.many.capitalize()} by {name}",
        summary=f"{listed}.",
        plot=_strip_plot(report, position),
        columns=("Centre of segment", name),
        rows=rows,
        caption=f"{_caption(report)} Height within a row means nothing.",
    )


def _strip_plot(report: Report, position: int) -> Plot:
    assert report.sample is not None
    transform = report.transforms[position]
    plot = blank(60 + 34.0 * len(report.segments))
    ax = axes(plot, left=50, bottom=44)
    row_of = {s.segment_id: -float(i) for i, s in enumerate(report.segments)}
    heights = np.array([row_of.get(int(i), 0.0) for i in report.sample.segment_id])
    heights += (spread_evenly(len(heights)) - 0.5) * 0.6
    x = _on_axes(report.original, [position], report)
    _points(ax, report, np.column_stack([x, heights]))
    centres = _on_axes(report.centroids.value, [position], report)
    _centres(ax, report, np.column_stack([centres, list(row_of.values())]))
    ax.set_yticks([])
    ax.set_xlabel(label(feature_name(report, transform)))
    feature_ticks(ax, "x", transform.function)
    hide_ticks(ax, grid="x")
    return plot


def components(report: Report) -> Figure:
    """All features at once, in the two directions in which the customers differ most."""
    assert report.sample is not None
    result = importance.components(report.sample.scaled, report.sample.weight, report.centroids.scaled)
    names = importance.feature_names(report)
    across, up = (importance.axis_label(row, names) for row in result.loadings)
    plot, ax = _map_axes(label(across, 56), label(up, 46))
    _points(ax, report, result.places)
    _centres(ax, report, result.centroids)
    number_ticks(ax, "x")
    number_ticks(ax, "y")
    hide_ticks(ax, grid="both")
    many, explained = report.noun.many, percent(float(result.explained.sum()))
    return Figure(
        name="components",
        title="All features at once",
        summary=f"A map of {many} by the two principal components, which keep {explained} of the differences. "
        f"To the right: {across}. Upwards: {up}.",
        plot=plot,
        columns=("Feature", "share of the first axis", "of the second"),
        rows=[(name, number(x), number(y)) for name, x, y in zip(names, *result.loadings, strict=True)],
        caption=f"{len(names)} features squeezed into two axes (principal components) that keep {explained} of the "
        f"differences between {many}. An arrow says which way a feature grows along the axis. Segments "
        "that overlap here may still be apart in a feature that the axes do not show.",
    )


def sizes(report: Report) -> Figure:
    """Rows of each segment."""
    labels = [wrapped_name(s.segment_id, s.name) for s in report.segments]
    plot = blank(20 + row_height(labels) * len(labels))
    ax = axes(plot, left=158, right=88, top=8, bottom=12)
    texts = [f"{s.rows:,} · {percent(s.share)}" for s in report.segments]
    colours = [segment_colour(s.segment_id) for s in report.segments]
    horizontal_bars(ax, labels, [float(s.rows) for s in report.segments], texts, colours)
    largest, smallest = (pick(report.segments, key=lambda s: s.rows) for pick in (max, min))
    return Figure(
        name="sizes",
        title="Size of the segments",
        summary=f"The largest is segment {segment_name(largest.segment_id, largest.name, 60)} with {largest.rows:,} "
        f"{report.noun.of(largest.rows)} ({percent(largest.share)}), the smallest segment "
        f"{segment_name(smallest.segment_id, smallest.name, 60)} with {smallest.rows:,} ({percent(smallest.share)}).",
        plot=plot,
        columns=("Segment", report.noun.many.capitalize(), "Share"),
        rows=[
            (segment_name(s.segment_id, s.name, 60), f"{s.rows:,}", percent(s.share)) for s in report.segments
        ],
    )


def _caption(report: Report) -> str:
    sampled = 0 if report.sample is None else len(report.sample.segment_id)
    caption = _CAPTION.format(report.noun.one)
    return f"{caption} {_SAMPLED}" if sampled < report.run["rows_segmented"] > MOST_POINTS else caption


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
    ax.update_datalim(places)
    ax.autoscale_view()
    pixels = ax.transData.transform(places)
    separated = separate(pixels, _RING_DISTANCE)
    has_moved = np.hypot(*(separated - pixels).T) > 1
    rings = np.where(has_moved[:, None], ax.transData.inverted().transform(separated), places)
    for segment, (x, y), (ring_x, ring_y), moved in zip(
        report.segments, places.tolist(), rings.tolist(), has_moved, strict=True
    ):
        if moved:
            ax.plot([x, ring_x], [y, ring_y], color=LIGHT["ink"], linewidth=1.2, zorder=3)
        ax.plot(
            [ring_x],
            [ring_y],
            linestyle="none",
            marker="o",
            markersize=18,
            markerfacecolor=LIGHT["surface"],
            markeredgecolor=segment_colour(segment.segment_id),
            markeredgewidth=2.6,
            zorder=4,
        )
        text = str(segment.segment_id)
        ax.text(ring_x, ring_y, text, ha="center", va="center_baseline", fontweight="bold", zorder=5)
