"""Where the final fit starts: from the sweep's answer, the current run's centroids, or centroids that the user has."""

from __future__ import annotations

import numpy as np

from segjob.core.cluster.lloyd import pass_over
from segjob.core.model import Floats
from segjob.core.select_k.sweep import Sweep
from segjob.core.select_k.votes import Choice
from segjob.errors import DataError
from segjob.pipeline.measure import Prepared
from segjob.pipeline.progress import Progress
from segjob.registry.models import load
from segjob.registry.relations import locate
from segjob.registry.runs import list_runs
from segjob.statements.published.tables import PublishedTables
from segjob.statements.relation import Relation, raw
from segjob.warehouse.base import Warehouse

WORSE = 0.01
"""A warm start is reported when a fresh one fits the fit rows better by more than this share of the inertia."""


def starting_centroids(
    warehouse: Warehouse,
    contract: PublishedTables,
    prepared: Prepared,
    swept: Sweep,
    choice: Choice,
    progress: Progress,
) -> Floats:
    """(k, d) scaled centroids to start the fit on all rows from.

    Raises
    ------
    DataError : the user's centroids do not fit the features or the number of segments.
    """
    fresh = next(fit.centroids for fit in swept.fits if fit.k == choice.k)
    start = prepared.resolved.settings.start
    if start == "fresh":
        return fresh
    if start != "current":
        return _given(warehouse, prepared, start, len(fresh))
    warm = _current(warehouse, contract, prepared)
    if warm is None or len(warm) != len(fresh):
        reason = (
            "there is no current run" if warm is None else f"it has {len(warm)} segments, now {len(fresh)}"
        )
        progress.warn(f"the fit starts fresh and not from the current run: {reason}")
        return fresh
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


def _current(warehouse: Warehouse, contract: PublishedTables, prepared: Prepared) -> Floats | None:
    """The current run's centroids in today's scale; None where there is none of the same features."""
    runs = list_runs(warehouse, contract, prepared.resolved.name)
    run = next((run for run in runs if run["is_current"]), None)
    if run is None:
        return None
    model = load(warehouse, contract, run).model
    position = {transform.feature: j for j, transform in enumerate(model.transforms)}
    if [t.feature for t in prepared.transforms] != list(position):
        return None
    columns = [
        now.to_scaled(then.to_original(model.centroids[:, j]))
        for j, (then, now) in enumerate(zip(model.transforms, prepared.transforms, strict=True))
    ]
    return np.column_stack(columns)


def _given(warehouse: Warehouse, prepared: Prepared, start: str, k: int) -> Floats:
    """Centroids from a relation: one per row, in the features' own units."""
    schema, name = locate(warehouse, start)
    columns = {column.name for column in warehouse.columns_of(schema, name)}
    if not columns:
        raise DataError(
            f"there is no relation {start!r} with centroids", hint="start is fresh, current or a relation"
        )
    if any(transform.function == "one_hot" for transform in prepared.transforms):
        raise DataError(
            "centroids can be given for numeric features only", hint='use start = "current" instead'
        )
    lacking = [t.source_column for t in prepared.transforms if t.source_column not in columns]
    if lacking:
        raise DataError(f"{start} has no column {', '.join(map(repr, lacking))}")
    first, *rest = prepared.resolved.settings.features
    statement = raw(Relation(name=name, schema=schema, key=first.column), rest)
    rows = warehouse.records(statement)
    if len(rows) != k:
        raise DataError(f"{start} has {len(rows)} centroids for {k} segments", hint=f"fix k = {len(rows)}")
    return np.column_stack(
        [t.to_scaled(np.array([float(row[t.source_column]) for row in rows])) for t in prepared.transforms]
    )
