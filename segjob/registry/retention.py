"""What is kept of earlier runs: all evidence, and the assignments of the newest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from segjob.config import PublishSettings
from segjob.registry.registry import Registry
from segjob.registry.runs import Record


def prune(registry: Registry, settings: PublishSettings, earlier: Sequence[Record]) -> None:
    """Delete the assignments of runs beyond the count or the age to keep.

    Parameters
    ----------
    earlier : a segmentation's runs before the one that has just been published, newest first.
    """
    oldest = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=settings.keep_days or 0)
    beyond = [
        run["run_id"]
        for newer, run in enumerate(earlier, start=1)
        if (settings.keep_runs is not None and newer >= settings.keep_runs)
        or (settings.keep_days is not None and run["published_at"] < oldest)
    ]
    if not beyond:
        return
    segmentation, key = earlier[0]["segmentation"], registry.key_column(earlier[0])
    for table in (registry.history(segmentation, key), registry.movements(segmentation, key)):
        registry.warehouse.execute(sa.delete(table).where(table.c.run_id.in_(beyond)))
