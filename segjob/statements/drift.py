"""What the customers look like today, against a published model: bins of each feature, and rows by segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Floats, Model, Partitions, Transform
from segjob.statements.nearest import index
from segjob.statements.partitions import rows_of
from segjob.statements.relation import Relation
from segjob.statements.scoring import scores
from segjob.statements.sql.elements import Number


def bins(
    relation: Relation,
    transforms: Sequence[Transform],
    edges: Sequence[Floats],
    *,
    partitions: Partitions | None = None,
    share: float = 1.0,
    seed: int = 0,
) -> SelectBase:
    """How many rows fall into each bin of each feature? One row: `bin0_0`, `bin0_1`, ..., `bin1_0`, ... (feature, bin).

    Over the rows that the model keeps, of raw values. Rows without a value are in no bin.

    Parameters
    ----------
    edges : for each transform, the ascending upper limits of all bins but the last.
    partitions : of the model, if it has any.
    share : of the rows to count, sampled by a hash of the key.
    """
    model = Model.without_segments(tuple(transforms), partitions)
    p = rows_of(relation, model, keep_raw=True, share=share if share < 1.0 else None, seed=seed)
    columns: list[ColumnElement[Any]] = []
    for j, limits in enumerate(edges):
        value = p.rows.c[f"raw{j}"]
        below = [sa.func.count(sa.case((value <= Number(limit), index(1)))) for limit in limits.tolist()]
        # Cumulated counts, one comparison each, and subtracted: a chain of ranges would test every value twice.
        cumulated = [*below, sa.func.count(value)]
        columns += [
            (count - cumulated[b - 1] if b else count).label(f"bin{j}_{b}")
            for b, count in enumerate(cumulated)
        ]
    return sa.select(*columns)


def by_segment(relation: Relation, model: Model, names: Mapping[int, str]) -> SelectBase:
    """How many rows are in each segment today, and how far from its centroid? One row per segment that has rows.

    `segment_id` (NULL: excluded by the model), `rows`, `distance` (sum), `outliers`.
    """
    today = scores(relation, model, names).cte("today")
    outlier = sa.case((today.c.is_outlier, index(1)))
    return sa.select(
        today.c.segment_id,
        sa.func.count().label("rows"),
        sa.func.sum(today.c.distance, type_=sa.Double()).label("distance"),
        sa.func.count(outlier).label("outliers"),
    ).group_by(today.c.segment_id)


def by_published_segment(history: sa.Table, run_id: int) -> SelectBase:
    """The same of a published run, from its history."""
    outlier = sa.case((history.c.is_outlier, index(1)))
    return (
        sa.select(
            history.c.segment_id,
            sa.func.count().label("rows"),
            sa.func.sum(history.c.distance, type_=sa.Double()).label("distance"),
            sa.func.count(outlier).label("outliers"),
        )
        .where(history.c.run_id == run_id)
        .group_by(history.c.segment_id)
    )
