"""`segjob run`: measure, choose k, fit, and publish; nothing at all where any of it fails."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from segjob.commands.check import check_all
from segjob.commands.snapshot import refresh, serving_file
from segjob.config import Config, Segmentation
from segjob.core.model import Floats
from segjob.core.select_k import warnings
from segjob.errors import DataError, NoSegmentation, RelationChanged, SegjobError, together
from segjob.pipeline.choose_k import choose_k
from segjob.pipeline.fit_kmeans import fit_all
from segjob.pipeline.fit_other import fit_otherwise
from segjob.pipeline.initial_centroids import starting_centroids
from segjob.pipeline.measure import Prepared, fit_rows, measure, snapshot
from segjob.pipeline.profile import actions_of
from segjob.pipeline.progress import Phase, Progress
from segjob.pipeline.publish import Fitted, publish
from segjob.pipeline.transforms import transforms
from segjob.pipeline.worker import second_process
from segjob.registry.relations import resolve
from segjob.registry.retention import prune
from segjob.registry.runs import Evidence, evidence, pick_run
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse

ATTEMPTS = 3
"""How often a run starts when the table that it reads is written to meanwhile."""


@dataclass(frozen=True)
class RunResult:
    """A published run, with what it took."""

    evidence: Evidence
    phases: Sequence[Phase]
    warnings: Sequence[str]
    seconds: float
    sweep_centroids: Mapping[int, Floats]
    """(k, d) scaled centroids of every k that was tried."""

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **self.evidence.as_json(),
            "warnings": list(self.warnings),
            "seconds": self.seconds,
            "phases": [dataclasses.asdict(phase) for phase in self.phases],
            "sweep_centroids": {k: centroids.tolist() for k, centroids in self.sweep_centroids.items()},
        }


@dataclass(frozen=True)
class Ran:
    """What a command published; and, where it was asked for several segmentations, what kept others from it."""

    results: Sequence[RunResult]
    failure: SegjobError | None


def run_all(
    warehouse: Warehouse, config: Config, asked: Mapping[str, Segmentation], progress: Progress
) -> Ran:
    """Run and publish each segmentation, one after the other; none where any does not fit the warehouse.

    One whose rows cannot be segmented does not keep the others from being published. The snapshot that the config
    asks for is written once, at the end.

    Raises
    ------
    SegjobError : nothing was published.
    """
    if config.publish.snapshot is not None:
        serving_file(warehouse, config.directory / config.publish.snapshot)
    check_all(warehouse, PublishedTables(config.warehouse.schema_name), asked)
    results: list[RunResult] = []
    failures: list[SegjobError] = []
    for name, settings in asked.items():
        progress.turn_to(name if len(asked) > 1 else None)
        try:
            results.append(_run_patiently(warehouse, config, name, settings, progress))
        except (DataError, NoSegmentation) as problem:
            if len(asked) > 1:
                problem.message = f"{name}: {problem.message}"
            failures.append(problem)
    progress.turn_to(None)
    if not results:
        raise together(failures)
    warnings_before = len(progress.warnings)
    refresh(warehouse, config, progress)
    late = progress.warnings[warnings_before:]
    results[-1] = dataclasses.replace(results[-1], warnings=[*results[-1].warnings, *late])
    return Ran(results, together(failures) if failures else None)


def _run_patiently(
    warehouse: Warehouse, config: Config, name: str, settings: Segmentation, progress: Progress
) -> RunResult:
    """Once more from the start where the rows were changed meanwhile, but not for ever."""
    for _ in range(ATTEMPTS - 1):
        try:
            return run_one(warehouse, config, name, settings, progress)
        except RelationChanged as changed:
            progress.warn(f"{changed.message}; once more from the start")
    return run_one(warehouse, config, name, settings, progress)


def run_one(
    warehouse: Warehouse, config: Config, name: str, settings: Segmentation, progress: Progress
) -> RunResult:
    """Run and publish one segmentation.

    Raises
    ------
    SegjobError : see `segjob.errors`; the warehouse is as it was.
    """
    begun, started_at = time.perf_counter(), datetime.now(UTC).replace(tzinfo=None)
    contract = PublishedTables(config.warehouse.schema_name)
    phases_before, warnings_before = len(progress.phases), len(progress.warnings)
    with warehouse.reading():
        prepared = _measure(warehouse, name, settings, progress)
        with second_process(prepared.measured.kept) as ask:
            with progress.phase("reading fit rows", warehouse.ledger) as phase:
                points = fit_rows(warehouse, prepared, config.fit, settings.seed)
                phase.rows, phase.note = len(points.values), points.method
            with progress.phase("choosing k") as phase:
                chosen = choose_k(settings, points, ask)
                phase.note = f"k = {chosen.choice.k}"
        swept, choice = chosen.sweep, chosen.choice
        is_kmeans = settings.algorithm == "kmeans"
        for warning in warnings.warnings(swept, choice, prepared.transforms, published=is_kmeans):
            progress.warn(warning)
        with progress.phase("fitting", warehouse.ledger) as phase:
            start = starting_centroids(warehouse, contract, prepared, swept, choice, progress)
            if is_kmeans:
                final = fit_all(warehouse, config.fit, prepared, points, start, settings.seed)
            else:
                final = fit_otherwise(warehouse, config.fit, prepared, points, start, progress)
            phase.rows = prepared.measured.kept * final.passes or None
            phase.note = _fitted_on(settings.algorithm, final.passes)
        if not final.refined.converged:
            progress.warn(
                f"the centroids still moved by {final.refined.shift:.2g} after {final.refined.passes} passes"
            )
        fitted = Fitted(
            started_at=started_at,
            prepared=prepared,
            sweep=swept,
            gaps=chosen.gaps,
            agreement=chosen.agreement,
            choice=choice,
            final=final,
            actions=actions_of(config),
            warnings=tuple(progress.warnings[warnings_before:]),
        )
        with progress.phase("publishing", warehouse.ledger) as phase, warehouse.writing():
            run_id = publish(warehouse, contract, fitted)
            prune(warehouse, contract, name, config.publish)
            phase.rows = prepared.measured.kept
        found = evidence(warehouse, contract, pick_run(warehouse, contract, run_id=run_id))
    return RunResult(
        evidence=found,
        phases=progress.phases[phases_before:],
        warnings=progress.warnings[warnings_before:],
        seconds=time.perf_counter() - begun,
        sweep_centroids={fit.k: fit.centroids for fit in swept.fits},
    )


def _fitted_on(algorithm: str, passes: int) -> str:
    """In words; k-means without passes over all rows in the warehouse had them all in memory."""
    if algorithm == "kmeans":
        return f"{passes} passes over all rows" if passes else "on all rows"
    return f"{algorithm}, {passes} passes over all rows" if passes else f"{algorithm}, on the fit rows"


@dataclass(frozen=True)
class Planned:
    """A statement that a run would send, and what it is for."""

    segmentation: str
    purpose: str
    statement: str


def planned(warehouse: Warehouse, config: Config, asked: Mapping[str, Segmentation]) -> Iterator[Planned]:
    """Every statement that a run would send, in its order; only the catalogue is read.

    What a run measures first (centers, scales, categories, centroids) is not known yet: those numbers are stand-ins.
    """
    from segjob.commands.dry_run import statements

    with warehouse.reading():
        for name, settings in asked.items():
            resolved = resolve(warehouse, name, settings)
            for purpose, statement in statements(
                resolved, config, PublishedTables(config.warehouse.schema_name)
            ):
                yield Planned(name, purpose, warehouse.sql(statement, literal=True))


def _measure(warehouse: Warehouse, name: str, segmentation: Segmentation, progress: Progress) -> Prepared:
    with progress.phase("measuring", warehouse.ledger) as phase:
        resolved = resolve(warehouse, name, segmentation)
        relation = snapshot(warehouse, resolved)
        measured = measure(warehouse, resolved, relation)
        phase.rows = measured.rows
        return Prepared(resolved, relation, measured, transforms(warehouse, resolved, relation, measured))
