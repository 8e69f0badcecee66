"""`segjob check`: does the relation fit the segmentation? Says all that is wrong at once and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from segjob.config import FitSettings, Segmentation
from segjob.errors import ConfigError, DataError, MissingRights, SegjobError, together
from segjob.pipeline.choose_k import refuse_too_many
from segjob.pipeline.fit_rows import read_fit_rows
from segjob.pipeline.measure import measure
from segjob.pipeline.partitions.measure import measure_partitions
from segjob.pipeline.progress import Progress
from segjob.registry.recovery import are_leftovers
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.rights import refuse_missing_rights
from segjob.registry.runs import REFUSED
from segjob.registry.schema import refuse_foreign_tables
from segjob.registry.views import refuse_dependents

_PARTS = ("history", "movements", "scores", "profile", "reasons", "audience")
"""Each with the segmentation's name before it: its tables and views beside the one of its name."""


def check_all(
    registry: Registry,
    requested: Mapping[str, Segmentation],
    progress: Progress,
    with_rows: FitSettings | None = None,
    as_of: datetime | None = None,
) -> list[ResolvedSegmentation]:
    """Resolve every segmentation; the error names all that is wrong with any of them.

    with_rows : examine the rows too, as a run with these settings does; a run itself does that later.
    as_of : the moment that the rows stand for; see `resolve`.
    """
    sources: list[ResolvedSegmentation] = []
    problems: list[SegjobError] = []
    with registry.warehouse.reading():
        refuse_foreign_tables(registry)
        for name, settings in requested.items():
            progress.segmentation = name
            try:
                refuse_missing_rights(registry, name, settings.relation)
                source = registry.resolve(name, settings, as_of)
                _refuse_conflicts(registry, source)
                if with_rows:
                    _examine_rows(registry, source, with_rows, progress)
                sources.append(source)
            except (ConfigError, DataError, MissingRights) as problem:
                problem.prefix(name)
                problems.append(problem)
    if problems:
        raise together(problems)
    return sources


def _examine_rows(
    registry: Registry, source: ResolvedSegmentation, fit: FitSettings, progress: Progress
) -> None:
    """Everything that a run finds wrong with the rows short of choosing k, by the same stages."""
    warehouse = registry.warehouse
    if source.settings.partition_by is not None:
        rows = measure_partitions(warehouse, source, progress)
        refuse_dependents(registry, source, rows.dataset.transforms)
        return
    dataset = measure(warehouse, source, progress)
    refuse_dependents(registry, source, dataset.transforms)
    if source.settings.k != "auto":
        refuse_too_many(source.settings, read_fit_rows(warehouse, dataset, fit, progress))


def _refuse_conflicts(registry: Registry, source: ResolvedSegmentation) -> None:
    """Raises a ConfigError if publishing would take over somebody else's tables, or break up a history."""
    warehouse, schema, name = registry.warehouse, registry.schema, source.name
    known = _published_names_alike(registry, name)
    if known and name not in known:
        raise ConfigError(f"segmentation {known[0]!r} was published and differs from it in case only")
    if not known:
        if are_leftovers(registry, name):
            return
        parts = (
            name,
            *(f"{name}_{part}" for part in _PARTS),
        )
        if foreign := next((part for part in parts if warehouse.columns_of(schema, part)), None):
            raise ConfigError(
                f"{schema}.{foreign} is in the warehouse already, and no run of segjob made it",
                hint="give the segmentation another name (--name with --from), or [warehouse] schema another one",
            )
        return
    key, history = source.key, {c.name: c for c in warehouse.columns_of(schema, f"{name}_history")}
    if history and (key.name not in history or history[key.name].kind != key.kind):
        raise ConfigError(
            f"its rows were published under another key than {key.name!r} ({key.type_name})",
            hint="go back to that key, or give the segmentation another name (--name with --from)",
        )


def _published_names_alike(registry: Registry, name: str) -> list[str]:
    """The published segmentations of that name in any case."""
    runs = registry.table("runs")
    if not registry.warehouse.columns_of(registry.schema, "runs"):
        return []
    alike = sa.select(runs.c.segmentation).where(
        sa.func.lower(runs.c.segmentation) == name.lower(), runs.c.status != REFUSED
    )
    return [row["segmentation"] for row in registry.warehouse.records(alike.distinct())]
