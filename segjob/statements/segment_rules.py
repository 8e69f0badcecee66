"""A segment's rule as SQL: the text that is published, and the condition on raw values that is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from segjob.core.model import MISSING_CATEGORY, Transform
from segjob.core.segments.segment_rules import Condition, SegmentRule
from segjob.statements.sql.elements import Number


def rule_sql(rule: SegmentRule, transforms: Sequence[Transform], dialect: sa.Dialect) -> str:
    """The rule as a condition on the relation's columns, to put behind `where`; `true` for every row."""
    by_feature = {transform.feature: transform for transform in transforms}

    def condition_sql(condition: Condition) -> str:
        transform = by_feature[condition.feature]
        column = dialect.identifier_preparer.quote(transform.source_column)
        if transform.function != "one_hot":
            return f"{column} {condition.op} {condition.threshold:.12g}"
        if transform.category == MISSING_CATEGORY:
            return f"{column} is {'' if condition.op == '=' else 'not '}null"
        literal = sa.literal(transform.category, sa.Text())
        text = str(literal.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        return f"{column} = {text}" if condition.op == "=" else f"{column} is distinct from {text}"

    branches = [" and ".join(map(condition_sql, branch)) or "true" for branch in rule.branches]
    return branches[0] if len(branches) == 1 else " or ".join(f"({branch})" for branch in branches)


def in_partition(rule: str, column: str, value: str, dialect: sa.Dialect) -> str:
    """The published rule for the rows with one value in a column; engines read the text as the column's type."""
    literal = sa.literal(value, sa.Text())
    text = str(literal.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    condition = f"{dialect.identifier_preparer.quote(column)} = {text}"
    if rule == "true":
        return condition
    return f"{condition} and ({rule})" if " or " in rule else f"{condition} and {rule}"


def holds(rule: SegmentRule, values: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
    """The same, on raw values by model feature: 0 or 1 for a one-hot feature, NULL where there is none."""

    def comparison(condition: Condition) -> ColumnElement[bool]:
        value = values[condition.feature]
        if condition.op in ("=", "!="):
            return value == Number(1.0 if condition.op == "=" else 0.0)
        threshold = Number(condition.threshold)
        return value >= threshold if condition.op == ">=" else value < threshold

    return sa.or_(*(sa.and_(sa.true(), *map(comparison, branch)) for branch in rule.branches))
