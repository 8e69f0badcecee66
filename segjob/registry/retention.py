"""What is kept of earlier runs: all evidence, and the assignments of the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from segjob.config import PublishSettings
from segjob.registry.runs import list_runs
from segjob.registry.views import key_column
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse


def prune(
    warehouse: Warehouse, contract: PublishedTables, segmentation: str, settings: PublishSettings
) -> list[int]:
    """Delete the assignments of runs beyond the count or the age to keep; the current run's never.

    Returns
    -------
    The runs that lost theirs.
    """
    if settings.keep_runs is None and settings.keep_days is None:
        return []
    runs = list_runs(warehouse, contract, segmentation)
    oldest = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=settings.keep_days or 0)
    beyond = [
        run["run_id"]
        for newer, run in enumerate(runs)
        if not run["is_current"]
        and (
            (settings.keep_runs is not None and newer >= settings.keep_runs)
            or (settings.keep_days is not None and run["published_at"] < oldest)
        )
    ]
    if not beyond:
        return []
    key = key_column(warehouse, contract, runs[0])
    for table in (
        contract.history(segmentation, key.name, key.type),
        contract.movements(segmentation, key.name, key.type),
    ):
        warehouse.execute(sa.delete(table).where(table.c.run_id.in_(beyond)))
    return beyond
