"""`segjob assign`: today's rows by the current run's model; ids, names and the model stay, nothing is fitted."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime

from segjob.commands.write.publish_each import Job, RunResult, RunResults, publish_each
from segjob.config import Config, Segmentation
from segjob.core.model import Model
from segjob.errors import ConfigError, DataError
from segjob.pipeline.measure import Dataset, measure
from segjob.pipeline.partitions.measure import measure_partitions
from segjob.pipeline.progress import Progress
from segjob.pipeline.publishing.publish_assignment import AssignmentDraft, publish_assignment
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.runs import Record, settings_of
from segjob.warehouse.dbt_manifest import with_relations


def assign_all(
    registry: Registry,
    config: Config,
    segmentation: str | None,
    progress: Progress,
    as_of: datetime | None = None,
) -> RunResults:
    """Assign the rows of a segmentation, or of all of them; then write the snapshot that the config asks for.

    Parameters
    ----------
    as_of : the moment that the rows stand for; None: now.

    Raises
    ------
    SegjobError : nothing was published.
    """
    requested = requested_settings(registry, config, segmentation)
    assign = functools.partial(_by_current_run, registry, config, progress)
    return publish_each(registry, config, requested, assign, progress, as_of)


def requested_settings(
    registry: Registry, config: Config, segmentation: str | None
) -> Mapping[str, Segmentation]:
    """Name -> settings: the config file's; of a segmentation that it does not have, the current run's own."""
    if segmentation is None and config.segmentations:
        return with_relations(config, config.segmentations)
    if segmentation in config.segmentations:
        return with_relations(config, {segmentation: config.segmentations[segmentation]})
    with registry.warehouse.reading():
        run = registry.pick_run(segmentation=segmentation)
    return {str(run["segmentation"]): settings_of(run)}


def _by_current_run(
    registry: Registry, config: Config, progress: Progress, source: ResolvedSegmentation
) -> RunResult:
    with registry.warehouse.reading():
        base = registry.current_run(source.name)
    if base is None:
        raise DataError(
            f"{source.name!r} has no published run, so there is no model to assign by",
            hint=f"fit one with `segjob run {source.name}`",
        )
    return assign_one(registry, config, progress, source, base)


def assign_one(
    registry: Registry, config: Config, progress: Progress, source: ResolvedSegmentation, base: Record
) -> RunResult:
    """Publish a segmentation's rows as a run of kind `assignment`.

    Parameters
    ----------
    base : the published run whose model the rows get.

    Raises
    ------
    ConfigError : the settings of the model are no longer those that it was fitted with.
    SegjobError : see `segjob.errors`; the warehouse is as it was.
    """
    job = Job.begin(registry, progress)
    refuse_changed_settings(source, base)
    warehouse = registry.warehouse
    with warehouse.reading():
        published = registry.load_model(base)
        segments = registry.rows_of_run(base, {"segments": ["segment_id"]})["segments"]
        dataset = _measured(registry, source, progress, published.model)
        draft = AssignmentDraft(job.started_at, dataset, published, segments, job.warnings())
        run = publish_assignment(registry, draft, config.publish, progress)
    return job.result(run, {})


def _measured(registry: Registry, source: ResolvedSegmentation, progress: Progress, model: Model) -> Dataset:
    if model.partitions is None:
        return measure(registry.warehouse, source, progress, model.transforms)
    return measure_partitions(registry.warehouse, source, progress, model).dataset


def refuse_changed_settings(source: ResolvedSegmentation, base: Record) -> None:
    """Raises a ConfigError if the settings name another key, other features, or another algorithm than the run's."""
    changed = source.settings.changed_since(settings_of(base))
    if changed := [name for name in changed if name not in Segmentation.OF_THE_CHOICE]:
        raise ConfigError(
            f"{', '.join(changed)} of {source.name!r} changed since run {base['run_id']} was fitted",
            hint=f"fit a new one with `segjob run {source.name}`, or change the settings back",
        )
