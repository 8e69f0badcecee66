"""The views that each segmentation has, as selects: who is where now, and what the segments look like side by side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.statements.published.tables import PublishedTables
from segjob.statements.relation import Relation, named, table
from segjob.statements.sql.elements import Sha256, Trimmed


def _as_of(runs: sa.Table) -> ColumnElement[datetime]:
    """The moment that a run's rows stand for; runs of older layouts have none but that of their publication."""
    return sa.func.coalesce(runs.c.as_of, runs.c.published_at)


def _current_run(tables: PublishedTables, segmentation: str) -> sa.ScalarSelect[Any]:
    """The number of the newest published run, by the moment that its rows stand for; as view `current_runs` has it."""
    runs = tables.table("runs")
    newest = (
        sa.select(runs.c.run_id)
        .where(runs.c.segmentation == segmentation, runs.c.status == "published")
        .order_by(_as_of(runs).desc(), runs.c.run_id.desc())
        .limit(1)
    )
    return sa.select(newest.cte("current_run").c.run_id).scalar_subquery()


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


def audience(
    tables: PublishedTables,
    history: sa.Table,
    movements: sa.Table,
    segmentation: str,
    key: str,
    holdout_share: float | None,
) -> SelectBase:
    """Who is in which audience, who of them is held out, and since when? One row per customer; view `<s>_audience`.

    `since` is the `as_of` of the run in which the customer came into the segment, as far back as runs are kept.
    """
    segments, came = tables.table("segments"), _arrivals(tables, movements, segmentation, key)
    own = history.c[key]
    together = history.join(
        segments,
        sa.and_(history.c.run_id == segments.c.run_id, history.c.segment_id == segments.c.segment_id),
    ).join(came, came.c.row_key == own, isouter=True)
    held_out = sa.false() if holdout_share is None else is_held_out(own, segmentation, holdout_share)
    return (
        sa.select(
            history.c.segment_id.label("audience_id"),
            segments.c.name.label("audience_name"),
            own.label(named("key")),
            held_out.label("is_holdout"),
            sa.func.coalesce(
                came.c.arrived_at, _first_kept(tables, history, segmentation), type_=sa.DateTime()
            ).label("since"),
        )
        .select_from(together)
        .where(history.c.run_id == _current_run(tables, segmentation))
    )


def is_held_out(key: ColumnElement[Any], segmentation: str, share: float) -> ColumnElement[bool]:
    """Whether a customer is held out: by a hash of the key, so that it is the same customers always, on every engine.

    Salted with the segmentation's name, so that each segmentation holds out other customers. Of a larger share, those
    of a smaller one are a part.
    """
    limit = f"{min(int(share * 2**32), 2**32 - 1):08x}"
    salted = sa.func.concat(sa.literal(f"hold-out of {segmentation}: "), sa.cast(key, sa.Text()))
    return sa.func.substr(Sha256(salted), 1, len(limit), type_=sa.Text()) < sa.literal(limit, sa.Text())


def _arrivals(tables: PublishedTables, movements: sa.Table, segmentation: str, key: str) -> CTE:
    """`row_key`, `arrived_at`: when customers last entered or changed their segment, in the runs in use."""
    runs = tables.table("runs")
    return (
        sa.select(movements.c[key].label("row_key"), sa.func.max(_as_of(runs)).label("arrived_at"))
        .select_from(movements.join(runs, runs.c.run_id == movements.c.run_id))
        .where(
            runs.c.segmentation == segmentation,
            runs.c.status == "published",
            movements.c.change.in_(["entered", "moved"]),
        )
        .group_by(movements.c[key])
        .cte("arrivals")
    )


def _first_kept(tables: PublishedTables, history: sa.Table, segmentation: str) -> sa.ScalarSelect[Any]:
    """The `as_of` of the first run whose customers are kept: who was there then has not come since."""
    runs = tables.table("runs")
    first = sa.select(sa.func.min(history.c.run_id).label("run_id")).cte("first_kept")
    earliest = sa.select(sa.func.min(_as_of(runs)).label("as_of")).where(
        runs.c.segmentation == segmentation,
        runs.c.status == "published",
        runs.c.run_id >= sa.select(first.c.run_id).scalar_subquery(),
    )
    return sa.select(earliest.cte("first_as_of").c.as_of).scalar_subquery()


def with_hashed_column(audience: SelectBase, relation: Relation, column: str) -> SelectBase:
    """Who is in which audience, with a column that ad platforms match by?

    `<column>_sha256`: SHA-256 of the column's trimmed text in lower case; NULL where the relation has no such customer
    any more, or no value.
    """
    c = table(relation, [relation.key, column]).c
    text = sa.func.lower(Trimmed(sa.cast(c[column], sa.Text())), type_=sa.Text())
    hashed = sa.case((text != sa.literal("", sa.Text()), Sha256(text)))
    hashes = (
        sa.select(c[relation.key].label("row_key"), sa.func.max(hashed).label("hashed"))
        .group_by(c[relation.key])
        .cte("hashed_values")
    )
    rows = audience.cte("audience")
    joined = rows.join(hashes, hashes.c.row_key == rows.c.key, isouter=True)
    return sa.select(*rows.c, hashes.c.hashed.label(named(f"{column}_sha256"))).select_from(joined)
