"""A model that was fitted elsewhere, published as a run: with profiles, ids, history and the evidence on k."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from segjob.commands.write.publish_each import Job, RunResult, RunResults, publish_each
from segjob.config import Config, Segmentation
from segjob.core.arrays import nearest
from segjob.core.cluster import metrics
from segjob.core.cluster.lloyd import pass_over
from segjob.core.model import FitRows, Floats, Model, Transform
from segjob.errors import ConfigError, NoSegmentation
from segjob.pipeline.choose_k import choose_k
from segjob.pipeline.fit_kmeans import FittedModel, segment_rules
from segjob.pipeline.fit_rows import read_fit_rows
from segjob.pipeline.measure import measure
from segjob.pipeline.profile import actions_of
from segjob.pipeline.progress import Progress
from segjob.pipeline.publish import RunDraft, publish
from segjob.pipeline.worker import evidence_worker
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation


@dataclasses.dataclass(frozen=True)
class FittedElsewhere:
    """transforms : d of them; centroids : (k, d), scaled."""

    transforms: tuple[Transform, ...]
    centroids: Floats


def publish_model(
    registry: Registry,
    config: Config,
    requested: Mapping[str, Segmentation],
    fitted: FittedElsewhere,
    progress: Progress,
) -> RunResults:
    """Publish the model under the one segmentation's name and settings.

    Raises
    ------
    ConfigError : the settings ask for a model per partition.
    NoSegmentation : a segment would have no row.
    SegjobError : nothing was published.
    """
    for name, settings in requested.items():
        if settings.partition_by is not None:
            raise ConfigError(
                f"{name}: a model that was fitted elsewhere is one for all rows: no partition_by"
            )
    publish_one = functools.partial(_publish_one, registry, config, fitted, progress)
    return publish_each(registry, config, requested, publish_one, progress)


def _publish_one(
    registry: Registry,
    config: Config,
    given: FittedElsewhere,
    progress: Progress,
    source: ResolvedSegmentation,
) -> RunResult:
    job, warehouse = Job.begin(registry, progress), registry.warehouse
    with warehouse.reading():
        dataset = measure(warehouse, source, progress, given.transforms)
        with evidence_worker(dataset.counts.kept) as ask:
            rows = read_fit_rows(warehouse, dataset, config.fit, progress)
            selection = choose_k(dataset, rows, ask, None, progress)
        fitted = _as_fitted(rows, given, source.settings.seed)
        draft = RunDraft(job.started_at, dataset, selection, fitted, actions_of(config), job.warnings())
        published = publish(registry, draft, config.publish, progress)
    return job.result(published, {fit.k: fit.centroids for fit in selection.sweep.fits})


def _as_fitted(rows: FitRows, given: FittedElsewhere, seed: int) -> FittedModel:
    """The centroids as they are, numbered by the size of their segments."""
    counted = pass_over(rows, given.centroids)
    if (counted.weight <= 0).any():
        raise NoSegmentation(
            f"{int((counted.weight <= 0).sum())} of the {len(given.centroids)} segments have no row",
            hint="the estimator was fitted on other rows or columns than these",
        )
    order = np.lexsort((*given.centroids.T[::-1], -counted.rows))
    centroids = given.centroids[order]
    k = len(centroids)
    model = Model(
        given.transforms, tuple(range(1, k + 1)), centroids, pass_over(rows, centroids).outlier_distance
    )
    labels, _ = nearest(rows.values, centroids)
    return FittedModel(
        model=model,
        silhouettes=metrics.segment_silhouettes(rows.values, labels, k, seed, rows.weights),
        rules=segment_rules(rows, labels, model),
        squared=None,
        iterations=0,
        converged=True,
        shift=0.0,
        passes=0,
        scoring="by the nearest centroid of a model that was fitted elsewhere",
        indices=metrics.indices(rows.values, rows.weights, labels, seed),
    )
