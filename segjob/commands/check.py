"""`segjob check`: does the relation fit the segmentation? Says all that is wrong at once and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from segjob.config import Segmentation
from segjob.errors import ConfigError, DataError, SegjobError, together
from segjob.registry.recovery import are_remains
from segjob.registry.relations import Resolved, resolve
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse


def check_all(
    warehouse: Warehouse, contract: PublishedTables, asked: Mapping[str, Segmentation]
) -> list[Resolved]:
    """Resolve every segmentation; all that is wrong with any of them is said at once."""
    found: list[Resolved] = []
    problems: list[SegjobError] = []
    with warehouse.reading():
        for name, settings in asked.items():
            try:
                resolved = resolve(warehouse, name, settings)
                _fits_what_is_published(warehouse, contract, resolved)
                found.append(resolved)
            except (ConfigError, DataError) as problem:
                problem.message = f"{name}: {problem.message}"
                problems.append(problem)
    if problems:
        raise together(problems)
    return found


def _fits_what_is_published(warehouse: Warehouse, contract: PublishedTables, resolved: Resolved) -> None:
    """Raises a ConfigError where publishing would take over what is somebody else's, or break up a history."""
    name, schema, runs = resolved.name, contract.schema, contract.table("runs")
    known: list[str] = []
    if warehouse.columns_of(schema, "runs"):
        alike = sa.select(runs.c.segmentation).where(sa.func.lower(runs.c.segmentation) == name.lower())
        known = [row["segmentation"] for row in warehouse.records(alike.distinct())]
    if known and name not in known:
        raise ConfigError(f"segmentation {known[0]!r} was published and differs from it in case only")
    if not known:
        if are_remains(warehouse, schema, name):
            return
        parts = (name, *(f"{name}_{part}" for part in ("history", "movements", "scores", "profile")))
        if foreign := next((part for part in parts if warehouse.columns_of(schema, part)), None):
            raise ConfigError(
                f"{schema}.{foreign} is in the warehouse already, and no run of segjob made it",
                hint="give the segmentation another name (--name with --from), or [warehouse] schema another one",
            )
        return
    key, history = resolved.key, {c.name: c for c in warehouse.columns_of(schema, f"{name}_history")}
    if history and (key.name not in history or history[key.name].kind != key.kind):
        raise ConfigError(
            f"its rows were published under another key than {key.name!r} ({key.type_name})",
            hint="go back to that key, or give the segmentation another name (--name with --from)",
        )
