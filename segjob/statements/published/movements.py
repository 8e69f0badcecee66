"""What changed between two runs: which segments share customers, who moved, and how many went where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Model
from segjob.statements.gaussian import short_costs
from segjob.statements.nearest import index, numbered, position_of_least, with_columns
from segjob.statements.partitions import ids, rows_of, squared_distances
from segjob.statements.relation import Relation, named, sampling_key
from segjob.statements.sql.elements import Number


def overlap(
    relation: Relation,
    model: Model,
    history: sa.Table,
    run_id: int,
    *,
    share: float,
    seed: int,
) -> SelectBase:
    """How many customers are in segment i of a run and in the model's segment at place j now?

    Parameters
    ----------
    share : of the customers to compare, sampled by a hash of the key.

    Returns
    -------
    `segment_id`, `cluster` (from 0; of a model with partitions its number), `customers`; one row per pair that has any.
    """
    p = rows_of(relation, model, share=share, seed=seed)
    costs = short_costs(p.x, model) if model.partitions is None else squared_distances(p.rows, model)
    rows = with_columns(p.rows, "distances", **numbered("cost", costs))
    places = [index(i) for i in range(len(costs))]
    rows, cluster = position_of_least(
        rows, "cost", lambda rows: places if model.partitions is None else ids(rows, model)
    )
    now = sa.select(rows.c["row_key"], cluster.label("cluster")).cte("now")
    key = history.c[relation.key]
    before = sa.select(key.label("row_key"), history.c.segment_id).where(
        history.c.run_id == run_id, sampling_key(key, seed) < Number(share)
    )
    then = before.cte("before")
    return (
        sa.select(then.c.segment_id, now.c.cluster, sa.func.count().label("customers"))
        .select_from(now.join(then, now.c.row_key == then.c.row_key))
        .group_by(then.c.segment_id, now.c.cluster)
    )


def _both(
    history: sa.Table, key: str, from_run: int, to_run: int, changed: SelectBase | None = None
) -> tuple[Any, Any, Any]:
    """A run's customers, another run's, and both side by side. changed : `row_key` of the only ones to take."""
    source: Any = history
    own: Any = history.c[key]
    if changed is not None:
        keys = changed.cte("changed_keys")
        source = (
            sa.select(history.c.run_id, own.label("row_key"), history.c.segment_id)
            .where(history.c.run_id.in_([from_run, to_run]), own.in_(sa.select(keys.c.row_key)))
            .cte("changed_rows")
        )
        own = source.c.row_key

    def of(run_id: int, name: str) -> Any:
        rows = sa.select(own.label("row_key"), source.c.segment_id).where(source.c.run_id == run_id)
        return rows.cte(name)

    then, now = of(from_run, "before"), of(to_run, "now")
    return then, now, then.join(now, then.c.row_key == now.c.row_key, full=True)


def movements(
    history: sa.Table,
    key: str,
    from_run: int,
    to_run: int,
    moved_by: Literal["itself"] | SelectBase | None = None,
    changed_keys: SelectBase | None = None,
) -> SelectBase:
    """Who entered, left or moved between two runs? The rows of `<s>_movements`; who stayed is not listed.

    Parameters
    ----------
    moved_by : `itself` if both runs have one model. Else where the model before puts the rows now (`row_key`,
        `segment_id`): who would have stayed with it was moved by the model, who would have moved by themselves.
        None if that is not known.
    changed_keys : who it can be at most, as `changed_keys.changed_keys` has them, where that is cheaper than all.
    """
    then, now, both = _both(history, key, from_run, to_run, changed_keys)
    entered, left = then.c.row_key.is_(None), now.c.row_key.is_(None)
    changed = (
        sa.select(
            sa.func.coalesce(now.c.row_key, then.c.row_key).label("row_key"),
            sa.case((entered, "entered"), (left, "left"), else_="moved").label("change"),
            then.c.segment_id.label("from_segment_id"),
            now.c.segment_id.label("to_segment_id"),
        )
        .select_from(both)
        .where(sa.or_(entered, left, then.c.segment_id != now.c.segment_id))
        .cte("changed")
    )
    reason, source = _moved_by(changed, moved_by)
    return sa.select(
        sa.cast(sa.literal(to_run), sa.BigInteger()).label("run_id"),
        changed.c.row_key.label(named(key)),
        changed.c.change,
        changed.c.from_segment_id,
        changed.c.to_segment_id,
        reason.label("moved_by"),
    ).select_from(source)


def _moved_by(changed: Any, moved_by: Literal["itself"] | SelectBase | None) -> tuple[Any, Any]:
    """The value of `moved_by`, and what to select it from."""
    if moved_by is None:
        return sa.cast(sa.null(), sa.Text()), changed
    if isinstance(moved_by, str):
        return sa.case((changed.c.change == "moved", moved_by)), changed
    scored = moved_by.cte("by_model_before")
    would_stay = scored.c.segment_id == changed.c.from_segment_id
    reason = sa.case((changed.c.change != "moved", sa.null()), (would_stay, "model"), else_="itself")
    return reason, changed.outerjoin(scored, changed.c.row_key == scored.c.row_key)


def flows(history: sa.Table, key: str, from_run: int, to_run: int) -> SelectBase:
    """How many customers went from which segment to which? NULL before: entered; NULL after: left."""
    then, now, both = _both(history, key, from_run, to_run)
    pair = (then.c.segment_id.label("from_segment_id"), now.c.segment_id.label("to_segment_id"))
    customers = sa.func.count().label("customers")
    return sa.select(*pair, customers).select_from(both).group_by(then.c.segment_id, now.c.segment_id)


def moved_flows(moved: sa.Table, run_id: int) -> SelectBase:
    """The same for a published run, from its movements: all pairs but those who stayed."""
    return (
        sa.select(moved.c.from_segment_id, moved.c.to_segment_id, sa.func.count().label("customers"))
        .where(moved.c.run_id == run_id)
        .group_by(moved.c.from_segment_id, moved.c.to_segment_id)
    )


def causes(
    history: sa.Table, moved: sa.Table, key: str, from_run: int, to_run: int, line: Sequence[int]
) -> SelectBase:
    """Of who changed their segment between two runs, how many moved by themselves? `moved_by`, `customers`.

    Who moved by themselves in any run of the line counts as such; then comes who moved without a known reason.

    Parameters
    ----------
    line : the runs after the first one up to the last one, each the next one's run before.
    """
    then, now, both = _both(history, key, from_run, to_run)
    changed = (
        sa.select(now.c.row_key).select_from(both).where(then.c.segment_id != now.c.segment_id).cte("changed")
    )
    own, other, unknown = index(3), index(1), index(2)
    weight = sa.case((moved.c.moved_by == "itself", own), (moved.c.moved_by == "model", other), else_=unknown)
    steps = (
        sa.select(moved.c[key].label("row_key"), sa.func.max(weight).label("heaviest"))
        .where(moved.c.run_id.in_(list(line)))
        .group_by(moved.c[key])
        .cte("steps")
    )
    cause = sa.case((steps.c.heaviest == own, "itself"), (steps.c.heaviest == other, "model")).label(
        "moved_by"
    )
    joined = changed.outerjoin(steps, changed.c.row_key == steps.c.row_key)
    each = sa.select(cause).select_from(joined).cte("each")
    return sa.select(each.c.moved_by, sa.func.count().label("customers")).group_by(each.c.moved_by)
