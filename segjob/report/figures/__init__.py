"""The figures of a report, a module per section of the page, and which of them a run has.

They draw what `report.data` holds and compute no result of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from segjob.report import importance
from segjob.report.data import Report
from segjob.report.figures import algorithms, choice_of_k, history, input_data, maps, profiles
from segjob.report.figures.canvas import Figure

MOST_MEANS = 12
"""Features with a figure of their own, half as many where segments are many; the heat map has them all."""
MANY_SEGMENTS = 15
MOST_PAIRS = 10
"""Pairs of features that are drawn for slides, the most important first."""


def sections(report: Report) -> dict[str, list[Figure]]:
    """Section of the page -> its figures, in order. Call it inside `canvas.style()`."""
    shown = list(_maps(report))
    return {
        "maps": shown[:1],
        "profiles": [*_profiles(report), *shown[1:], maps.sizes(report)],
        "choice_of_k": list(_choice_of_k(report)),
        "history": list(_history(report)),
        "input_data": list(_input_data(report)),
        "left_out": list(_left_out(report)),
        "algorithms": algorithms.small_maps(report),
    }


def further_pairs(report: Report) -> list[Figure]:
    """Maps of the pairs of features that the page does not show, for slides."""
    if report.sample is None:
        return []
    pairs = importance.map_pairs(report)[1:MOST_PAIRS]
    return [
        maps.pair(report, first, second, f"map_{number}") for number, (first, second) in enumerate(pairs, 2)
    ]


def _maps(report: Report) -> Iterator[Figure]:
    if report.sample is None or not len(report.sample.segment_id):
        return
    order = importance.by_importance(report)
    if len(order) >= 2:
        yield maps.pair(report, *importance.map_pairs(report)[0])
    elif order:
        yield maps.strip(report, order[0])
    if len(report.transforms) > 2:
        yield maps.components(report)


def _profiles(report: Report) -> Iterator[Figure]:
    yield profiles.heatmap(report)
    most = MOST_MEANS if len(report.segments) <= MANY_SEGMENTS else MOST_MEANS // 2
    for position in importance.by_importance(report)[:most]:
        yield profiles.means(report, position)
    for column in dict.fromkeys(t.source_column for t in report.transforms if t.category is not None):
        yield profiles.shares(report, column)


def _choice_of_k(report: Report) -> Iterator[Figure]:
    if report.sweep:
        yield choice_of_k.elbow(report)
    if any(row.silhouette is not None for row in report.sweep):
        yield choice_of_k.silhouette(report)
    if any(row.gap is not None for row in report.sweep):
        yield choice_of_k.gap(report)
    if report.sample is not None and len(report.segments) > 1 and len(report.sample.segment_id):
        yield choice_of_k.silhouette_bands(report)


def _history(report: Report) -> Iterator[Figure]:
    if len({size.run_id for size in report.sizes}) > 1:
        yield history.sizes(report)
    if any(flow.customers for flow in report.flows):
        yield history.migration(report)


def _input_data(report: Report) -> Iterator[Figure]:
    if report.input_data is None:
        return
    for position, column in enumerate(report.input_data.distributions):
        yield input_data.distribution(column, report.input_data.grouped_by, position)
    for position, categories in enumerate(report.input_data.categories):
        yield input_data.categories(categories, position)
    if len(report.input_data.columns) > 1:
        yield input_data.correlations(report.input_data)


def _left_out(report: Report) -> Iterator[Figure]:
    if input_data.left_out_counts(report):
        yield input_data.left_out(report)
    if any(segment.outliers for segment in report.segments):
        yield input_data.outliers(report)
