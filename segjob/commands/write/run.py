"""`segjob run`: measure, choose k, fit, and publish; nothing is published if any of it fails."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from segjob.commands.outputs.snapshot import refresh, serving_file
from segjob.commands.setup.check import check_all
from segjob.config import Config, Feature, Segmentation
from segjob.core.model import Floats
from segjob.errors import DataError, NoSegmentation, RelationChanged, SegjobError, together
from segjob.pipeline.choose_k import choose_k
from segjob.pipeline.fit import fit
from segjob.pipeline.fit_rows import read_fit_rows
from segjob.pipeline.measure import measure
from segjob.pipeline.profile import actions_of
from segjob.pipeline.progress import Phase, Progress
from segjob.pipeline.publish import RunDraft, publish, publish_refusal
from segjob.pipeline.worker import evidence_worker
from segjob.registry.recording import RecordingWarehouse
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation, resolve
from segjob.registry.runs import PublishedRun

ATTEMPTS = 3
"""How often a run starts when the table that it reads is written to meanwhile."""


@dataclass(frozen=True)
class RunResult:
    """A published run, with what it took.

    sweep_centroids : k -> (k, d) scaled centroids, of every k that was tried.
    """

    published: PublishedRun
    phases: Sequence[Phase]
    warnings: Sequence[str]
    seconds: float
    sweep_centroids: Mapping[int, Floats]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **self.published.as_json(),
            "warnings": list(self.warnings),
            "seconds": self.seconds,
            "phases": [dataclasses.asdict(phase) for phase in self.phases],
            "sweep_centroids": {k: centroids.tolist() for k, centroids in self.sweep_centroids.items()},
        }


@dataclass(frozen=True)
class RunResults:
    """What a command published; and, if it was asked for several segmentations, what kept others from it."""

    results: Sequence[RunResult]
    failure: SegjobError | None


def run_all(
    registry: Registry, config: Config, requested: Mapping[str, Segmentation], progress: Progress
) -> RunResults:
    """Run and publish each segmentation; then write the snapshot that the config asks for, once.

    Raises
    ------
    SegjobError : nothing was published.
    """
    outcome = _publish_all(registry, config, requested, progress)
    warnings_before = len(progress.warnings)
    refresh(registry, config, progress)
    *others, last = outcome.results
    last = dataclasses.replace(last, warnings=[*last.warnings, *progress.warnings[warnings_before:]])
    return dataclasses.replace(outcome, results=[*others, last])


def _publish_all(
    registry: Registry, config: Config, requested: Mapping[str, Segmentation], progress: Progress
) -> RunResults:
    """Run and publish each segmentation, one after the other; none if any does not fit the warehouse.

    One whose rows cannot be segmented does not keep the others from being published.

    Raises
    ------
    SegjobError : nothing was published.
    """
    if config.publish.snapshot is not None:
        serving_file(registry.warehouse, config.directory / config.publish.snapshot)
    results: list[RunResult] = []
    failures: list[SegjobError] = []
    for source in check_all(registry, requested, progress):
        progress.segmentation, progress.current = source.name, "checking"
        progress.turn_to(source.name if len(requested) > 1 else None)
        try:
            results.append(_run_patiently(registry, config, source, progress))
        except (DataError, NoSegmentation) as problem:
            if len(requested) > 1:
                problem.message = f"{source.name}: {problem.message}"
            failures.append(problem)
    progress.turn_to(None)
    if not results:
        raise together(failures)
    return RunResults(results, together(failures) if failures else None)


def _run_patiently(
    registry: Registry, config: Config, source: ResolvedSegmentation, progress: Progress
) -> RunResult:
    """Start again if the rows were changed meanwhile, but not for ever."""
    for _ in range(ATTEMPTS - 1):
        try:
            return run_one(registry, config, source, progress)
        except RelationChanged as changed:
            progress.warn(f"{changed.message}; once more from the start")
            with registry.warehouse.reading():
                source = resolve(registry.warehouse, source.name, source.settings)
    return run_one(registry, config, source, progress)


def run_one(
    registry: Registry, config: Config, source: ResolvedSegmentation, progress: Progress
) -> RunResult:
    """Run and publish one segmentation: the stages of `segjob.pipeline`, one after the other.

    Raises
    ------
    SegjobError : see `segjob.errors`; the warehouse is as it was.
    """
    begun, started_at = time.perf_counter(), datetime.now(UTC).replace(tzinfo=None)
    phases_before, warnings_before = len(progress.phases), len(progress.warnings)
    warehouse = registry.warehouse
    with warehouse.reading():
        dataset = measure(warehouse, source, progress)
        with evidence_worker(dataset.counts.kept) as ask:
            rows = read_fit_rows(warehouse, dataset, config.fit, progress)
            selection = choose_k(dataset, rows, ask, _previous_k(registry, source), progress)
        if selection.decision.k is None:
            run_id = publish_refusal(registry, started_at, dataset, selection, progress)
            raise _refused(run_id, selection.decision.reason)
        fitted = fit(registry, config.fit, dataset, rows, selection, progress)
        warnings = tuple(progress.warnings[warnings_before:])
        draft = RunDraft(started_at, dataset, selection, fitted, actions_of(config), warnings)
        published = publish(registry, draft, config.publish, progress)
    for message in warehouse.late_failures:
        progress.warn(message)
    warehouse.late_failures.clear()
    return RunResult(
        published=published,
        phases=progress.phases[phases_before:],
        warnings=progress.warnings[warnings_before:],
        seconds=time.perf_counter() - begun,
        sweep_centroids={fit.k: fit.centroids for fit in selection.sweep.fits},
    )


def _previous_k(registry: Registry, source: ResolvedSegmentation) -> int | None:
    """How many segments the current run chose for the same features; None if it did not."""
    if source.settings.k != "auto":
        return None
    run = next((run for run in registry.runs(source.name) if run["is_current"]), None)
    if run is None or run["k_outcome"] == "fixed" or run["k"] == 1:
        return None
    same = _prepared_alike(json.loads(run["config"]), source.settings.model_dump(mode="json"))
    return int(run["k"]) if same else None


def _prepared_alike(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether two settings of a segmentation prepare the same features alike, whatever order and words they have."""

    def preparation(settings: Mapping[str, Any]) -> dict[str, Any]:
        features = {
            feature["column"]: {name: value for name, value in feature.items() if name not in Feature.WORDS}
            for feature in settings["features"]
        }
        return {"scale": settings["scale"], "row_weight": settings["row_weight"], "features": features}

    return preparation(first) == preparation(second)


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
    registry: Registry, config: Config, requested: Mapping[str, Segmentation], progress: Progress
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
    outcome = _publish_all(Registry(warehouse, registry.schema), config, requested, progress)
    return Plan(statements, outcome.failure)
