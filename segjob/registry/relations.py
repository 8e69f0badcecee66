"""The user's relations in the warehouse: the names, columns and types that a segmentation needs."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from segjob.config import Measure, Segmentation
from segjob.errors import ConfigError, DataError, SegjobError, together
from segjob.statements.published.tables import SHARED, VIEWS
from segjob.statements.relation import Relation, RowDates, first_key, named, newest_date
from segjob.statements.sql.condition import condition_problem
from segjob.warehouse.base import Column, Warehouse

LONGEST_NAME = 100
"""Characters of a segmentation's name: its tables and views are called after it."""
_IDENTIFIER = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^".]+))\s*(\.|$)')
_HISTORY = {"run_id", "segment_id", "distance", "next_segment_id", "margin", "is_outlier", "segment_name"}
_MAY_BE_SHARED = ("measure", "as_of_column", "partition_by")
"""Roles of columns that may have another one too."""
_MOVEMENTS = {"change", "from_segment_id", "to_segment_id"}


@dataclass(frozen=True)
class ResolvedSegmentation:
    """A segmentation whose relation, key and columns are in the warehouse; the settings name them as they are there."""

    name: str
    settings: Segmentation
    relation: Relation
    key: Column
    is_table: bool
    """Whether the relation is a table, whose rows cannot change while the warehouse is being read."""
    as_of: datetime | None = None
    """The moment that the rows stand for (UTC); None: now."""

    @property
    def is_read_in_place(self) -> bool:
        """Whether a run reads the table itself. Else it copies the rows first, so that all statements see the same."""
        return self.is_table and self.relation.is_whole

    def as_json(self) -> dict[str, object]:
        """The same as plain values."""
        return {"segmentation": self.name, "key_type": self.key.type_name, **self.settings.model_dump()}


def resolve(
    warehouse: Warehouse, name: str, settings: Segmentation, as_of: datetime | None = None
) -> ResolvedSegmentation:
    """Look up the relation and its columns in the catalogue.

    Parameters
    ----------
    as_of : the moment that the rows stand for. None: now, or the newest date of a relation with a column of dates.

    Raises
    ------
    ConfigError, DataError : with every problem at once.
    """
    schema, relation = locate(warehouse, settings.relation)
    columns = {column.name: column for column in warehouse.columns_of(schema, relation)}
    if not columns:
        raise DataError(
            f"there is no table or view {settings.relation!r} in {warehouse.label}",
            hint=_nearest(settings.relation, warehouse.relations()) or "has `dbt run` been run?",
        )
    matches = {name: _column(name, columns) for _, name in _roles(settings)}
    problems: list[SegjobError] = [
        *_name_problems(warehouse, name, settings.key),
        *_column_problems(warehouse, (schema, relation), settings, matches, list(columns)),
    ]
    if problems:
        raise together(problems)
    settings = _as_in_catalogue(settings, {name: c.name for name, c in matches.items() if c is not None})
    resolved = ResolvedSegmentation(
        name=name,
        settings=settings,
        relation=Relation(
            name=relation,
            schema=schema,
            key=settings.key,
            row_weight=settings.row_weight,
            booleans=booleans_of(columns.values()),
            where=settings.where,
            partition=settings.partition_by,
        ),
        key=columns[settings.key],
        is_table=warehouse.tables_hold_still and warehouse.is_table(schema, relation),
        as_of=as_of,
    )
    _refuse_condition(warehouse, resolved)
    return _of_the_date(warehouse, resolved) if settings.as_of_columns else resolved


def _of_the_date(warehouse: Warehouse, source: ResolvedSegmentation) -> ResolvedSegmentation:
    """Only the rows of the date that is requested, else of the newest one that is not in the future."""
    columns, as_of = source.settings.as_of_columns, source.as_of
    if as_of is None and len(columns) == 1:
        newest = newest_date(source.relation, columns[0], latest_day())
        day = warehouse.scalar(newest)
        if day is None:
            raise DataError(
                f"{source.settings.relation} has no date in {columns[0]!r} up to today",
                hint="as_of_column names the column of the rows' dates",
            )
        as_of = datetime.combine(day, time())
    dates = RowDates(columns, None if as_of is None else as_of.date())
    relation = dataclasses.replace(source.relation, dates=dates)
    return dataclasses.replace(source, relation=relation, as_of=as_of)


def latest_day() -> date:
    """Today, where on earth it is latest."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def _refuse_condition(warehouse: Warehouse, source: ResolvedSegmentation) -> None:
    """Raises a ConfigError if `where` is no condition on the relation's rows."""
    where = source.relation.where
    if where is None:
        return
    problem = condition_problem(where, warehouse.dialect.name) or warehouse.refusal(
        first_key(source.relation)
    )
    if problem:
        raise ConfigError(
            f"where ({where}) is not a condition on the rows of {source.settings.relation}: {problem}",
            hint="write one SQL condition on the relation's columns, such as country = 'DE'",
        )


def _roles(settings: Segmentation) -> list[tuple[str, str]]:
    """(role, column name) of every column that the settings name."""
    weight = [("row weight", settings.row_weight)] if settings.row_weight else []
    part = [("partition_by", settings.partition_by)] if settings.partition_by else []
    return [
        ("key", settings.key),
        *weight,
        *part,
        *(("feature", feature.column) for feature in settings.features),
        *(("measure", measure.column) for measure in _only_measures(settings)),
        *(("as_of_column", column) for column in settings.as_of_columns),
    ]


def _only_measures(settings: Segmentation) -> list[Measure]:
    """The measures that are not features too."""
    features = {feature.column for feature in settings.features}
    return [measure for measure in settings.measures if measure.column not in features]


def _numbers(settings: Segmentation) -> list[tuple[str, str]]:
    """(role, column name) of every column that has to hold numbers, the row weight aside."""
    return [
        *(("feature", feature.column) for feature in settings.features if feature.kind == "numeric"),
        *(("measure", measure.column) for measure in _only_measures(settings)),
    ]


def _column_problems(
    warehouse: Warehouse,
    place: tuple[str, str],
    settings: Segmentation,
    matches: Mapping[str, Column | None],
    names: Sequence[str],
) -> Iterator[SegjobError]:
    """Columns that the relation lacks, and those of a type that cannot be segmented.

    Parameters
    ----------
    place : schema and name of the relation; names : of its columns.
    matches : each name in the settings -> the column.
    """
    for role, name in _roles(settings):
        if matches[name] is None:
            yield DataError(
                f"{settings.relation} has no column {name!r} ({role})",
                hint=_nearest(name, names) or f"it has {_listed(names)}",
            )
    for role, column in _numbers(settings):
        yield from _number_problems(warehouse, place, (role, settings.relation), matches[column])
    yield from _partition_problems(settings, matches)
    weight = matches.get(settings.row_weight or "")
    if weight is not None and weight.kind != "number":
        yield DataError(f"the row weight {weight.name!r} is {weight.type_name}, not a number")
    for column in settings.as_of_columns:
        dates = matches[column]
        if dates is not None and dates.kind != "time":
            yield DataError(
                f"as_of_column {dates.name!r} of {settings.relation} is {dates.type_name}, not a date",
                hint="cast it in a view over the relation",
            )


def _partition_problems(
    settings: Segmentation, matches: Mapping[str, Column | None]
) -> Iterator[SegjobError]:
    """A column of partitions, found in another case, that has another part already."""
    part = matches.get(settings.partition_by or "")
    if part is None:
        return
    for role, name in _roles(settings):
        other = matches[name]
        if role in ("key", "row weight", "feature") and other is not None and other.name == part.name:
            yield ConfigError(f"partition_by names {part.name!r}, which is also the {role}")


def _as_in_catalogue(settings: Segmentation, actual: Mapping[str, str]) -> Segmentation:
    """The settings with every column named as in the catalogue.

    Raises
    ------
    ConfigError : two names are one column.
    """
    columns = [actual[name] for role, name in _roles(settings) if role not in _MAY_BE_SHARED]
    if len(set(columns)) < len(columns):
        twice = sorted(
            name
            for role, name in _roles(settings)
            if role not in _MAY_BE_SHARED and columns.count(actual[name]) > 1
        )
        raise ConfigError(f"{', '.join(map(repr, twice))} are one column of {settings.relation}")
    return settings.model_copy(
        update={
            "key": actual[settings.key],
            "row_weight": settings.row_weight and actual[settings.row_weight],
            "partition_by": settings.partition_by and actual[settings.partition_by],
            "features": tuple(
                feature.model_copy(update={"column": actual[feature.column]}) for feature in settings.features
            ),
            "as_of_column": settings.as_of_column
            and (
                tuple(actual[name] for name in settings.as_of_columns)
                if len(settings.as_of_columns) > 1
                else actual[settings.as_of_columns[0]]
            ),
            "measures": tuple(
                {
                    actual[measure.column]: measure.model_copy(update={"column": actual[measure.column]})
                    for measure in settings.measures
                }.values()
            ),
        }
    )


def booleans_of(columns: Iterable[Column]) -> frozenset[str]:
    """The names of the columns of that type."""
    return frozenset(column.name for column in columns if column.kind == "boolean")


def locate(warehouse: Warehouse, text: str) -> tuple[str, str]:
    """Schema and name of a relation.

    With its schema always: in a view of schema `segments`, a bare name would find the view of that name there.
    """
    schema, name = split_name(text)
    schema = schema or warehouse.scalar(sa.select(sa.func.current_schema()))
    if schema is None:
        raise ConfigError(
            f"{text!r} is in no schema: this user may use none of the search path",
            hint=f"write schema.{name}, or grant usage on the schema",
        )
    return warehouse.folded(str(schema), name)


def split_name(text: str) -> tuple[str | None, str]:
    """`relation` or `schema.relation` as its parts; double quotes keep a dot, doubled ones stand for one.

    >>> split_name('sales."a.b"')
    ('sales', 'a.b')
    """
    parts, rest = [], text
    while rest:
        match = _IDENTIFIER.match(rest)
        if match is None:
            # Not SQL's way of writing an identifier: then it is taken as the name itself.
            return None, text
        parts.append(match[1].replace('""', '"') if match[1] else match[2].strip())
        rest = rest[match.end() :]
    if not all(parts) or not parts:
        raise ConfigError(f"{text!r} names no table or view", hint="write relation, or schema.relation")
    if len(parts) > 2:
        raise ConfigError(
            f"{text!r} has {len(parts)} parts", hint='write relation, or schema.relation, or "a.b" quoted'
        )
    return (parts[0] if len(parts) == 2 else None), parts[-1]


def _column(name: str, columns: dict[str, Column]) -> Column | None:
    """The column of that name; in another case too, as SQL would find it."""
    if name in columns:
        return columns[name]
    alike = [column for other, column in columns.items() if other.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def find_column(name: str, columns: Sequence[Column], relation: str) -> Column:
    """The column of that name, in another case too.

    Raises
    ------
    DataError : the relation has none.
    """
    column = _column(name, {column.name: column for column in columns})
    if column is None:
        names = [column.name for column in columns]
        hint = _nearest(name, names) or f"it has {_listed(names)}"
        raise DataError(f"{relation} has no column {name!r}", hint=hint)
    return column


def _name_problems(warehouse: Warehouse, name: str, key: str) -> list[SegjobError]:
    problems: list[SegjobError] = []
    if warehouse.relation_names is not None and not warehouse.relation_names.fullmatch(name):
        problems.append(
            ConfigError(
                f"a segmentation cannot be called {name!r} in {warehouse.label}: its views are called after it, and "
                "names there are made of the letters a to z, digits and _",
                hint="give it another name (--name with --from)",
            )
        )
    if re.search(r"[\x00-\x1f\x7f]", name):
        problems.append(
            ConfigError(
                f"a segmentation cannot be called {name!r}: there is a line break or the like in it",
                hint="give it another name (--name with --from)",
            )
        )
    problems.extend(_length_problems(warehouse, name))
    taken = {*SHARED, *VIEWS, "snapshot_info"}
    if name.lower() in taken or re.search(
        r"_(history|movements|scores|profile|reasons|audience)$", name.lower()
    ):
        problems.append(
            ConfigError(
                f"a segmentation cannot be called {name!r}: segjob's own tables are",
                hint="give it another name (--name with --from)",
            )
        )
    if key.lower() in _HISTORY | _MOVEMENTS:
        problems.append(
            ConfigError(
                f"the key column cannot be called {key!r}: the published tables have a column of that name",
                hint="rename it in a view over the relation",
            )
        )
    return problems


def _length_problems(warehouse: Warehouse, name: str) -> Iterator[SegjobError]:
    """A name that is too long to be read in a table's header, or too long for its tables on PostgreSQL."""
    # PostgreSQL cuts names after 63 bytes, and two names that are one then would share a table.
    too_long_there = warehouse.dialect.name == "postgresql" and len(f"{name}_movements".encode()) > 63
    if len(name) > LONGEST_NAME or too_long_there:
        most = f"{LONGEST_NAME} characters" if len(name) > LONGEST_NAME else "53 bytes"
        yield ConfigError(
            f"a segmentation cannot be called {name[:LONGEST_NAME]!r}...: a name has at most {most}",
            hint="give it another name (--name with --from)",
        )


def _number_problems(
    warehouse: Warehouse, place: tuple[str, str], user: tuple[str, str], column: Column | None
) -> Iterator[SegjobError]:
    """A column that holds no numbers. user : its role, and the relation as the user named it."""
    if column is None or column.kind in ("number", "boolean"):
        return
    role, relation = user
    cast, other = "cast it in the feature view", "only numbers and booleans can be measures"
    if role == "feature":
        cast += ', or say kind = "categorical" for it in segjob.toml'
        other = "only numbers, booleans and categories can be features"
    hints = {
        "text": cast,
        "time": "turn it into a number in the feature view, such as days since a date",
    }
    message = f"{role} {column.name!r} of {relation} is {column.type_name}, not a number"
    if column.kind == "text":
        message += f": {_no_numbers(warehouse, place, column)}"
    yield DataError(message, hint=hints.get(column.kind, other))


def _no_numbers(warehouse: Warehouse, place: tuple[str, str], column: Column) -> str:
    """How many of a text column's values do not read as a number, with three of them."""
    text = sa.cast(sa.column(named(column.name)), sa.Text())
    wrong = sa.not_(text.regexp_match(r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"))
    source = sa.table(named(place[1]), schema=named(place[0]))
    counted = sa.select(sa.func.count(text).label("all"), sa.func.count(sa.case((wrong, 1))).label("wrong"))
    count = warehouse.records(counted.select_from(source))[0]
    if not count["wrong"]:
        return "every value would read as one"
    few = sa.select(text.label("value")).select_from(source).where(wrong).distinct().order_by(text).limit(3)
    examples = ", ".join(repr(row["value"]) for row in warehouse.records(few))
    return f"{count['wrong']:,} of {count['all']:,} values are none, such as {examples}"


def _nearest(name: str, names: Sequence[str]) -> str | None:
    close = difflib.get_close_matches(name.lower(), [known.lower() for known in names], n=1, cutoff=0.6)
    real = next((known for known in names if close and known.lower() == close[0]), None)
    return f"did you mean {real!r}?" if real else None


def _listed(names: Sequence[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
