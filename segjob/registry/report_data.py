"""What a run's relation holds today: distributions, categories, correlations; bounded at any size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from segjob.core.model import Floats, Transform
from segjob.registry.models import Published
from segjob.report.data import Categories, Distribution, InputData, Sample
from segjob.statements import exploration
from segjob.statements.exploration import HistogramBins
from segjob.statements.relation import Relation
from segjob.warehouse.base import Warehouse

BINS = 24
FEWEST_BINS = 8
MOST_COLUMNS = 12
"""Columns that are looked at; the first of the model."""
MOST_CATEGORIES = 8
MOST_GROUPS = 6
_GENDER = ("gender", "sex", "genre")
"""Columns by which people want to see the others; `genre` is what the mall file calls it."""
_TAIL = 0.005
_DIGITS = 10


def explore(warehouse: Warehouse, published: Published, sample: Sample | None) -> InputData | None:
    """The relation's columns that the model uses; None where the relation cannot be read any more."""
    if sample is None:
        return None
    transforms, relation = published.model.transforms, published.relation
    numeric = [(j, t) for j, t in enumerate(transforms) if t.category is None][:MOST_COLUMNS]
    columns = [t.source_column for _, t in numeric]
    row = warehouse.records(exploration.overview(relation, columns))[0]
    by, groups = _grouping(warehouse, published)
    most = max(FEWEST_BINS, min(BINS, math.isqrt(int(row["rows"]))))  # few customers make ragged bars
    distributions = []
    for i, (j, transform) in enumerate(numeric):
        drawn = transform.to_original(sample.scaled[:, j])
        bins = bins_of(transform, row[f"minimum{i}"], row[f"maximum{i}"], drawn, most)
        if bins is not None:
            counted = warehouse.records(exploration.histogram(relation, bins, by))
            distributions.append(_distribution(bins, counted, groups, row, i))
    return InputData(
        rows=int(row["rows"]),
        columns=columns,
        distributions=distributions,
        categories=_categories(warehouse, relation, transforms, by),
        grouped_by=by,
        correlation=_correlation(warehouse, relation, columns, row),
    )


def bins_of(
    transform: Transform,
    minimum: float | None,
    maximum: float | None,
    drawn: Floats,
    most: int = BINS,
) -> HistogramBins | None:
    """Equal bins over the bulk of a column, from the least to the greatest value where its tails are short.

    Parameters
    ----------
    drawn : (n,) sampled values; what lies beyond their outer half percent, and far from it, is a tail. Whole
        numbers get bins that hold equally many of them.

    Returns
    -------
    None where the column has no two values.
    """
    if minimum is None or maximum is None or not minimum < maximum:
        return None
    function: Literal["identity", "log1p"] = (
        "log1p" if transform.function == "log1p" and minimum > -1 else "identity"
    )
    low, high, bulk = float(minimum), float(maximum), drawn
    if function == "log1p":
        low, high, bulk = math.log1p(low), math.log1p(high), np.log1p(drawn)
    inner_low, inner_high = (float(v) for v in np.quantile(bulk, (_TAIL, 1 - _TAIL)))
    spread = inner_high - inner_low
    if spread > 0:
        low = max(low, inner_low - 0.25 * spread)
        high = min(high, inner_high + 0.25 * spread)
    count = most
    if function == "identity" and np.array_equal(drawn, np.round(drawn)) and high - low >= 1:
        low, high = math.floor(low), math.ceil(high) + 1
        width = max(1, math.ceil((high - low) / most))
        count = math.ceil((high - low) / width)
        high = low + count * width
    return HistogramBins(transform.source_column, function, low, high, count)


def _distribution(
    bins: HistogramBins,
    counted: Sequence[Mapping[str, Any]],
    groups: Sequence[str],
    row: Mapping[str, Any],
    i: int,
) -> Distribution:
    names = list(groups) or ["everyone"]
    counts = [[0] * bins.count for _ in names]
    place = {name: at for at, name in enumerate(names)}
    for found in counted:
        at = place.get(found["grp"], -1) if groups else 0
        counts[at][int(found["bin"])] += int(found["rows"])
    edges = np.linspace(bins.lower, bins.upper, bins.count + 1)
    return Distribution(
        column=bins.column,
        function=bins.function,
        edges=[_rounded(float(e)) for e in (np.expm1(edges) if bins.function == "log1p" else edges)],
        groups=names,
        counts=counts,
        missing=int(row[f"null{i}"]),
        non_finite=int(row[f"non_finite{i}"]),
        minimum=float(row[f"minimum{i}"]),
        maximum=float(row[f"maximum{i}"]),
        mean=_rounded(float(row[f"mean{i}"])),
    )


def _grouping(warehouse: Warehouse, published: Published) -> tuple[str | None, list[str]]:
    """The column to show the others by, and its groups: a gender, else the first categorical feature."""
    relation, transforms = published.relation, published.model.transforms
    categorical = list(dict.fromkeys(t.source_column for t in transforms if t.category is not None))
    columns = warehouse.columns_of(relation.schema, relation.name)
    gender = [c.name for c in columns if c.name.lower() in _GENDER and c.kind in ("text", "boolean")]
    for column in [*gender, *categorical]:
        found = warehouse.records(exploration.largest_groups(relation, column, MOST_GROUPS + 1))
        if 2 <= len(found) <= MOST_GROUPS:
            return column, [str(row["category"]) for row in found]
    return None, []


def _categories(
    warehouse: Warehouse, relation: Relation, transforms: Sequence[Transform], by: str | None
) -> list[Categories]:
    """The model's text columns, and the one that the others are shown by."""
    own = [t.source_column for t in transforms if t.category is not None]
    made = []
    for column in list(dict.fromkeys([*([by] if by is not None else []), *own]))[:MOST_COLUMNS]:
        found = warehouse.records(exploration.largest_groups(relation, column, MOST_CATEGORIES + 1))
        shown = found[:MOST_CATEGORIES]
        made.append(
            Categories(
                column=column,
                names=[str(row["category"]) for row in shown],
                rows=[int(row["rows"]) for row in shown],
                is_complete=len(found) == len(shown),
            )
        )
    return made


def _correlation(
    warehouse: Warehouse, relation: Relation, columns: Sequence[str], row: Mapping[str, Any]
) -> list[list[float | None]]:
    if len(columns) < 2:
        return [[1.0] for _ in columns]
    complete = [row[f"null{i}"] == row[f"non_finite{i}"] == 0 for i in range(len(columns))]
    means = [float(row[f"mean{i}"]) if known else None for i, known in enumerate(complete)]
    found = warehouse.records(exploration.correlations(relation, columns, means))[0]
    matrix = exploration.read_correlations(found, len(columns))
    return [[None if value is None else _rounded(value) for value in line] for line in matrix]


def _rounded(value: float) -> float:
    """To ten digits: sums over threads differ in their last bits, and the same rows must give the same page."""
    return float(f"{value:.{_DIGITS}g}")
