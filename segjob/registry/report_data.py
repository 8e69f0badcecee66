"""What a run's relation holds today, for the report: distributions, categories, correlations.

Every answer is bounded at any number of rows. It reads the warehouse and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from segjob.core.model import Floats, Transform
from segjob.registry.models import PublishedModel
from segjob.report.data import Categories, Distribution, InputData, Sample
from segjob.statements import exploration
from segjob.statements.exploration import HistogramBins
from segjob.statements.relation import Relation
from segjob.warehouse.base import Warehouse

BINS = 24
FEWEST_BINS = 8
"""Bars of a histogram: one for each square root of the rows, between these two."""
MOST_COLUMNS = 12
"""Columns that are described, the first ones of the model."""
MOST_CATEGORIES = 8
MOST_GROUPS = 6
"""Groups whose lines a reader can tell apart."""
_TAIL = 0.005
"""Share of the rows at either end that may be a tail."""
_DIGITS = 10
_EXACT = 2.0**53
"""Up to here, a float64 holds every whole number."""


def read_input_data(
    warehouse: Warehouse, published: PublishedModel, sample: Sample | None
) -> InputData | None:
    """The relation's columns that the model uses; None where the relation cannot be read any more."""
    if sample is None:
        return None
    transforms, relation = published.model.transforms, published.relation
    numeric = [(j, t) for j, t in enumerate(transforms) if t.category is None][:MOST_COLUMNS]
    columns = [t.source_column for _, t in numeric]
    overview = warehouse.records(exploration.overview(relation, columns))[0]
    by, groups = _grouping(warehouse, published)
    most = max(FEWEST_BINS, min(BINS, math.isqrt(int(overview["rows"]))))
    distributions = []
    for i, (j, transform) in enumerate(numeric):
        sampled = transform.to_original(sample.scaled[:, j])
        bins = bins_of(transform, overview[f"minimum{i}"], overview[f"maximum{i}"], sampled, most)
        if bins is not None:
            counts = warehouse.records(exploration.histogram(relation, bins, by))
            distributions.append(_distribution(bins, counts, groups, overview, i))
    return InputData(
        rows=int(overview["rows"]),
        columns=columns,
        distributions=distributions,
        categories=_categories(warehouse, relation, transforms, by),
        grouped_by=by,
        correlation=_correlation(warehouse, relation, columns, overview),
    )


def bins_of(
    transform: Transform, minimum: float | None, maximum: float | None, sampled: Floats, most: int = BINS
) -> HistogramBins | None:
    """Equal bins over the bulk of a column, from the least to the greatest value where its tails are short.

    Parameters
    ----------
    sampled : (n,) values; what lies beyond their outer half percent, and far from it, is a tail. Whole numbers get
        bins that hold equally many of them.

    Returns
    -------
    None where the column has no two values.
    """
    if minimum is None or maximum is None or not minimum < maximum:
        return None
    low, high, bulk = float(minimum), float(maximum), sampled
    function: Literal["identity", "log1p"] = "identity"
    if transform.function == "log1p" and low > -1:
        function = "log1p"
        low, high, bulk = math.log1p(low), math.log1p(high), np.log1p(sampled)
    inner_low, inner_high = (float(v) for v in np.quantile(bulk, (_TAIL, 1 - _TAIL)))
    spread = inner_high - inner_low
    if spread > 0:
        low = max(low, inner_low - 0.25 * spread)
        high = min(high, inner_high + 0.25 * spread)
    is_whole = np.array_equal(sampled, np.round(sampled)) and max(abs(low), abs(high)) < _EXACT
    if function == "identity" and is_whole and high - low >= 1:
        low, high = float(math.floor(low)), float(math.ceil(high) + 1)
        width = max(1, math.ceil((high - low) / most))
        most = math.ceil((high - low) / width)
        high = low + most * width
    return HistogramBins(transform.source_column, function, low, high, most)


def _distribution(
    bins: HistogramBins,
    counts: Sequence[Mapping[str, Any]],
    groups: Sequence[str],
    overview: Mapping[str, Any],
    i: int,
) -> Distribution:
    """The i-th column of the overview. counts : rows of `exploration.histogram`."""
    names = list(groups) or ["everyone"]
    position = {name: at for at, name in enumerate(names)}
    table = [[0] * bins.count for _ in names]
    for row in counts:
        at = position.get(row["grp"], -1) if groups else 0
        table[at][int(row["bin"])] += int(row["rows"])
    edges = np.linspace(bins.lower, bins.upper, bins.count + 1)
    return Distribution(
        column=bins.column,
        function=bins.function,
        edges=[_rounded(float(e)) for e in (np.expm1(edges) if bins.function == "log1p" else edges)],
        groups=names,
        counts=table,
        missing=int(overview[f"null{i}"]),
        non_finite=int(overview[f"non_finite{i}"]),
        minimum=float(overview[f"minimum{i}"]),
        maximum=float(overview[f"maximum{i}"]),
        mean=_rounded(float(overview[f"mean{i}"])),
    )


def _grouping(warehouse: Warehouse, published: PublishedModel) -> tuple[str | None, list[str]]:
    """The column to group the others by, and its groups: the first categorical feature with few categories."""
    relation, transforms = published.relation, published.model.transforms
    for column in dict.fromkeys(t.source_column for t in transforms if t.category is not None):
        groups = warehouse.records(exploration.largest_groups(relation, column, MOST_GROUPS + 1))
        if 2 <= len(groups) <= MOST_GROUPS:
            return column, [str(row["category"]) for row in groups]
    return None, []


def _categories(
    warehouse: Warehouse, relation: Relation, transforms: Sequence[Transform], by: str | None
) -> list[Categories]:
    """The model's text columns, and the one that the others are grouped by."""
    columns = dict.fromkeys(t.source_column for t in transforms if t.category is not None)
    if by is not None:
        columns = {by: None} | columns
    categories = []
    for column in list(columns)[:MOST_COLUMNS]:
        groups = warehouse.records(exploration.largest_groups(relation, column, MOST_CATEGORIES + 1))
        largest = groups[:MOST_CATEGORIES]
        categories.append(
            Categories(
                column=column,
                names=[str(row["category"]) for row in largest],
                rows=[int(row["rows"]) for row in largest],
                is_complete=len(groups) == len(largest),
            )
        )
    return categories


def _correlation(
    warehouse: Warehouse, relation: Relation, columns: Sequence[str], overview: Mapping[str, Any]
) -> list[list[float | None]]:
    if len(columns) < 2:
        return [[1.0] for _ in columns]
    complete = [overview[f"null{i}"] == overview[f"non_finite{i}"] == 0 for i in range(len(columns))]
    means = [float(overview[f"mean{i}"]) if known else None for i, known in enumerate(complete)]
    sums = warehouse.records(exploration.correlations(relation, columns, means))[0]
    matrix = exploration.read_correlations(sums, len(columns))
    return [[None if value is None else _rounded(value) for value in line] for line in matrix]


def _rounded(value: float) -> float:
    """To ten digits: sums over threads differ in their last bits, and the same rows must give the same page."""
    return float(f"{value:.{_DIGITS}g}")
