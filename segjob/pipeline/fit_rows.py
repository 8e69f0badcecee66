"""Second stage: a bounded set of rows in memory, to choose k and to fit on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from segjob.config import FitSettings
from segjob.core.model import FitRows, Floats
from segjob.pipeline.measure import Dataset
from segjob.pipeline.progress import Progress
from segjob.statements import passes
from segjob.warehouse.base import Warehouse

_OVERSAMPLED = 1.1
"""A sample by hash has about as many rows as asked for: a tenth more are drawn, and what is too many is left out."""


def read_fit_rows(
    warehouse: Warehouse, dataset: Dataset, settings: FitSettings, progress: Progress
) -> FitRows:
    """All rows; else the distinct ones with their counts, if those are few; else a repeatable sample."""
    with progress.phase("reading fit rows", warehouse.ledger) as phase:
        rows = _read(warehouse, dataset, settings)
        phase.rows, phase.note = len(rows.values), rows.method
        return rows


def _read(warehouse: Warehouse, dataset: Dataset, settings: FitSettings) -> FitRows:
    relation, transforms, kept = dataset.relation, dataset.transforms, dataset.counts.kept
    if kept <= settings.all_rows:
        return all_rows(warehouse, dataset)
    share = min(1.0, _OVERSAMPLED * settings.sample_rows / kept)
    statement = passes.sample(relation, transforms, share, dataset.settings.seed, settings.sample_rows)
    sample = _ordered(warehouse.arrays(statement), "sample", dataset)
    # All rows hold no fewer different points than a sample of them: if that has enough, no scan counts the others'.
    if count_distinct(sample.values) > settings.distinct_rows:
        return sample
    if warehouse.scalar(passes.distinct_estimate(relation, transforms)) > settings.distinct_rows:
        return sample
    return _ordered(warehouse.arrays(passes.distinct_rows(relation, transforms)), "distinct_rows", dataset)


def all_rows(warehouse: Warehouse, dataset: Dataset) -> FitRows:
    """Every row that a model can take, in memory."""
    statement = passes.all_rows(dataset.relation, dataset.transforms)
    return _ordered(warehouse.arrays(statement), "all_rows", dataset)


def count_distinct(ordered: Floats) -> int:
    """How many different rows an (n, d) array holds whose rows are in order."""
    return 1 + int((np.diff(ordered, axis=0) != 0).any(axis=1).sum())


def _ordered(
    columns: dict[str, Floats], method: Literal["all_rows", "distinct_rows", "sample"], dataset: Dataset
) -> FitRows:
    values = np.column_stack([columns[f"x{j}"] for j in range(len(dataset.transforms))])
    # Sorted by value, because the warehouse gives rows in any order and the fit must not depend on it.
    order = np.lexsort((columns["weight"], *values.T[::-1]))
    return FitRows(
        values=np.ascontiguousarray(values[order]),
        weights=columns["weight"][order],
        method=method,
        total_weight=dataset.counts.weight,
    )
