"""What customers brought since a day, by audience and hold-out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase

from segjob.statements.relation import named, number


@dataclass(frozen=True)
class Events:
    """A relation of what customers did, several rows for each.

    metric : column that is summed; at : column of when; key : column of who.
    key_as_text : whether keys are compared as texts, because they are of another type.
    """

    schema: str
    relation: str
    key: str
    metric: str
    at: str
    key_as_text: bool = False


def brought(
    audience: SelectBase, events: Events, since: datetime, until: datetime | None = None
) -> SelectBase:
    """What did customers bring, by audience and hold-out? Who did nothing counts with 0.

    Columns: `audience_id`, `is_holdout`, `customers`, `mean`, `variance` (of a sample; NULL for one customer).
    """
    names = (events.key, events.metric, events.at)
    source = sa.table(
        named(events.relation), *(sa.column(named(name)) for name in names), schema=named(events.schema)
    )
    key, at = source.c[events.key], sa.cast(source.c[events.at], sa.DateTime())
    conditions = [at >= _moment(since), *([at < _moment(until)] if until is not None else [])]
    sums = (
        sa.select(
            (sa.cast(key, sa.Text()) if events.key_as_text else key).label("row_key"),
            sa.func.sum(number(source.c[events.metric]), type_=sa.Double()).label("total"),
        )
        .where(*conditions)
        .group_by(key)
        .cte("sums")
    )
    people = audience.cte("people")
    own = sa.cast(people.c.key, sa.Text()) if events.key_as_text else people.c.key
    total = sa.func.coalesce(sums.c.total, number(sa.literal_column("0")), type_=sa.Double())
    each = (
        sa.select(people.c.audience_id, people.c.is_holdout, total.label("total"))
        .select_from(people.join(sums, sums.c.row_key == own, isouter=True))
        .cte("customer_totals")
    )
    return (
        sa.select(
            each.c.audience_id,
            each.c.is_holdout,
            sa.func.count().label("customers"),
            sa.func.avg(each.c.total, type_=sa.Double()).label("mean"),
            sa.func.var_samp(each.c.total, type_=sa.Double()).label("variance"),
        )
        .group_by(each.c.audience_id, each.c.is_holdout)
        .order_by(each.c.audience_id, each.c.is_holdout)
    )


def _moment(value: datetime) -> sa.ColumnElement[datetime]:
    return sa.cast(sa.literal(value.isoformat(sep=" "), sa.Text()), sa.DateTime())
