"""Why a mart of the dbt project has nothing to segment: most lines of its file could not be read."""

from __future__ import annotations

import sqlalchemy as sa

from segjob.errors import DataError
from segjob.registry.relations import ResolvedSegmentation
from segjob.statements.relation import named
from segjob.warehouse.base import Warehouse

_MARTS = {"recency_days", "days_since_last_sale", "spending_score"}
"""Columns that only the project's marts have."""
_SETTINGS = {
    "ordered_at_ambiguous": "SEGJOB_DATE_ORDER=dmy (day first) or mdy (month first) says which date it is",
    "ordered_at_unreadable": "SEGJOB_DATE_ORDER says the order of day and month",
    "too_many_columns": "SEGJOB_DELIMITER says what stands between columns",
}


def explained(warehouse: Warehouse, source: ResolvedSegmentation, problem: DataError) -> DataError:
    """The problem, and that lines of the file are rejected where that is most of them; inside `reading()`."""
    schema = source.relation.schema
    columns = {column.name for column in warehouse.columns_of(schema, source.relation.name)}
    report = {column.name for column in warehouse.columns_of(schema, "cleaning_report")}
    if not columns & _MARTS or not {"file", "finding", "outcome", "rows"} <= report:
        return problem
    for file in ("orders", "customers"):
        if note := _rejections(warehouse, str(schema), file):
            problem.message = f"{problem.message}; {note}"
            problem.hint = f"look in {schema}.rejected_{file}, set what is missing, and run dbt again"
    return problem


def _rejections(warehouse: Warehouse, schema: str, file: str) -> str | None:
    """The most common reason, in words; None unless most lines are rejected."""
    report = sa.table(
        "cleaning_report", *map(sa.column, ("file", "finding", "outcome", "rows")), schema=named(schema)
    )
    lines = warehouse.records(
        sa.select(report.c.outcome, report.c.finding, report.c["rows"])
        .where(report.c.file == file, report.c.outcome.in_(["read", "rejected"]))
        .order_by(report.c["rows"].desc(), report.c.finding)
    )
    read = sum(line["rows"] for line in lines if line["outcome"] == "read")
    rejected = [line for line in lines if line["outcome"] == "rejected"]
    count = sum(line["rows"] for line in rejected)
    if not read or 2 * count <= read:
        return None
    reason = rejected[0]["finding"]
    setting = _SETTINGS.get(reason) or (
        "SEGJOB_DECIMAL_MARK=point or comma says how numbers are written"
        if reason.endswith("_ambiguous")
        else ""
    )
    return (
        f"of {read:,} lines of the {file} file {count:,} are rejected, most of them as {reason} "
        f"({rejected[0]['rows']:,})" + (f": {setting}" if setting else "")
    )
