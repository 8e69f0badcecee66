"""What is kept of earlier runs: all evidence, and the assignments of the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from segjob.config import PublishSettings
from segjob.registry.registry import Registry
from segjob.warehouse.base import Column


def prune(registry: Registry, settings: PublishSettings, segmentation: str, key: Column) -> None:
    """Delete the assignments of runs beyond the count or the age to keep, after a run has been published.

    Those of the current run stay, and those of the fit that it descends from: `health` compares with them.
    """
    if settings.keep_runs is None and settings.keep_days is None:
        return
    runs = registry.runs(segmentation)
    current = next(run for run in runs if run["is_current"])
    oldest = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=settings.keep_days or 0)
    beyond = [
        run["run_id"]
        for newer, run in enumerate(runs)
        if (settings.keep_runs is not None and newer >= settings.keep_runs)
        or (settings.keep_days is not None and run["published_at"] < oldest)
    ]
    pruned = [run_id for run_id in beyond if run_id not in (current["run_id"], current["fit_run_id"])]
    if not pruned:
        return
    for table in (registry.history(segmentation, key), registry.movements(segmentation, key)):
        registry.warehouse.execute(sa.delete(table).where(table.c.run_id.in_(pruned)))
