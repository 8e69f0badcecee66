"""`segjob check`: does the relation fit the segmentation? Says all that is wrong at once and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from segjob.config import Segmentation
from segjob.errors import ConfigError, DataError, SegjobError, together
from segjob.pipeline.progress import Progress
from segjob.registry.recovery import are_leftovers
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation, resolve


def check_all(
    registry: Registry, requested: Mapping[str, Segmentation], progress: Progress
) -> list[ResolvedSegmentation]:
    """Resolve every segmentation; the error names all that is wrong with any of them."""
    sources: list[ResolvedSegmentation] = []
    problems: list[SegjobError] = []
    with registry.warehouse.reading():
        for name, settings in requested.items():
            progress.segmentation = name
            try:
                source = resolve(registry.warehouse, name, settings)
                _refuse_conflicts(registry, source)
                sources.append(source)
            except (ConfigError, DataError) as problem:
                problem.message = f"{name}: {problem.message}"
                problems.append(problem)
    if problems:
        raise together(problems)
    return sources


def _refuse_conflicts(registry: Registry, source: ResolvedSegmentation) -> None:
    """Raises a ConfigError if publishing would take over somebody else's tables, or break up a history."""
    warehouse, schema, name = registry.warehouse, registry.schema, source.name
    known = _published_names_alike(registry, name)
    if known and name not in known:
        raise ConfigError(f"segmentation {known[0]!r} was published and differs from it in case only")
    if not known:
        if are_leftovers(registry, name):
            return
        parts = (name, *(f"{name}_{part}" for part in ("history", "movements", "scores", "profile")))
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
    alike = sa.select(runs.c.segmentation).where(sa.func.lower(runs.c.segmentation) == name.lower())
    return [row["segmentation"] for row in registry.warehouse.records(alike.distinct())]
