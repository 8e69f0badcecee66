"""Does the connected user have the rights that a job needs? Asked before the work, not found out after it."""

from __future__ import annotations

from segjob.errors import MissingRights
from segjob.registry.registry import Registry
from segjob.registry.relations import locate
from segjob.statements.published.tables import SHARED
from segjob.warehouse.base import WriteTarget


def refuse_missing_rights(registry: Registry, segmentation: str, relation: str) -> None:
    """Inside `reading()`, for a run of a segmentation.

    Raises
    ------
    MissingRights : names every right that is missing.
    """
    tables = (*SHARED, f"{segmentation}_history", f"{segmentation}_movements")
    views = (
        segmentation,
        *(f"{segmentation}_{part}" for part in ("profile", "scores", "reasons", "audience")),
    )
    _refuse(registry, WriteTarget(registry.schema, tables, views), locate(registry.warehouse, relation))


def refuse_missing_rights_to_score(registry: Registry, relation: str, into: str) -> None:
    """The same for scoring a relation into a new table."""
    schema, _ = locate(registry.warehouse, into)
    _refuse(registry, WriteTarget(schema), locate(registry.warehouse, relation))


def _refuse(registry: Registry, written: WriteTarget, read: tuple[str, str]) -> None:
    missing = registry.warehouse.missing_rights(written, read)
    if missing:
        raise MissingRights(
            f"in {registry.warehouse.label}, rights are missing: {'; '.join(missing)}",
            hint="docs/engines.md lists the rights that segjob needs",
        )
