"""The views that each segmentation has, as selects: who is where now, and what the segments look like side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase

from segjob.statements.published.tables import PublishedTables
from segjob.statements.relation import named


def _current_run(tables: PublishedTables, segmentation: str) -> sa.ScalarSelect[Any]:
    runs = tables.table("runs")
    latest = sa.select(sa.func.max(runs.c.run_id).label("run_id")).where(
        runs.c.segmentation == segmentation, runs.c.status == "published"
    )
    return sa.select(latest.cte("current_run").c.run_id).scalar_subquery()


def current_assignment(tables: PublishedTables, history: sa.Table, segmentation: str, key: str) -> SelectBase:
    """Which segment is each customer in, in the published run? One row per customer; the select of view `<s>`."""
    segments = tables.table("segments")
    together = history.join(
        segments,
        sa.and_(history.c.run_id == segments.c.run_id, history.c.segment_id == segments.c.segment_id),
    )
    return (
        sa.select(
            history.c[key].label(named(key)),
            history.c.segment_id,
            segments.c.name.label("segment_name"),
            history.c.distance,
            history.c.margin,
            history.c.is_outlier,
            history.c.run_id,
        )
        .select_from(together)
        .where(history.c.run_id == _current_run(tables, segmentation))
    )


def wide_profile(
    tables: PublishedTables, segmentation: str, features: Sequence[str], measures: Sequence[str] = ()
) -> SelectBase:
    """What do the segments look like side by side? One row per segment, one column per feature (its mean).

    A measure has two: its mean, and `share_of_` it.
    """
    segments, profiles = tables.table("segments"), tables.table("profiles")
    own = (segments.c.segment_id, segments.c.name, segments.c.rows, segments.c.share)
    together = segments.join(
        profiles,
        sa.and_(profiles.c.run_id == segments.c.run_id, profiles.c.segment_id == segments.c.segment_id),
    )
    wanted = [(feature, profiles.c.mean, feature) for feature in dict.fromkeys([*features, *measures])]
    wanted += [(measure, profiles.c.total_share, f"share_of_{measure}") for measure in measures]
    taken = {column.name for column in own}
    columns = []
    for feature, value, name in wanted:
        while name.lower() in taken:
            name = f"mean_{name}"
        taken.add(name.lower())
        columns.append(sa.func.max(sa.case((profiles.c.feature == feature, value))).label(named(name)))
    return (
        sa.select(*own, *columns)
        .select_from(together)
        .where(segments.c.run_id == _current_run(tables, segmentation))
        .group_by(*own)
    )
