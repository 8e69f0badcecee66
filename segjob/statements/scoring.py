"""A published model as SQL: a run's assignment, the view that scores live rows, one scalar expression."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause, SelectBase

from segjob.core.model import Model
from segjob.statements.elements import Number
from segjob.statements.features import Points, Relation, category_of, coordinate, kept, named, number, points
from segjob.statements.nearest import index, least, linear, position_of_least, squared, with_columns


@dataclass(frozen=True)
class _Scored:
    """Rows with the indexes of their two nearest centroids and how far these are."""

    rows: FromClause
    key: ColumnElement[Any]
    own: ColumnElement[int]
    next: ColumnElement[int] | None
    distance: ColumnElement[float]
    margin: ColumnElement[float] | None


def _scored(p: Points, model: Model) -> _Scored:
    """The two nearest centroids of every row, in three steps so that no distance is written twice."""
    k = len(model.segment_ids)
    near = with_columns(p.rows, "near", **{f"d{i}": squared(p.x, c) for i, c in enumerate(model.centroids)})
    d = [near.c[f"d{i}"] for i in range(k)]
    first = with_columns(near, "first_choice", own=position_of_least(d), d_own=least(d))
    if k == 1:
        return _Scored(first, first.c["k"], first.c["own"], None, _root(first.c["d_own"]), None)
    d = [first.c[f"d{i}"] for i in range(k)]
    others = [sa.case((first.c["own"] == index(i), Number(math.inf)), else_=d[i]) for i in range(k)]
    rest = with_columns(first, "others", **{f"e{i}": e for i, e in enumerate(others)})
    e = [rest.c[f"e{i}"] for i in range(k)]
    second = with_columns(rest, "second_choice", next=position_of_least(e), d_next=least(e))
    own, runner_up = _root(second.c["d_own"]), _root(second.c["d_next"])
    return _Scored(second, second.c["k"], second.c["own"], second.c["next"], own, runner_up - own)


def _root(value: ColumnElement[float]) -> ColumnElement[float]:
    return sa.func.sqrt(value, type_=sa.Double())


def _by_index(chosen: ColumnElement[int], values: list[ColumnElement[Any]]) -> ColumnElement[Any]:
    """The value that belongs to the chosen index."""
    if len(values) == 1:
        return values[0]
    last = len(values) - 1
    return sa.case(dict(enumerate(values[:last])), value=chosen, else_=values[last])


def _columns(s: _Scored, model: Model) -> dict[str, ColumnElement[Any]]:
    """segment_id, distance, next_segment_id, margin, is_outlier, from a scored subquery."""
    ids: list[ColumnElement[Any]] = [index(i) for i in model.segment_ids]
    limits: list[ColumnElement[Any]] = [Number(v) for v in model.outlier_distance.tolist()]
    none = sa.null()
    return {
        "segment_id": _by_index(s.own, ids),
        "distance": s.distance,
        "next_segment_id": sa.cast(none, sa.Integer()) if s.next is None else _by_index(s.next, ids),
        "margin": sa.cast(none, sa.Double()) if s.margin is None else s.margin,
        "is_outlier": s.distance > _by_index(s.own, limits),
    }


def assignment(relation: Relation, model: Model, run_id: int) -> SelectBase:
    """Which segment is each row in? The rows of `<s>_history`; excluded rows are left out.

    Columns: run_id, the key under its own name and type, segment_id, distance (to the own centroid, scaled
    units), next_segment_id (the runner-up), margin (how much further that is), is_outlier. There is no
    runner-up for k = 1: both are NULL.
    """
    s = _scored(points(relation, model.transforms), model)
    columns = [c.label(name) for name, c in _columns(s, model).items()]
    run = sa.cast(sa.literal(run_id, sa.BigInteger()), sa.BigInteger()).label("run_id")
    return sa.select(run, s.key.label(named(relation.key)), *columns)


def scores(relation: Relation, model: Model, names: Mapping[int, str]) -> SelectBase:
    """Which segment would each row be in today? The select of the view `<s>_scores`.

    Every row of the relation once: its key, segment_id, segment_name, distance, next_segment_id, margin,
    is_outlier. All but the key are NULL where the model excludes the row. Compile it with `literal_binds`.
    """
    p = points(relation, model.transforms, keep_excluded=True)
    s = _scored(p, model)
    is_kept = s.rows.c["is_kept"]
    labels: list[ColumnElement[Any]] = [sa.literal(names[i], sa.Text()) for i in model.segment_ids]
    columns = _columns(s, model)
    named_columns = {
        "segment_id": columns.pop("segment_id"),
        "segment_name": _by_index(s.own, labels),
        **columns,
    }
    shown = [sa.case((is_kept, c)).label(name) for name, c in named_columns.items()]
    return sa.select(s.key.label(named(relation.key)), *shown)


def count_scores(table_name: str, schema: str) -> SelectBase:
    """How many rows has a table of scores, and how many of them no segment? One row: `rows`, `without_segment`."""
    scored = sa.table(named(table_name), sa.column("segment_id"), schema=named(schema))
    rows, found = sa.func.count(), sa.func.count(scored.c.segment_id)
    return sa.select(rows.label("rows"), (rows - found).label("without_segment")).select_from(scored)


def segment_expression(model: Model, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[int]:
    """Which segment has one customer? A scalar expression of the source columns, for a macro or a function.

    Parameters
    ----------
    columns : for every source column of the model, the expression (a parameter, say) that stands for it.

    Returns
    -------
    The segment id; NULL where the model excludes the row.
    """
    numbers = {t.source_column: number(columns[t.source_column]) for t in model.transforms if _is_numeric(t)}
    texts = {
        t.source_column: category_of(columns[t.source_column]) for t in model.transforms if not _is_numeric(t)
    }
    x = [coordinate(t, numbers, texts) for t in model.transforms]
    d = [linear(x, c) for c in model.centroids]
    ids: list[ColumnElement[Any]] = [index(i) for i in model.segment_ids]
    nearest = (
        sa.case(*((d[i] == least(d), ids[i]) for i in range(len(d) - 1)), else_=ids[-1])
        if ids[1:]
        else ids[0]
    )
    return sa.case((sa.and_(sa.true(), *kept(model.transforms, numbers)), nearest))


def _is_numeric(transform: Any) -> bool:
    return bool(transform.function != "one_hot")
