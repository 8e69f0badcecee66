"""Fourth stage: a model of the chosen k, fitted to all rows by the algorithm that the settings name."""

from __future__ import annotations

from segjob.config import FitSettings
from segjob.core.model import FitRows
from segjob.core.number_format import passes_over_rows
from segjob.pipeline.choose_k import KSelection
from segjob.pipeline.fit_kmeans import FittedModel, fit_kmeans
from segjob.pipeline.fit_other import fit_other
from segjob.pipeline.initial_centroids import initial_centroids
from segjob.pipeline.measure import Dataset
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry


def fit(
    registry: Registry,
    settings: FitSettings,
    dataset: Dataset,
    rows: FitRows,
    selection: KSelection,
    progress: Progress,
) -> FittedModel:
    """Fit the chosen number of segments, which are numbered by size.

    Raises
    ------
    DataError : the centroids to start from do not fit.
    NoSegmentation : the algorithm leaves a segment empty.
    """
    warehouse, decided = registry.warehouse, selection.decision.start
    algorithm = "kmeans" if decided is None else decided.algorithm
    with progress.phase("fitting", warehouse.ledger) as phase:
        start = initial_centroids(registry, dataset, selection, progress)
        if decided is None or algorithm == "kmeans":
            fitted = fit_kmeans(warehouse, settings, dataset, rows, start)
        else:
            fitted = fit_other(warehouse, settings, dataset, rows, decided, progress)
        phase.rows = dataset.counts.kept * fitted.passes or None
        phase.note = _fitted_on(algorithm, fitted.passes)
    if not fitted.converged:
        progress.warn(f"the centroids still moved by {fitted.shift:.2g} after {fitted.iterations} passes")
    return fitted


def _fitted_on(algorithm: str, passes: int) -> str:
    """In words; k-means without passes over all rows in the warehouse had them all in memory."""
    if algorithm == "kmeans":
        return passes_over_rows(passes) if passes else "on all rows"
    return f"{algorithm}, {passes_over_rows(passes) if passes else 'on the fit rows'}"
