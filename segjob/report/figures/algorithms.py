"""Other algorithms on the same rows: a small map of each, all by the same two features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.compare.verdict import NAMES
from segjob.core.model import Floats
from segjob.report import importance
from segjob.report.data import ComparisonRow, Report
from segjob.report.figures.canvas import Figure, axes, blank, hide_ticks, label, spread_evenly, to_axis
from segjob.report.palette import LIGHT, segment_colour, segment_marker
from segjob.report.words import column_label, feature_name, isolated, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot

_WIDTH, _HEIGHT = 250.0, 232.0
"""Pixels: four maps stand side by side."""
_NOISE = -1
"""Stands for no cluster, as in scikit-learn."""
_NOISE_ROLE = "bar"


def method_name(algorithm: str) -> str:
    """An algorithm as people call it, with a capital."""
    name = NAMES.get(algorithm, column_label(algorithm))
    return name[0].upper() + name[1:]


def map_features(report: Report) -> list[int]:
    """Positions of the transforms that the maps are drawn by: at most two; none where no rows were kept."""
    if not report.comparisons.scaled:
        return []
    pairs = importance.map_pairs(report)
    return list(pairs[0]) if pairs else importance.by_importance(report)[:1]


def map_places(report: Report) -> Floats:
    """(n, 2) the kept rows in the features' own units; with one feature, the height means nothing."""
    transforms = [report.transforms[j] for j in map_features(report)]
    places: list[Floats] = [
        transform.to_original(np.array(report.comparisons.scaled[transform.feature]))
        for transform in transforms
    ]
    if len(places) == 1:
        places.append(spread_evenly(len(places[0])))
    return np.column_stack(places)


def small_maps(report: Report) -> list[Figure]:
    """One for each algorithm of which rows were kept, the published segments first."""
    if not map_features(report):
        return []
    places = map_places(report)
    for axis, position in enumerate(map_features(report)):
        places[:, axis] = to_axis(places[:, axis], report.transforms[position].function)
    return [_small_map(report, row, places) for row in report.comparisons.rows if row.cluster]


def _small_map(report: Report, row: ComparisonRow, places: Floats) -> Figure:
    names = [feature_name(report, report.transforms[j]) for j in map_features(report)]
    groups = f"{row.clusters} group{'' if row.clusters == 1 else 's'}"
    is_published = row is report.comparisons.rows[0]
    agreement = "published" if is_published else f"agreement {row.agreement or 0.0:.2f}"
    noise = f", {percent(row.noise_share)} in none" if row.noise_share else ""
    method = method_name(row.algorithm)
    return Figure(
        name=f"method_{row.algorithm}",
        title=f"{method}: {groups}{noise}, {agreement}",
        summary=f"A small map of {report.noun.many} by {' and '.join(map(isolated, names))}, coloured by the groups of "
        f"{method}: {groups}{noise}, {agreement}.",
        plot=_map_plot(row, places, names),
    )


def _map_plot(row: ComparisonRow, places: Floats, names: Sequence[str]) -> Plot:
    plot = blank(_HEIGHT, _WIDTH)
    ax = axes(plot, left=22, right=6, top=6, bottom=24)
    _points(ax, row, places)
    ax.set_xlabel(label(names[0], 32), fontsize=12.5, color=LIGHT["muted"])
    ax.set_ylabel(label(names[1], 30) if len(names) > 1 else "", fontsize=12.5, color=LIGHT["muted"])
    ax.set_xticks([])
    ax.set_yticks([])
    hide_ticks(ax)
    return plot


def _points(ax: Axes, row: ComparisonRow, places: Floats) -> None:
    clusters = np.array([_NOISE if cluster is None else cluster for cluster in row.cluster])
    for cluster in np.unique(clusters).tolist():
        own = places[clusters == cluster]
        is_noise = cluster == _NOISE
        ax.plot(
            own[:, 0],
            own[:, 1],
            linestyle="none",
            marker="o" if is_noise else segment_marker(cluster),
            markersize=4.0,
            markeredgewidth=0,
            color=LIGHT[_NOISE_ROLE] if is_noise else segment_colour(cluster),
            alpha=0.8,
            zorder=1 if is_noise else 2,
        )
    ax.margins(0.04)  # the same limits in all maps, whatever an algorithm leaves out
