"""The statements behind `read_table`: which lines can be used, the rows that they become, and how the file was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from segjob.files.columns import TableColumn
from segjob.files.dbt_models import DbtModels, quoted_name
from segjob.files.number_columns import NumberColumn

LINES, JUDGED, ROWS, REJECTED, REPORT = "file_lines", "judged", "file_rows", "rejected_lines", "file_reading"
"""The tables in memory: the lines as they came, with their reasons, and the three that go to the warehouse."""
_MARKS = {".": "decimal point", ",": "decimal comma"}
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_JUDGED = """
create table judged as
with texts as (
    select
        file_row,
        raw_line,
        line_problem,
        {{ clean_text('cast(' ~ key ~ ' as varchar)') }} as row_key
    from file_lines
),

identified as (
    select * replace ({{ clean_id('row_key') }} as row_key) from texts
),

rejections as (
    select
        lines.file_row,
        lines.raw_line,
        lines.row_key,
        case
            when lines.line_problem is not null then lines.line_problem
            -- A customer may be called Total, but not the last line alone.
            when lower(lines.row_key) in {{ total_words() }} and lines.file_row = max(lines.file_row) over ()
                then 'totals_line'
            when lines.row_key is null then {{ quoted(key_name ~ '_missing') }}
            {% for number in numbers -%}
                when {{ number.table }}.problem is not null
                    then {{ quoted(number.name ~ '_') }} || {{ number.table }}.problem
            {% endfor -%}
        end as rejection
    from identified as lines
    {% for number in numbers -%}
        left join {{ number.table }} on lines.file_row = {{ number.table }}.file_row
    {% endfor -%}
)

-- A line that is equal to an earlier one in all that stands in it is a duplicate.
select
    *,
    row_number() over (partition by raw_line, rejection is null order by file_row) as copy
from rejections
"""
_REJECTED = """
create table rejected_lines as
select
    file_row,
    case when rejection is null then 'merged' else 'rejected' end as outcome,
    coalesce(rejection, 'duplicate') as reason,
    raw_line
from judged
where rejection is not null or copy > 1
order by file_row
"""
_ROWS = """
create table file_rows as
select
    {{ values | join(', ') }}
from judged
inner join file_lines as lines on judged.file_row = lines.file_row
{% for number in numbers -%}
    inner join {{ number.table }} on judged.file_row = {{ number.table }}.file_row
{% endfor -%}
where judged.rejection is null and judged.copy = 1
order by judged.file_row
"""
_WHOLE_KEYS = """
select coalesce(bool_and(regexp_full_match(row_key, '0|-?[1-9][0-9]{0,17}')), false)
from judged
where rejection is null
"""
_REPORT = """
create table file_reading (
    file varchar,
    column_name varchar,
    format varchar,
    decided_by varchar,
    values_read bigint,
    values_deciding bigint,
    values_otherwise bigint,
    values_either_way bigint
)
"""


def judge(models: DbtModels, key: TableColumn, numbers: Sequence[NumberColumn]) -> None:
    """Make `judged` and `rejected_lines`. numbers : the features, whose values have to be numbers."""
    sql = models.sql(_JUDGED, key=key.place, key_name=key.name, numbers=numbers)
    models.connection.execute(sql)
    models.connection.execute(_REJECTED)


def write_rows(
    models: DbtModels, key: TableColumn, columns: Sequence[TableColumn], numbers: Mapping[str, NumberColumn]
) -> None:
    """Make `file_rows`: the lines that can be used, in their order, with the file's columns."""
    key_type = "bigint" if models.ask(_WHOLE_KEYS)[0][0] else "varchar"
    values = []
    for column in columns:
        value = (
            f"cast(judged.row_key as {key_type})"
            if column.place == key.place
            else _value(models, column, numbers)
        )
        values.append(f"{value} as {quoted_name(column.name)}")
    models.connection.execute(models.sql(_ROWS, values=values, numbers=list(numbers.values())))


def _value(models: DbtModels, column: TableColumn, numbers: Mapping[str, NumberColumn]) -> str:
    place = f"lines.{column.place}"
    if column.place in numbers:
        return f"{numbers[column.place].table}.number"
    if column.is_number:
        return f"cast({place} as double)"
    if column.type_name in ("BOOLEAN", "DATE"):
        return place
    if column.type_name.startswith("TIMESTAMP"):
        return f"cast({place} as timestamp)"
    return models.sql("{{ clean_text('cast(' ~ place ~ ' as varchar)') }}", place=place)


def write_report(
    models: DbtModels,
    place: str,
    plan: Mapping[str, Any],
    numbers: Sequence[NumberColumn],
    key: tuple[str, str],
) -> None:
    """Make `file_reading`, with the columns of dbt's reading_report. key : its name, and what decided it."""
    models.connection.execute(_REPORT)
    facts: list[tuple[Any, ...]] = [(*fact, None, None, None, None) for fact in _facts(place, plan, key)]
    for number in numbers:
        mark = _MARKS.get(number.mark or "", "whole numbers")
        facts.append((number.name, mark, number.mark_by, *number.counts))
        if number.currency:
            by = "the currency that comes most often"
            facts.append((number.name, f"in {number.currency}", by, number.counts[0], None, None, None))
    models.connection.executemany("insert into file_reading values ('table', ?, ?, ?, ?, ?, ?, ?)", facts)


def _facts(place: str, plan: Mapping[str, Any], key: tuple[str, str]) -> Iterator[tuple[str, str, str]]:
    yield "source", place, ""
    if plan["encoding"]:
        yield "encoding", plan["encoding"], plan["encoding_by"]
        yield "delimiter", _DELIMITERS.get(plan["delimiter"], plan["delimiter"]), plan["delimiter_by"]
    if plan["skipped"]:
        yield "lines above the header, not read", str(plan["skipped"]), "the header"
    yield "key", *key
