"""The figures of a report: one function per figure, and which of them a run has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from segjob.report import importance
from segjob.report.data import Report
from segjob.report.figures import algorithms, choice_of_k, history, input_data, maps, profiles
from segjob.report.figures.canvas import Drawn

MOST_MEANS = 12
"""Features that have a figure of their own; the heat map has them all."""
MOST_PAIRS = 10
"""Pairs of features that are drawn for slides, the most telling first."""


def drawn(report: Report) -> dict[str, list[Drawn]]:
    """Section of the page -> its figures, in order. Call it inside `canvas.style()`."""
    shown = list(_maps(report))
    beside = len(shown) == 1  # the map would stand alone in its row
    return {
        "map": [*shown, maps.sizes(report)] if beside else shown,
        "apart": [*([] if beside else [maps.sizes(report)]), *_apart(report)],
        "why": list(_why(report)),
        "time": list(_time(report)),
        "customers": list(_customers(report)),
        "left_out": list(_left_out(report)),
        "methods": algorithms.small_maps(report),
    }


def more_pairs(report: Report) -> list[Drawn]:
    """The pairs of features beside the one on the page, for slides."""
    if report.sample is None:
        return []
    order = importance.telling(report)
    pairs = list(itertools.combinations(order, 2))[1:MOST_PAIRS]
    return [
        maps.pair(report, first, second, f"map_{number}") for number, (first, second) in enumerate(pairs, 2)
    ]


def _maps(report: Report) -> Iterator[Drawn]:
    if report.sample is None or not len(report.sample.segment_id):
        return
    order = importance.telling(report)
    if len(order) >= 2:
        yield maps.pair(report, order[0], order[1])
    elif order:
        yield maps.strip(report, order[0])
    if len(report.transforms) > 2:
        yield maps.components(report)


def _apart(report: Report) -> Iterator[Drawn]:
    yield profiles.heat(report)
    for position in importance.telling(report)[
        : MOST_MEANS if len(report.segments) <= 15 else MOST_MEANS // 2
    ]:
        yield profiles.means(report, position)
    for column in dict.fromkeys(t.source_column for t in report.transforms if t.category is not None):
        yield profiles.shares(report, column)


def _why(report: Report) -> Iterator[Drawn]:
    if report.sweep:
        yield choice_of_k.elbow(report)
    if any(t.silhouette is not None for t in report.sweep):
        yield choice_of_k.silhouette(report)
    if any(t.gap is not None for t in report.sweep):
        yield choice_of_k.gap(report)
    if report.sample is not None and len(report.segments) > 1 and len(report.sample.segment_id):
        yield choice_of_k.bands(report)


def _time(report: Report) -> Iterator[Drawn]:
    if len({size.run_id for size in report.sizes}) > 1:
        yield history.sizes(report)
    if any(flow.customers for flow in report.flows):
        yield history.migration(report)


def _customers(report: Report) -> Iterator[Drawn]:
    if report.customers is None:
        return
    for position, found in enumerate(report.customers.distributions):
        yield input_data.distribution(report.customers, found, position)
    for position, column in enumerate(report.customers.categories):
        yield input_data.categories(column, position)
    if len(report.customers.columns) > 1:
        yield input_data.correlations(report.customers)


def _left_out(report: Report) -> Iterator[Drawn]:
    if input_data.has_left_out(report):
        yield input_data.left_out(report)
    if any(segment.outliers for segment in report.segments):
        yield input_data.outliers(report)
