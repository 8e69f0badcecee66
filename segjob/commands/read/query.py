"""`segjob query`: an analyst's question about any segmentation, in SQL and answered."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from segjob.errors import ConfigError, DataError, StatementFailed, WarehouseError
from segjob.registry.registry import Registry
from segjob.registry.relations import locate, split_name
from segjob.registry.runs import Record, settings_of
from segjob.registry.schema import sql_folder
from segjob.statements.published.questions import (
    DEMO_KEY,
    DEMO_RELATION,
    Names,
    Question,
    parameter,
    parse,
    render,
)
from segjob.statements.published.tables import LAYOUT_VERSION
from segjob.statements.relation import named


@dataclass(frozen=True)
class Answer:
    """A question's SQL in the user's names, and the rows that it finds."""

    question: Question
    segmentations: Sequence[str]
    sql: str
    rows: Sequence[Record]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "question": self.question.name,
            "asks": self.question.question,
            "segmentations": list(self.segmentations),
            "sql": self.sql,
            "rows": [dict(row) for row in self.rows],
        }


@functools.cache
def questions() -> dict[str, Question]:
    """All questions by name."""
    files = sorted((sql_folder() / "reports").glob("*.sql"))
    return {file.stem: parse(file.stem, file.read_text(encoding="utf-8")) for file in files}


def assignments(option: str, texts: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` texts as name -> value.

    Raises
    ------
    ConfigError : one is something else.
    """
    if wrong := [text for text in texts if "=" not in text.strip("=")]:
        raise ConfigError(f"{option} takes NAME=VALUE, not {wrong[0]!r}")
    return dict(text.split("=", 1) for text in texts)


def question_named(name: str) -> Question:
    """The question of that name.

    Raises
    ------
    ConfigError : there is none.
    """
    if name in questions():
        return questions()[name]
    close = difflib.get_close_matches(name, questions(), n=1)
    hint = f"did you mean {close[0]}?" if close else "`segjob query` lists them"
    raise ConfigError(f"there is no question {name!r}", hint=hint)


def query(
    registry: Registry,
    name: str,
    segmentation: str | None = None,
    other: str | None = None,
    *,
    parameters: Mapping[str, str] | None = None,
    used: Mapping[str, str] | None = None,
    only_sql: bool = False,
) -> Answer:
    """Answer a question about a segmentation's current run.

    Parameters
    ----------
    other : the second segmentation, of a question about two.
    parameters : name -> value as typed, in place of those in the file.
    used : a column or relation of the demo that the question needs -> the user's.
    only_sql : leave the question unanswered; there are no rows then.

    Raises
    ------
    ConfigError : there is no such question or parameter, or it needs something of the demo that is not there.
    DataError : the segmentation has no run.
    """
    question, warehouse = question_named(name), registry.warehouse
    with warehouse.reading():
        runs = [registry.pick_run(segmentation=segmentation)]
        runs += _second(registry, question, runs[0], other)
        values = {key: parameter(question, key, value) for key, value in (parameters or {}).items()}
        names = _names(registry, question, runs, values, dict(used or {}))
        quote = warehouse.dialect.identifier_preparer.quote
        sql = render(question, names, lambda word: quote(named(word)), warehouse.dialect.name)
        rows = [] if only_sql else _rows(registry, question, sql)
    return Answer(question, names.segmentations, sql, rows)


def _second(registry: Registry, question: Question, run: Record, other: str | None) -> list[Record]:
    """The second segmentation's run, where the question is about two."""
    if question.segmentations < 2:
        if other is not None:
            raise ConfigError(f"{question.name} is about one segmentation", hint="leave out --with")
        return []
    if other is None:
        raise ConfigError(
            f"{question.name} is about two segmentations", hint="name the second one: --with NAME"
        )
    second = registry.pick_run(segmentation=other)
    if second["key_column"] != run["key_column"]:
        raise DataError(
            f"{run['segmentation']} and {other} are not of the same rows: their keys are "
            f"{run['key_column']} and {second['key_column']}"
        )
    return [second]


def _names(
    registry: Registry,
    question: Question,
    runs: Sequence[Record],
    parameters: Mapping[str, str],
    used: dict[str, str],
) -> Names:
    run, quote = runs[0], registry.warehouse.dialect.identifier_preparer.quote
    schema, relation = locate(registry.warehouse, run["relation"])
    settings = settings_of(run)
    needed = {column for columns in question.needs.values() for column in columns}
    if unknown := [word for word in used if word not in needed | set(question.needs)]:
        asks = ", ".join([*question.needs, *sorted(needed)]) or "nothing of the demo"
        raise ConfigError(f"{question.name} does not ask for {unknown[0]!r}", hint=f"it needs {asks}")
    for place, columns in question.needs.items():
        is_own = place == DEMO_RELATION
        there = run["relation"] if is_own else used.get(place, place)
        _refuse_lacking(
            registry, question, there, {c: used.get(c, c) for c in columns if c != DEMO_KEY or not is_own}
        )
        if not is_own:
            parts = [part for part in split_name(there) if part is not None]
            used[place] = ".".join(quote(named(part)) for part in parts)
    return Names(
        schema=registry.schema,
        segmentations=[str(run["segmentation"]) for run in runs],
        relation=f"{quote(named(schema))}.{quote(named(relation))}",
        key=run["key_column"],
        numeric=[f.column for f in settings.features if f.kind == "numeric"],
        categorical=[f.column for f in settings.features if f.kind == "categorical"],
        used=used,
        parameters=parameters,
    )


def _refuse_lacking(
    registry: Registry, question: Question, relation: str, columns: Mapping[str, str]
) -> None:
    """Raises a ConfigError unless the relation is there and has the columns.

    Parameters
    ----------
    columns : the demo's -> the user's.
    """
    there = registry.warehouse.columns_of(*locate(registry.warehouse, relation))
    if not there:
        raise ConfigError(
            f"{question.name} reads {relation}, and there is no such table or view in {registry.warehouse.label}",
            hint=f"it is the demo's; name yours with --use {relation}=TABLE and the columns with "
            + " ".join(f"--use {column}=COLUMN" for column in columns),
        )
    names = {column.name for column in there}
    lacking = {demo: own for demo, own in columns.items() if own not in names}
    if lacking:
        raise ConfigError(
            f"{question.name} reads {', '.join(lacking.values())} of {relation}, which has no such column",
            hint=f"{'these are' if len(lacking) > 1 else 'this is'} the demo's; name yours: "
            + " ".join(f"--use {demo}=COLUMN" for demo in lacking),
        )


def _rows(registry: Registry, question: Question, sql: str) -> list[Record]:
    layout = registry.layout_version()  # asked before: a statement that fails may end the transaction
    # SQLAlchemy's text takes a colon for the beginning of a parameter.
    try:
        return registry.warehouse.records(sa.text(sql.replace(":", "\\:")))
    except StatementFailed as failure:
        if layout is not None and layout < LAYOUT_VERSION:
            raise WarehouseError(
                f"{question.name} asks for what layout {LAYOUT_VERSION} of the tables has, and schema "
                f"{registry.schema} of {registry.warehouse.label} has layout {layout}",
                hint="`segjob init` brings it up to date, as the next `segjob run` does; nothing is lost",
            ) from failure
        failure.hint = (
            failure.hint or f"`segjob query {question.name} --sql` prints the statement, to be mended by hand"
        )
        raise
