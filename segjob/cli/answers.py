"""`segjob query` on the terminal: the list of questions, and an answer as a table or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from segjob.cli.output import cells, err, new_table, print_csv, print_line, print_sql
from segjob.cli.tables import print_table

if TYPE_CHECKING:
    from segjob.commands.read.query import Answer
    from segjob.statements.published.questions import Question

_MOST_ROWS = 50
"""Rows that a table shows."""


def print_questions(questions: Mapping[str, Question]) -> None:
    """All questions, and what each can be told."""
    table = new_table("question", "asks", "--set", "needs")
    for name, question in questions.items():
        parameters = ", ".join(f"{key}={value}" for key, value in question.parameters.items())
        needs = ", ".join(column for columns in question.needs.values() for column in columns)
        table.add_row(*cells(name, question.question, parameters, needs))
    print_table(table)
    print_line("")
    print_line("segjob query QUESTION --segmentation NAME answers; --sql prints the statement.")
    print_line(
        "A question about two segmentations takes --with OTHER; --use COLUMN=YOURS names what it needs."
    )


def print_answer(answer: Answer, *, as_csv: bool, only_sql: bool) -> None:
    """The rows, or the statement."""
    if only_sql:
        print_sql(f"-- {answer.question.question}\n-- Grain: {answer.question.grain}\n{answer.sql};")
        return
    columns = list(answer.rows[0]) if answer.rows else []
    if as_csv:
        print_csv(columns, ([row[column] for column in columns] for row in answer.rows))
        return
    if not answer.rows:
        print_line("no rows")
        return
    table = new_table(*columns)
    for row in answer.rows[:_MOST_ROWS]:
        table.add_row(*cells(*(_plain(column, value) for column, value in row.items())))
    print_table(table)
    if len(answer.rows) > _MOST_ROWS:
        err.print(f"  {_MOST_ROWS} of {len(answer.rows):,} rows; --csv has all", style="dim")


def _plain(column: str, value: object) -> object:
    """Numbers that name something, such as a year, without thousands separators."""
    names = isinstance(value, int) and column.endswith(("_id", "_year"))
    return str(value) if names else value
