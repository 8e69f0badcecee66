"""Other algorithms on the same customers: a small map of each, all by the same two features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segjob.core.compare.verdict import NAMES
from segjob.core.model import Floats
from segjob.report import importance
from segjob.report.data import Compared, Report
from segjob.report.figures.canvas import Drawn, axes, blank, label, quiet, to_axis
from segjob.report.palette import LIGHT, segment_colour, segment_marker
from segjob.report.words import feature_name, isolated, percent, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT = 250.0, 232.0
_NOISE = "bar"
"""The role that colours what is in no cluster."""


def method_name(algorithm: str) -> str:
    """An algorithm as people call it, with a capital."""
    name = NAMES.get(algorithm, plain(algorithm))
    return name[0].upper() + name[1:]


def map_features(report: Report) -> list[int]:
    """Positions of the transforms that the maps are drawn by: two, one where there are no more numbers, or none."""
    return importance.telling(report)[:2] if report.comparisons.scaled else []


def map_places(report: Report) -> Floats:
    """(n, 2) of the drawn rows in the features' own units; with one feature, the height within the row is free."""
    positions = map_features(report)
    transforms = [report.transforms[j] for j in positions]
    places: list[Floats] = [
        transform.to_original(np.array(report.comparisons.scaled[transform.feature]))
        for transform in transforms
    ]
    if len(places) == 1:
        # The golden ratio spreads points evenly over the height, the same way every time.
        places.append(np.asarray((np.arange(len(places[0])) * 0.6180339887) % 1.0, dtype=np.float64))
    return np.column_stack(places)


def small_maps(report: Report) -> list[Drawn]:
    """One for each algorithm that has rows to draw, the published segments first."""
    if not map_features(report):
        return []
    places = map_places(report)
    for axis, position in enumerate(map_features(report)):
        places[:, axis] = to_axis(places[:, axis], report.transforms[position].function)
    return [_small_map(report, found, places) for found in report.comparisons.rows if found.cluster]


def _small_map(report: Report, found: Compared, places: Floats) -> Drawn:
    names = [feature_name(report.transforms[j]) for j in map_features(report)]
    figure = blank(_HEIGHT, _WIDTH)
    ax = axes(figure, left=22, right=6, top=6, bottom=24)
    _points(ax, found, places)
    ax.set_xlabel(label(names[0], 32), fontsize=12.5, color=LIGHT["muted"])
    ax.set_ylabel(label(names[1], 30) if len(names) > 1 else "", fontsize=12.5, color=LIGHT["muted"])
    ax.set_xticks([])
    ax.set_yticks([])
    quiet(ax)
    first = found is report.comparisons.rows[0]
    groups = f"{found.clusters} group{'' if found.clusters == 1 else 's'}"
    agreement = "published" if first else f"agreement {found.agreement or 0.0:.2f}"
    noise = f", {percent(found.noise_share)} in none" if found.noise_share else ""
    return Drawn(
        name=f"method_{found.algorithm}",
        title=f"{method_name(found.algorithm)}: {groups}{noise}, {agreement}",
        summary=(
            f"A small map of {report.noun.many} by {' and '.join(map(isolated, names))}, coloured by the groups of "
            f"{method_name(found.algorithm)}: {groups}{noise}, {agreement}."
        ),
        figure=figure,
    )


def _points(ax: Axes, found: Compared, places: Floats) -> None:
    cluster = np.array([-1 if number is None else number for number in found.cluster])
    for number_of in np.unique(cluster):
        own = places[cluster == number_of]
        is_noise = number_of < 0
        ax.plot(
            own[:, 0],
            own[:, 1],
            linestyle="none",
            marker="o" if is_noise else segment_marker(int(number_of)),
            markersize=4.0,
            markeredgewidth=0,
            color=LIGHT[_NOISE] if is_noise else segment_colour(int(number_of)),
            alpha=0.8,
            zorder=1 if is_noise else 2,
        )
    # The same for all, whatever an algorithm leaves out.
    ax.margins(0.04)
