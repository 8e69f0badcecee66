"""A published model as SQL: a run's assignment, the view that scores live rows, one scalar expression."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.core.model import Model
from segjob.statements.features import ModelRows, coordinate, inclusion_conditions
from segjob.statements.gaussian import costs, distances, short_costs
from segjob.statements.nearest import (
    by_name,
    index,
    numbered,
    numbered_columns,
    position_of_least,
    runner_up,
    with_columns,
)
from segjob.statements.partitions import ids, of_part, rows_of, slots, squared_distances
from segjob.statements.relation import Relation, category_of, named, number, one_or_zero
from segjob.statements.sql.elements import Number


def scored_rows(p: ModelRows, model: Model, *, nullable: bool) -> tuple[CTE, dict[str, ColumnElement[Any]]]:
    """The rows, and segment_id, distance, next_segment_id, margin, is_outlier; in steps, so that no term is repeated.

    The distances are sums of squared differences: the linear form would lose their digits far from the origin. Those of
    a Gaussian mixture are Mahalanobis', and the densities decide.
    `nullable`, in the live view, where x0 is NULL in the rows that the model excludes: there everything is NULL.
    """
    rows, decisive = _nearest(p, model, nullable=nullable)
    has_runner_up = len(ids(rows, model)) > 1
    if has_runner_up:
        rows, second = runner_up(
            rows, "segment_id", decisive, lambda rows: ids(rows, model), nullable=nullable, searched=nullable
        )
        rows = with_columns(rows, "runner_up", nullable, next_segment_id=second)
    # A partition with one segment has no runner-up, where others have one.
    may_lack = nullable or model.partitions is not None
    rows = with_columns(rows, "measured", nullable, **_measures(rows, model, nullable=may_lack))
    own, distance = rows.c["segment_id"], rows.c["distance"]
    margin: ColumnElement[Any] = sa.cast(sa.null(), sa.Double())
    if has_runner_up:
        margin = rows.c["next_distance"] - distance if model.gaussians is None else rows.c["log_odds"]
    return rows, {
        "segment_id": own,
        "distance": distance,
        "next_segment_id": rows.c["next_segment_id"] if has_runner_up else sa.cast(sa.null(), sa.Integer()),
        "margin": margin,
        "is_outlier": distance > by_name(own, ids(rows, model), _limits(rows, model)),
    }


def _limits(rows: CTE, model: Model) -> list[ColumnElement[Any]]:
    if model.partitions is not None:
        return numbered_columns(rows, "limit", slots(model))
    return [Number(limit) for limit in model.outlier_distance.tolist()]


def _nearest(p: ModelRows, model: Model, *, nullable: bool) -> tuple[CTE, str]:
    """The rows with `segment_id`, and the name of the numbered columns that decided."""
    squares = distances(p.x, model) if model.partitions is None else squared_distances(p.rows, model)
    rows = with_columns(p.rows, "distances", nullable, **numbered("squared", squares))
    decisive = "squared"
    if model.gaussians is not None:
        decisive = "cost"
        compared = costs(numbered_columns(rows, "squared", len(squares)), model)
        rows = with_columns(rows, "costs", nullable, **numbered("cost", compared))
    rows, first = position_of_least(
        rows, decisive, lambda rows: ids(rows, model), nullable=nullable, searched=nullable
    )
    return with_columns(rows, "nearest", nullable, segment_id=first), decisive


def nearest_segments(relation: Relation, model: Model) -> SelectBase:
    """Which segment is each row in? `row_key`, `segment_id`, exactly as `assignment` has them; no excluded rows."""
    rows, _ = _nearest(rows_of(relation, model), model, nullable=False)
    return sa.select(rows.c["row_key"], rows.c["segment_id"])


def _measures(rows: CTE, model: Model, *, nullable: bool) -> dict[str, ColumnElement[Any]]:
    """`distance` from the own centroid, and, where there is a runner-up, `next_distance` or a mixture's `log_odds`."""
    names = ids(rows, model)

    def of(segment: ColumnElement[Any], name: str) -> ColumnElement[Any]:
        return by_name(segment, names, numbered_columns(rows, name, len(names)), nullable=nullable)

    own, following = rows.c["segment_id"], rows.c.get("next_segment_id")
    distance = {"distance": _root(of(own, "squared"))}
    if following is None:
        return distance
    if model.gaussians is None:
        return {**distance, "next_distance": _root(of(following, "squared"))}
    return {**distance, "log_odds": (of(following, "cost") - of(own, "cost")) * Number(0.5)}


def _root(value: ColumnElement[float]) -> ColumnElement[float]:
    return sa.func.sqrt(value, type_=sa.Double())


def assignment(relation: Relation, model: Model, run_id: int) -> SelectBase:
    """Which segment is each row in? The rows of `<s>_history`; excluded rows are left out.

    Columns: run_id, the key under its own name and type, segment_id, distance (to the own centroid, scaled
    units; Mahalanobis' for a Gaussian mixture), next_segment_id (the runner-up), margin (how much further that is; log
    odds for a Gaussian mixture), is_outlier. There is no runner-up for k = 1: both are NULL.
    """
    rows, scored = scored_rows(rows_of(relation, model), model, nullable=False)
    columns = [c.label(name) for name, c in scored.items()]
    run = sa.cast(sa.literal(run_id, sa.BigInteger()), sa.BigInteger()).label("run_id")
    return sa.select(run, rows.c["row_key"].label(named(relation.key)), *columns)


def scores(relation: Relation, model: Model, names: Mapping[int, str]) -> SelectBase:
    """Which segment would each row be in today? The select of the view `<s>_scores`.

    Every row of the relation once: its key, segment_id, segment_name, distance, next_segment_id, margin,
    is_outlier. All but the key are NULL where the model excludes the row. Compile it with `literal_binds`.
    """
    p = rows_of(relation, model, keep_excluded=True)
    rows, scored = scored_rows(p, model, nullable=True)
    every = [index(i) for i in model.segment_ids]
    labels = [sa.literal(names[i], sa.Text()) for i in model.segment_ids]
    segment_id = scored.pop("segment_id")
    columns = {
        "segment_id": segment_id,
        "segment_name": by_name(segment_id, every, labels, nullable=True),
        **scored,
    }
    shown = [c.label(name) for name, c in columns.items()]
    return sa.select(rows.c["row_key"].label(named(relation.key)), *shown)


def count_scores(table_name: str, schema: str) -> SelectBase:
    """How many rows has a table of scores, and how many of them no segment? One row: `rows`, `without_segment`."""
    scored = sa.table(named(table_name), sa.column("segment_id"), schema=named(schema))
    rows, with_segment = sa.func.count(), sa.func.count(scored.c.segment_id)
    return sa.select(rows.label("rows"), (rows - with_segment).label("without_segment")).select_from(scored)


def segment_expression(
    model: Model, columns: Mapping[str, ColumnElement[Any]], booleans: Collection[str] = ()
) -> ColumnElement[int]:
    """Which segment has one customer? A scalar expression of the source columns, for a macro or a function.

    One expression, and not named steps as elsewhere: PostgreSQL would start a query for every row, which takes 28 times
    as long, and DuckDB takes 1.7 times as long (docs/decisions/0002-sql-forms.md).

    Parameters
    ----------
    columns : for every column of the model, the expression (a parameter, say) that stands for it.
    booleans : the source columns of that type.

    Returns
    -------
    The segment id; NULL where the model excludes the row.
    """
    if (parts := model.partitions) is not None:
        each = [model.of_partition(position) for position in range(len(parts.values))]
        expressions = [segment_expression(one, columns, booleans) for one in each]
        return of_part(parts, sa.cast(columns[parts.column], sa.Text()), expressions)
    numbers = {
        name: one_or_zero(columns[name]) if name in booleans else number(columns[name])
        for name in (t.source_column for t in model.transforms if _is_numeric(t))
    }
    texts = {
        t.source_column: category_of(columns[t.source_column]) for t in model.transforms if not _is_numeric(t)
    }
    x = [coordinate(t, numbers, texts) for t in model.transforms]
    nearest = _of_halves(short_costs(x, model), [index(i) for i in model.segment_ids])
    return sa.case((sa.and_(sa.true(), *inclusion_conditions(model.transforms, numbers)), nearest))


def _of_halves(
    values: Sequence[ColumnElement[float]], names: Sequence[ColumnElement[Any]]
) -> ColumnElement[Any]:
    """The name of the smallest value: of the half that holds it, and so on. No value can be a column of its own here.

    Each value stands in as many comparisons as the number can be halved, and half of them are made for no row.
    """
    if len(values) == 1:
        return names[0]
    middle = (len(values) + 1) // 2
    left, right = (
        half[0] if len(half) == 1 else sa.func.least(*half, type_=sa.Double())
        for half in (values[:middle], values[middle:])
    )
    first = _of_halves(values[:middle], names[:middle])
    return sa.case((left <= right, first), else_=_of_halves(values[middle:], names[middle:]))


def _is_numeric(transform: Any) -> bool:
    return bool(transform.function != "one_hot")
