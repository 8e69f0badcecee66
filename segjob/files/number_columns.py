"""Which columns of a file hold numbers, and how they are written: decided from all values of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segjob.errors import DataError
from segjob.files.columns import TableColumn
from segjob.files.dbt_models import DbtModels

_SHAPES = """
create temporary table shapes_{{ place }} as
{{ number_shapes('(select file_row, ' ~ clean_text('cast(' ~ place ~ ' as varchar)') ~ ' as value from file_lines '
    ~ 'where line_problem is null) as texts', {'value': 'percent'}) }}
"""
_COUNTS = """
select
    {{ shape_counts('value') }},
    {{ most_common(currency_of('value')) }} as value_currency,
    count(*) filter (where value_shape = 'none') as value_none,
    count(*) filter (where regexp_matches(value, '^[+-]?0[0-9]')) as value_padded
from shapes_{{ place }}
"""
_NUMBERS = """
create temporary table number_{{ place }} as
select
    file_row,
    number,
    case
        when value is null then null
        when number is null then {{ number_problem('value', mark) }}
        when {{ currency_of('value') }} <> {{ currency }} then 'in_other_currency'
    end as problem
from (
    select *, {{ number_of('value', mark) }} as number from shapes_{{ place }}
) as numbers
"""


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers. table : in memory, with file_row, number and problem.

    mark : the decimal mark, None where no value needs one or nothing tells; mark_by : what decided it.
    counts : values read, those that only this mark can read, those that only another can, those that either can.
    """

    name: str
    table: str
    mark: str | None
    mark_by: str
    currency: str | None
    counts: tuple[int, int, int, int]


def number_columns(
    models: DbtModels, columns: Sequence[TableColumn], features: Sequence[TableColumn], place: str
) -> dict[str, NumberColumn]:
    """The columns that hold numbers, by their place in `file_lines`, each with its table of numbers.

    A feature may have values that are none; any other column then stays text.

    Raises
    ------
    DataError : a feature holds no numbers.
    """
    wanted = {feature.place for feature in features}
    counted = {column.place: _counts(models, column) for column in columns}
    numeric = []
    for column in columns:
        counts, is_feature = counted[column.place], column.place in wanted
        if is_feature and counts["none"] * 2 > counts["values"]:
            raise _no_numbers(models, column, counts, place)
        if counts["values"] and (is_feature or not (counts["none"] or counts["padded"])):
            numeric.append(column)
    marks = _marks(models, {column.place: counted[column.place] for column in numeric})
    found = {
        column.place: _numbers(models, column, counted[column.place], *marks[column.place])
        for column in numeric
    }
    return {p: n for p, n in found.items() if p in wanted or not _has_problems(models, n)}


def _counts(models: DbtModels, column: TableColumn) -> dict[str, Any]:
    models.connection.execute(models.sql(_SHAPES, place=column.place))
    result = models.connection.execute(models.sql(_COUNTS, place=column.place))
    names = [description[0].removeprefix("value_") for description in result.description or ()]
    return dict(zip(names, result.fetchone() or (), strict=True))


def _marks(models: DbtModels, counted: dict[str, dict[str, Any]]) -> dict[str, tuple[str | None, str]]:
    """The decimal mark of each column, and what decided it."""
    if not counted:
        return {}
    counts = ", ".join(
        f"{value} as {place}_{name}"
        for place, one in counted.items()
        for name, value in one.items()
        if isinstance(value, int)
    )
    marks = models.sql(
        "select {% for one in places %}{{ number_mark(one, places) }}{{ ',' if not loop.last }}{% endfor %} "
        "from (select {{ counts }}) as counted",
        places=list(counted),
        counts=counts,
    )
    row = models.ask(marks)[0]
    return {place: (row[2 * i], row[2 * i + 1]) for i, place in enumerate(counted)}


def _numbers(
    models: DbtModels, column: TableColumn, counts: dict[str, Any], mark: str | None, mark_by: str
) -> NumberColumn:
    sql = models.sql(
        _NUMBERS,
        place=column.place,
        mark=f"'{mark}'" if mark else "cast(null as varchar)",
        currency=models.call("quoted", counts["currency"]) if counts["currency"] else "cast(null as varchar)",
    )
    models.connection.execute(sql)
    told = {".": counts["point"], ",": counts["comma"], None: 0}
    ours = told[mark]
    others = counts["point"] + counts["comma"] - ours
    return NumberColumn(
        name=column.name,
        table=f"number_{column.place}",
        mark=mark,
        mark_by=mark_by,
        currency=counts["currency"],
        counts=(counts["values"], ours, others, counts["either"]),
    )


def _has_problems(models: DbtModels, column: NumberColumn) -> bool:
    return bool(models.ask(f"select count(problem) from {column.table}")[0][0])


def _no_numbers(models: DbtModels, column: TableColumn, counts: dict[str, Any], place: str) -> DataError:
    few = models.ask(
        f"select distinct value from shapes_{column.place} where value_shape = 'none' order by value limit 3"
    )
    examples = ", ".join(repr(value) for (value,) in few)
    return DataError(
        f"feature {column.name!r} of {place} holds no numbers: {counts['none']:,} of {counts['values']:,} "
        f"values are none, such as {examples}",
        hint='features are numbers; a category can be one through segjob.toml (kind = "categorical")',
    )
