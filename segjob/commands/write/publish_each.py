"""What `run`, `assign` and `backfill` share: one segmentation after the other, patience, and what came of it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from segjob.commands.outputs.snapshot import refresh, serving_file
from segjob.commands.setup.check import check_all
from segjob.config import Config, Segmentation
from segjob.core.model import Floats
from segjob.errors import ConfigError, DataError, NoSegmentation, RelationChanged, SegjobError, together
from segjob.pipeline.progress import Phase, Progress
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.runs import PublishedRun

ATTEMPTS = 3
"""How often a run starts when the table that it reads is written to meanwhile."""


@dataclass(frozen=True)
class RunResult:
    """A published run, with what it took.

    sweep_centroids : k -> (k, d) scaled centroids, of every k that was tried.
    reason : why a model was fitted, or not, where the settings leave that to the run.
    """

    published: PublishedRun
    phases: Sequence[Phase]
    warnings: Sequence[str]
    seconds: float
    sweep_centroids: Mapping[int, Floats]
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **self.published.as_json(),
            "warnings": list(self.warnings),
            "reason": self.reason,
            "seconds": self.seconds,
            "phases": [dataclasses.asdict(phase) for phase in self.phases],
            "sweep_centroids": {k: centroids.tolist() for k, centroids in self.sweep_centroids.items()},
        }


@dataclass(frozen=True)
class RunResults:
    """What a command published; and, if it was asked for several segmentations, what kept others from it."""

    results: Sequence[RunResult]
    failure: SegjobError | None


PublishOne = Callable[[ResolvedSegmentation], RunResult]
"""Publishes one segmentation, or raises and leaves the warehouse as it was."""


def publish_each(
    registry: Registry,
    config: Config,
    requested: Mapping[str, Segmentation],
    publish_one: PublishOne,
    progress: Progress,
    as_of: datetime | None = None,
) -> RunResults:
    """Publish each segmentation; then write the snapshot that the config asks for, once.

    Parameters
    ----------
    as_of : the moment that the rows stand for; None: now.

    Raises
    ------
    SegjobError : nothing was published.
    """
    outcome = try_each(registry, config, requested, publish_one, progress, as_of)
    warnings_before = len(progress.warnings)
    refresh(registry, config, progress)
    *others, last = outcome.results
    last = dataclasses.replace(last, warnings=[*last.warnings, *progress.warnings[warnings_before:]])
    return dataclasses.replace(outcome, results=[*others, last])


def try_each(
    registry: Registry,
    config: Config,
    requested: Mapping[str, Segmentation],
    publish_one: PublishOne,
    progress: Progress,
    as_of: datetime | None = None,
) -> RunResults:
    """Publish each segmentation, one after the other; none if any does not fit the warehouse.

    One whose rows cannot be segmented does not keep the others from being published.

    Raises
    ------
    SegjobError : nothing was published.
    """
    if config.publish.snapshot is not None:
        serving_file(registry.warehouse, config.directory / config.publish.snapshot)
    results: list[RunResult] = []
    failures: list[SegjobError] = []
    for source in check_all(registry, requested, progress, as_of=as_of):
        progress.segmentation, progress.current = source.name, "checking"
        progress.turn_to(source.name if len(requested) > 1 else None)
        try:
            results.append(patiently(registry, source, publish_one, progress))
        except (ConfigError, DataError, NoSegmentation) as problem:
            if len(requested) > 1:
                problem.prefix(source.name)
            failures.append(problem)
    progress.turn_to(None)
    if not results:
        raise together(failures)
    return RunResults(results, together(failures) if failures else None)


def patiently(
    registry: Registry, source: ResolvedSegmentation, publish_one: PublishOne, progress: Progress
) -> RunResult:
    """Start again if the rows were changed meanwhile, but not for ever."""
    for _ in range(ATTEMPTS - 1):
        try:
            return publish_one(source)
        except RelationChanged as changed:
            progress.warn(f"{changed.message}; once more from the start")
            with registry.warehouse.reading():
                source = registry.resolve(source.name, source.settings, source.as_of)
    return publish_one(source)


@dataclass(frozen=True)
class Job:
    """One publication from its start, for what is reported of it in the end."""

    registry: Registry
    progress: Progress
    started_at: datetime
    begun: float
    phases_before: int
    warnings_before: int

    @classmethod
    def begin(cls, registry: Registry, progress: Progress) -> Job:
        """It starts now."""
        now = datetime.now(UTC).replace(tzinfo=None)
        return cls(registry, progress, now, time.perf_counter(), len(progress.phases), len(progress.warnings))

    def warnings(self) -> tuple[str, ...]:
        """Those of this job so far."""
        return tuple(self.progress.warnings[self.warnings_before :])

    def result(self, published: PublishedRun, sweep_centroids: Mapping[int, Floats]) -> RunResult:
        """After the commit: what was published; failures since then are warnings."""
        for message in self.registry.warehouse.late_failures:
            self.progress.warn(message)
        self.registry.warehouse.late_failures.clear()
        return RunResult(
            published=published,
            phases=self.progress.phases[self.phases_before :],
            warnings=self.warnings(),
            seconds=time.perf_counter() - self.begun,
            sweep_centroids=sweep_centroids,
        )
