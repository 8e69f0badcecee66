"""`segjob run`: measure, choose k, fit, and publish; nothing at all where any of it fails."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from segjob.config import Config, FitSettings, Segmentation
from segjob.core.choose import Choice, choose
from segjob.core.model import Floats, Model, Points
from segjob.core.refine import Pass, pass_over, refine
from segjob.core.sweep import Sweep, sweep
from segjob.errors import DataError, NoSegmentation
from segjob.jobs.check import resolve
from segjob.jobs.history import Evidence, evidence, pick_run
from segjob.jobs.measure import Prepared, fit_rows, measure, snapshot, transforms
from segjob.jobs.progress import Phase, Progress
from segjob.jobs.publish import Fitted, publish
from segjob.statements import passes
from segjob.statements.tables import Contract
from segjob.warehouse.base import Warehouse


@dataclass(frozen=True)
class RunResult:
    """A published run, with what it took."""

    evidence: Evidence
    phases: Sequence[Phase]
    warnings: Sequence[str]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **self.evidence.as_json(),
            "warnings": list(self.warnings),
            "seconds": self.seconds,
            "phases": [dataclasses.asdict(phase) for phase in self.phases],
        }


def run_all(
    warehouse: Warehouse, config: Config, asked: Mapping[str, Segmentation], progress: Progress
) -> list[RunResult]:
    """Run and publish each segmentation, one after the other."""
    return [run_one(warehouse, config, name, settings, progress) for name, settings in asked.items()]


def run_one(
    warehouse: Warehouse, config: Config, name: str, settings: Segmentation, progress: Progress
) -> RunResult:
    """Run and publish one segmentation.

    Raises
    ------
    SegjobError : see `segjob.errors`; the warehouse is as it was.
    """
    begun, started_at = time.perf_counter(), datetime.now(UTC).replace(tzinfo=None)
    contract = Contract(config.warehouse.schema_name)
    phases_before, warnings_before = len(progress.phases), len(progress.warnings)
    with warehouse.reading():
        prepared, points = _prepare(warehouse, config.fit, name, settings, progress)
        with progress.phase("choosing k") as phase:
            swept = sweep(points, _ks(settings), seed=settings.seed, n_init=settings.n_init)
            choice = _choose(settings, swept)
            phase.note = f"k = {choice.k}"
        fitted = _fit(warehouse, config.fit, prepared, swept, choice, started_at, progress)
        with progress.phase("publishing", warehouse.ledger) as phase, warehouse.writing():
            run_id = publish(warehouse, contract, fitted)
            phase.rows = prepared.measured.kept
        found = evidence(warehouse, contract, pick_run(warehouse, contract, run_id=run_id))
    return RunResult(
        evidence=found,
        phases=progress.phases[phases_before:],
        warnings=progress.warnings[warnings_before:],
        seconds=time.perf_counter() - begun,
    )


def planned(warehouse: Warehouse, config: Config, asked: Mapping[str, Segmentation]) -> Iterator[str]:
    """Every statement that a run would send, with where it stands; only the catalogue is read.

    What a run measures first (centers, scales, categories, centroids) is not known yet: those numbers are stand-ins.
    """
    from segjob.jobs.plan import statements

    with warehouse.reading():
        for name, settings in asked.items():
            resolved = resolve(warehouse, name, settings)
            for title, statement in statements(resolved, config, Contract(config.warehouse.schema_name)):
                yield f"-- {name}: {title}\n{warehouse.sql(statement, literal=True)};\n"


def _prepare(
    warehouse: Warehouse, settings: FitSettings, name: str, segmentation: Segmentation, progress: Progress
) -> tuple[Prepared, Points]:
    with progress.phase("measuring", warehouse.ledger) as phase:
        resolved = resolve(warehouse, name, segmentation)
        relation = snapshot(warehouse, resolved)
        measured = measure(warehouse, resolved, relation)
        prepared = Prepared(resolved, relation, measured, transforms(warehouse, resolved, relation, measured))
        phase.rows = measured.rows
    with progress.phase("reading fit rows", warehouse.ledger) as phase:
        points = fit_rows(warehouse, prepared, settings, segmentation.seed)
        phase.rows, phase.note = len(points.values), points.method
    return prepared, points


def _ks(settings: Segmentation) -> list[int]:
    """The range, and a fixed k beside it: its evidence is wanted too."""
    low, high = settings.k_range
    return sorted({*range(low, high + 1), *([] if settings.k == "auto" else [settings.k])})


def _choose(settings: Segmentation, swept: Sweep) -> Choice:
    """The k to publish.

    Raises
    ------
    DataError : the fixed k is more than there are different customers.
    NoSegmentation : the rule finds none.
    """
    choice = choose(swept, settings.rule)
    possible = [fit.k for fit in swept.fits]
    if settings.k != "auto":
        if settings.k not in possible:
            raise DataError(
                f"k = {settings.k}, but the rows hold only {max(possible, default=0)} different customers",
                hint="ask for fewer segments, or add features",
            )
        return dataclasses.replace(choice, k=settings.k, outcome="fixed", rule="fixed", reason="k is fixed")
    if choice.k is None:
        raise NoSegmentation(
            f"no number of segments was found: {choice.reason}",
            hint="nothing was published; try another --rule or --k-range, or fix one with --k",
        )
    return choice


def _fit(
    warehouse: Warehouse,
    settings: FitSettings,
    prepared: Prepared,
    swept: Sweep,
    choice: Choice,
    started_at: datetime,
    progress: Progress,
) -> Fitted:
    """The chosen k, fitted to all rows: in memory where that is all of them, in the warehouse otherwise."""
    points = swept.points
    start = next(fit.centroids for fit in swept.fits if fit.k == choice.k)
    in_memory = points.method != "sample"
    with progress.phase("fitting", warehouse.ledger) as phase:
        over = _in_memory(points) if in_memory else _in_warehouse(warehouse, prepared)
        refined = refine(
            over.one_pass,
            over.farthest,
            start,
            tolerance=settings.tolerance,
            max_passes=max(1, settings.max_passes),
        )
        exact = over.exact(refined.centroids)
        phase.rows = prepared.measured.kept
        phase.note = f"{refined.passes} passes" + ("" if refined.converged else ", not converged")
    if not refined.converged:
        progress.warn(f"the centroids still moved by {refined.shift:.2g} after {refined.passes} passes")
    order = np.lexsort((*refined.centroids.T[::-1], -exact.rows))
    exact = Pass(*(getattr(exact, field.name)[order] for field in dataclasses.fields(exact)))
    return Fitted(
        started_at=started_at,
        prepared=prepared,
        sweep=swept,
        choice=choice,
        model=Model(
            transforms=prepared.transforms,
            segment_ids=tuple(range(1, len(order) + 1)),
            centroids=refined.centroids[order],
            outlier_distance=exact.outlier_distance,
        ),
        exact=exact,
        lloyd_passes=0 if in_memory else refined.passes,
        converged=refined.converged,
    )


@dataclass(frozen=True)
class _Rows:
    """All rows, wherever they are, as the passes that a fit needs."""

    one_pass: Callable[[Floats], Pass]
    exact: Callable[[Floats], Pass]
    farthest: Callable[[Floats, int], Floats]


def _in_memory(points: Points) -> _Rows:
    def one_pass(centroids: Floats) -> Pass:
        return pass_over(points, centroids)

    def farthest(centroids: Floats, count: int) -> Floats:
        distances = ((points.values[:, None, :] - centroids[None]) ** 2).sum(axis=2).min(axis=1)
        return points.values[np.argsort(-distances, kind="stable")[:count]]

    return _Rows(one_pass, one_pass, farthest)


def _in_warehouse(warehouse: Warehouse, prepared: Prepared) -> _Rows:
    relation, made = prepared.relation, prepared.transforms
    coordinates = [f"x{j}" for j in range(len(made))]

    def a_pass(centroids: Floats, *, distances: bool) -> Pass:
        k = len(centroids)
        found = {
            int(row["cluster"]): row
            for row in warehouse.records(passes.lloyd_pass(relation, made, centroids, distances=distances))
        }

        def column(name: str) -> Floats:
            return np.array([float(found[i][name]) if i in found else 0.0 for i in range(k)])

        nothing = np.zeros(k)
        return Pass(
            rows=column("rows"),
            weight=column("weight"),
            sums=np.column_stack([column(f"s{j}") for j in range(len(made))]),
            squared=column("squared") if distances else nothing,
            distance=column("distance") if distances else nothing,
        )

    def farthest(centroids: Floats, count: int) -> Floats:
        columns = warehouse.arrays(passes.farthest_rows(relation, made, centroids, count))
        return np.column_stack([columns[name] for name in coordinates])

    return _Rows(
        one_pass=lambda centroids: a_pass(centroids, distances=False),
        exact=lambda centroids: a_pass(centroids, distances=True),
        farthest=farthest,
    )
