"""Where the fit on all rows starts: the sweep's centroids, the current run's, or centroids that the user has."""

from __future__ import annotations

import numpy as np

from segjob.core.cluster.lloyd import pass_over
from segjob.core.model import Floats
from segjob.core.select_k.sweep import Sweep
from segjob.errors import DataError
from segjob.pipeline.choose_k import KSelection
from segjob.pipeline.measure import Dataset
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry
from segjob.registry.relations import locate
from segjob.statements.relation import Relation, raw
from segjob.warehouse.base import Warehouse

WORSE = 0.01
"""A warm start is reported when a fresh one fits the fit rows better by more than this share of the inertia."""


def initial_centroids(
    registry: Registry, dataset: Dataset, selection: KSelection, progress: Progress
) -> Floats:
    """(k, d) scaled centroids to start the fit on all rows from.

    Raises
    ------
    DataError : the user's centroids do not fit the features or the number of segments.
    """
    fresh, start = selection.start, dataset.settings.start
    if start == "fresh":
        return fresh
    if start != "current":
        return _from_relation(registry.warehouse, dataset, start, len(fresh))
    warm = _from_current_run(registry, dataset)
    if warm is None or len(warm) != len(fresh):
        reason = (
            "there is no current run" if warm is None else f"it has {len(warm)} segments, now {len(fresh)}"
        )
        progress.warn(f"the fit starts fresh and not from the current run: {reason}")
        return fresh
    swept = selection.sweep
    before, after = (
        pass_over(swept.points, centroids).squared.sum() for centroids in (fresh, _settled(swept, warm))
    )
    if after > before * (1 + WORSE):
        progress.warn(
            f"a fresh start would fit {after / before - 1:.1%} better than the current run's centroids"
        )
    return warm


def _settled(swept: Sweep, centroids: Floats) -> Floats:
    """Centroids where Lloyd's iteration leads them on the fit rows."""
    from segjob.core.cluster.kmeans import fit

    points = swept.points
    return fit(
        points.values, points.weights, len(centroids), seed=swept.seed, n_init=1, init=centroids
    ).centroids


def _from_current_run(registry: Registry, dataset: Dataset) -> Floats | None:
    """The current run's centroids in today's scale; None if there is none of the same features."""
    run = registry.current_run(dataset.name)
    if run is None:
        return None
    model = registry.load_model(run, for_scoring=False).model
    features = [transform.feature for transform in model.transforms]
    if [transform.feature for transform in dataset.transforms] != features:
        return None
    columns = [
        now.to_scaled(then.to_original(model.centroids[:, j]))
        for j, (then, now) in enumerate(zip(model.transforms, dataset.transforms, strict=True))
    ]
    return np.column_stack(columns)


def _from_relation(warehouse: Warehouse, dataset: Dataset, start: str, k: int) -> Floats:
    """Centroids from a relation: one per row, in the features' own units."""
    schema, name = locate(warehouse, start)
    columns = {column.name for column in warehouse.columns_of(schema, name)}
    if not columns:
        raise DataError(
            f"there is no relation {start!r} with centroids", hint="start is fresh, current or a relation"
        )
    if any(transform.function == "one_hot" for transform in dataset.transforms):
        raise DataError(
            "centroids can be given for numeric features only", hint='use start = "current" instead'
        )
    lacking = [t.source_column for t in dataset.transforms if t.source_column not in columns]
    if lacking:
        raise DataError(f"{start} has no column {', '.join(map(repr, lacking))}")
    first, *rest = dataset.settings.features
    statement = raw(Relation(name=name, schema=schema, key=first.column), rest)
    rows = warehouse.records(statement)
    if len(rows) != k:
        raise DataError(f"{start} has {len(rows)} centroids for {k} segments", hint=f"fix k = {len(rows)}")
    return np.column_stack(
        [t.to_scaled(np.array([float(row[t.source_column]) for row in rows])) for t in dataset.transforms]
    )
