"""A file with one row per customer and any columns: the types of its columns, and the lines that cannot be used.

Numbers are read by the macros of dbt_project, a column as a whole; nothing is dropped without a reason.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from segjob.errors import ConfigError, DataError
from segjob.files.columns import TableColumn, header_names, pick, picked_key
from segjob.files.dbt_models import DbtModels, quoted_name
from segjob.files.number_columns import NumberColumn, number_columns
from segjob.files.places import PARQUET
from segjob.files.table_rows import LINES, REPORT, ROWS, judge, write_report, write_rows

_PARQUET_LINES = """
create table file_lines as
select
    row_number() over () as file_row,
    {{ values | join(', ') }},
    concat_ws(' | ', {{ texts | join(', ') }}) as raw_line,
    cast(null as varchar) as line_problem
from read_parquet({{ quoted(place) }})
"""
_OUTCOMES = """
select
    count(*),
    count(rejection),
    count(*) filter (where rejection is null and copy > 1)
from judged
where coalesce(rejection, '') <> 'empty_line'
"""
"""Spreadsheets write a line of delimiters for each row that was ever touched."""
_TOP_REASON = """
select rejection, count(*) as lines
from judged
where rejection <> 'empty_line'
group by rejection
order by lines desc, rejection
limit 1
"""
_EXAMPLES = "select file_row, raw_line from judged where rejection = ? order by file_row limit 3"


@dataclass
class CustomerTable:
    """What was read, into the tables that `table_rows` names. key, features : their names in the warehouse."""

    key: str
    features: list[str]
    messages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TableRequest:
    """What the command line says. place : path or pattern; key, features : None where they are not named."""

    place: str
    key: str | None
    features: Sequence[str] | None

    def command(self, key: str, features: Sequence[str]) -> str:
        """The command with these columns."""
        named = ["--from", self.place, "--key", key, "--features", ",".join(features)]
        return shlex.join(["segjob", "run", *named])


def read_table(models: DbtModels, request: TableRequest, *, needs_features: bool = True) -> CustomerTable:
    """Read the file.

    Raises
    ------
    ConfigError : a column that is named is not in the file, or none is and none can be guessed.
    DataError : nothing can be used, or keys are not unique.
    """
    plan, columns = _lines(models, request)
    key = _key(models, request, columns)
    named = [pick(columns, name, request.place, "feature") for name in request.features or ()]
    others = [column for column in columns if column.is_text and column.place != key.place]
    numbers = number_columns(models, others, named, request.place)
    if request.features is None and needs_features:
        raise _no_features(request, key, columns, numbers)
    judge(models, key, [numbers[column.place] for column in named if column.place in numbers])
    write_rows(models, key, columns, numbers)
    key_by = "the user" if request.key else "its spelling"
    write_report(models, request.place, plan, list(numbers.values()), (key.name, key_by))
    result = CustomerTable(key.name, [column.name for column in named])
    _weigh(models, request, result)
    _refuse_repeated_keys(models, request, key)
    return result


def _lines(models: DbtModels, request: TableRequest) -> tuple[dict[str, Any], list[TableColumn]]:
    """Make `file_lines`, the lines as they came; what is known of the file and of its columns."""
    named = [name for name in (request.key, *(request.features or ())) if name]
    models.variables["named_columns"] = {name: [models.call("plain_header", name)] for name in named}
    if request.place.lower().endswith(PARQUET):
        return {"encoding": "", "skipped": 0}, _parquet_lines(models, request.place)
    plan = models.call("csv_plan", "table", request.place)
    columns = [TableColumn(f"c{number}", name) for number, name in enumerate(header_names(plan["headers"]))]
    plan["matched"] = {column.place: number for number, column in enumerate(columns)}
    rows = models.sql("{{ duckdb__placed_rows(plan, places) }}", plan=plan, places=list(plan["matched"]))
    models.connection.execute(f"create table {LINES} as {rows}")
    return plan, columns


def _parquet_lines(models: DbtModels, place: str) -> list[TableColumn]:
    described = models.ask(f"describe select * from read_parquet({models.call('quoted', place)})")
    names = header_names([row[0] for row in described])
    columns = [
        TableColumn.of_type(f"c{number}", name, row[1])
        for number, (name, row) in enumerate(zip(names, described, strict=True))
    ]
    quoted = [quoted_name(row[0]) for row in described]
    models.connection.execute(
        models.sql(
            _PARQUET_LINES,
            place=place,
            values=[
                f"cast({name} as varchar) as {column.place}"
                if column.is_text
                else f"{name} as {column.place}"
                for name, column in zip(quoted, columns, strict=True)
            ],
            texts=[f"coalesce(cast({name} as varchar), '')" for name in quoted],
        )
    )
    return columns


def _key(models: DbtModels, request: TableRequest, columns: Sequence[TableColumn]) -> TableColumn:
    if request.key is not None:
        key = pick(columns, request.key, request.place, "key")
    else:
        spellings = models.call("accepted_spellings", "customers")["customer_id"]
        key = picked_key(models, columns, spellings, request.place)
    features = [pick(columns, name, request.place, "feature") for name in request.features or ()]
    if key in features:
        raise ConfigError(f"the key {key.name!r} is also a feature")
    return replace(key, type_name="VARCHAR")


def _no_features(
    request: TableRequest,
    key: TableColumn,
    columns: Sequence[TableColumn],
    numbers: Mapping[str, NumberColumn],
) -> ConfigError:
    usable = [c.name for c in columns if (c.place in numbers or c.is_number) and c.place != key.place]
    if not usable:
        names = ", ".join(column.name for column in columns)
        return ConfigError(f"{request.place} has no column of numbers to segment by; it has {names}")
    return ConfigError(
        f"say which columns of {request.place} to segment by; those that hold numbers are {', '.join(usable)}",
        hint=f"for all of them: {request.command(key.name, usable)}",
    )


def _weigh(models: DbtModels, request: TableRequest, result: CustomerTable) -> None:
    """What the user should know of lines that are not used.

    Raises
    ------
    DataError : too many of them, or there is no line.
    """
    ((lines, rejected, merged),) = models.ask(_OUTCOMES)
    if not lines:
        raise DataError(f"{request.place} has a header and no line below it", hint="name a file with rows")
    result.messages.append(_how_it_was_read(models, request.place, lines))
    if merged:
        equal = "line is equal to an earlier one" if merged == 1 else "lines are equal to earlier ones"
        result.warnings.append(f"in {request.place} {merged:,} {equal}, and the earlier one counts")
    if not rejected:
        return
    message, advice = _most_common_reason(models, request, lines, rejected)
    if 100 * rejected > models.variables["rejected_error_percent"] * lines:
        raise DataError(message, hint=advice or "mend the lines, or take the column out of the features")
    result.warnings.append(f"{message}{f'; {advice}' if advice else ''}")


def _how_it_was_read(models: DbtModels, place: str, lines: int) -> str:
    facts = models.ask(f"select column_name, format from {REPORT}")
    named = dict(facts)
    how = [f"{named['encoding']}, columns parted by {named['delimiter']}"] if "encoding" in named else []
    commas = [column for column, written in facts if written == "decimal comma"]
    how += [f"decimal comma in {', '.join(commas)}"] if commas else []
    return f"read {lines:,} lines of {place}" + (f" ({'; '.join(how)})" if how else "")


def _most_common_reason(
    models: DbtModels, request: TableRequest, lines: int, rejected: int
) -> tuple[str, str]:
    ((reason, count),) = models.ask(_TOP_REASON)
    examples = models.connection.execute(_EXAMPLES, [reason]).fetchall()
    shown = "; ".join(f"line {number}: {line[:200]}" for number, line in examples)
    message = (
        f"of {lines:,} lines of {request.place} {rejected:,} cannot be used, most of them as {reason} ({count:,}), "
        f"such as {shown}"
    )
    return message, models.call("advice_for", reason)


def _refuse_repeated_keys(models: DbtModels, request: TableRequest, key: TableColumn) -> None:
    repeated = models.ask(
        f"select {quoted_name(key.name)} as row_key, count(*) as lines from {ROWS} group by row_key having lines > 1 "
        "order by lines desc, row_key limit 3"
    )
    if repeated:
        examples = ", ".join(f"{value!r} ({lines} times)" for value, lines in repeated)
        raise DataError(
            f"key {key.name!r} of {request.place} is not unique, such as {examples}",
            hint=f"one line per customer; if it is a file of orders: segjob run --orders {request.place}",
        )
