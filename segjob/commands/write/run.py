"""`segjob run`: measure, choose k, fit, and publish; nothing is published if any of it fails."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from segjob.commands.write.assign import assign_one
from segjob.commands.write.fit_partitions import fit_each_partition
from segjob.commands.write.previous import run_prepared_alike
from segjob.commands.write.publish_each import Job, RunResult, RunResults, publish_each, try_each
from segjob.commands.write.refit import due
from segjob.config import Config, Segmentation
from segjob.errors import NoSegmentation, SegjobError
from segjob.pipeline.choose_k import choose_k
from segjob.pipeline.fit import fit
from segjob.pipeline.fit_rows import read_fit_rows
from segjob.pipeline.measure import measure
from segjob.pipeline.profile import actions_of
from segjob.pipeline.progress import Progress
from segjob.pipeline.publish import RunDraft, publish, publish_refusal
from segjob.pipeline.worker import evidence_worker
from segjob.registry.recording import RecordingWarehouse
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.views import refuse_dependents


def run_all(
    registry: Registry,
    config: Config,
    requested: Mapping[str, Segmentation],
    progress: Progress,
    as_of: datetime | None = None,
) -> RunResults:
    """Run and publish each segmentation; then write the snapshot that the config asks for, once.

    Parameters
    ----------
    as_of : the moment that the rows stand for; None: now.

    Raises
    ------
    SegjobError : nothing was published.
    """
    publish_one = functools.partial(run_one, registry, config, progress)
    return publish_each(registry, config, requested, publish_one, progress, as_of)


def run_one(
    registry: Registry, config: Config, progress: Progress, source: ResolvedSegmentation
) -> RunResult:
    """Do what is due for one segmentation: fit and publish, or assign by the model in use.

    Raises
    ------
    SegjobError : see `segjob.errors`; the warehouse is as it was.
    """
    what = due(registry, config, source)
    if what.base is None:
        result = fit_one(registry, config, progress, source)
    else:
        result = assign_one(registry, config, progress, source, what.base)
    return dataclasses.replace(result, reason=what.reason)


def fit_one(
    registry: Registry, config: Config, progress: Progress, source: ResolvedSegmentation
) -> RunResult:
    """Fit and publish one segmentation: the stages of `segjob.pipeline`, one after the other.

    Raises
    ------
    SegjobError : see `segjob.errors`; the warehouse is as it was.
    """
    if source.settings.partition_by is not None:
        return fit_each_partition(registry, config, progress, source)
    job = Job.begin(registry, progress)
    warehouse = registry.warehouse
    with warehouse.reading():
        dataset = measure(warehouse, source, progress)
        refuse_dependents(registry, source, dataset.transforms)
        with evidence_worker(dataset.counts.kept) as ask:
            rows = read_fit_rows(warehouse, dataset, config.fit, progress)
            selection = choose_k(dataset, rows, ask, _previous_k(registry, source), progress)
        if selection.decision.k is None:
            run_id = publish_refusal(registry, job.started_at, dataset, selection, progress)
            raise _refused(run_id, selection.decision.reason)
        fitted = fit(registry, config.fit, dataset, rows, selection, progress)
        draft = RunDraft(job.started_at, dataset, selection, fitted, actions_of(config), job.warnings())
        published = publish(registry, draft, config.publish, progress)
    return job.result(published, {fit.k: fit.centroids for fit in selection.sweep.fits})


def _previous_k(registry: Registry, source: ResolvedSegmentation) -> int | None:
    """How many segments the current run chose for the same features; None if it did not."""
    run = run_prepared_alike(registry, source)
    return None if run is None or run["k_outcome"] == "fixed" or run["k"] == 1 else int(run["k"])


def _refused(run_id: int, reason: str) -> NoSegmentation:
    return NoSegmentation(
        f"no number of segments was found: {reason}",
        hint=f"nothing was published and the current run stays; `segjob show {run_id}` has the evidence. --allow-one "
        "publishes a single segment, --k fixes another number, --rule and --k-range look elsewhere",
    )


@dataclass(frozen=True)
class PlannedStatement:
    """A statement of a run, and the phase that sends it."""

    segmentation: str
    purpose: str
    statement: str


@dataclass(frozen=True)
class Plan:
    """The statements of a run in its order; and what would keep some segmentations from being published."""

    statements: Sequence[PlannedStatement]
    failure: SegjobError | None


def dry_run(
    registry: Registry,
    config: Config,
    requested: Mapping[str, Segmentation],
    progress: Progress,
    as_of: datetime | None = None,
) -> Plan:
    """Run everything on a `RecordingWarehouse`, which reads and writes nothing. No snapshot is written either.

    Raises
    ------
    SegjobError : nothing would be published.
    """
    statements: list[PlannedStatement] = []

    def record(sql: str) -> None:
        statements.append(PlannedStatement(progress.segmentation, progress.current, sql))

    warehouse = RecordingWarehouse(registry.warehouse.label, registry.warehouse, record)
    recorded = Registry(warehouse, registry.schema)
    publish_one = functools.partial(run_one, recorded, config, progress)
    outcome = try_each(recorded, config, requested, publish_one, progress, as_of)
    return Plan(statements, outcome.failure)
