"""dbt_project's models on PostgreSQL and Spark without dbt: a case in a second, of which dbt itself would take many.

What dbt makes of the made data on these engines is tested beside it (tests/dbt/test_postgres.py, test_spark.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from helpers.plain_jinja import PlainJinja

Rows = list[tuple[Any, ...]]
_DAYS_BETWEEN = {"postgres": "({last} - {first})", "spark": "datediff({last}, {first})"}
"""What dbt's own macro datediff comes to, for days."""


class EngineModels(PlainJinja):
    """The models over a raw table of orders.

    query : runs a statement of the engine, and gives its rows; keep : makes a select a table of that name.
    """

    def __init__(
        self,
        kind: str,
        query: Callable[[str], Rows],
        keep: Callable[[str, str], None],
        columns: Sequence[str],
    ) -> None:
        self.kind, self.query, self.keep, self.raw_columns = kind, query, keep, columns
        super().__init__(None, {}, {"raw_customers": "", "raw_orders": "raw_orders"})  # type: ignore[arg-type]

    def _context(self) -> dict[str, Any]:
        names, quote = self.jinja.globals, "`" if self.kind == "spark" else '"'
        described = [SimpleNamespace(name=name, dtype="string") for name in self.raw_columns]

        def dispatch(name: str, *_: Any) -> Callable[..., Any]:
            if name == "is_there":
                return lambda relation: True
            found = names.get(f"{self.kind}__{name}") or names[f"default__{name}"]
            assert callable(found)
            return found

        return {
            **super()._context(),
            "target": SimpleNamespace(type=self.kind),
            "source": lambda schema, name: f"raw_{name}",
            "datediff": lambda first, last, part: _DAYS_BETWEEN[self.kind].format(first=first, last=last),
            "adapter": SimpleNamespace(
                quote=lambda name: quote + name.replace(quote, quote * 2) + quote,
                dispatch=dispatch,
                get_columns_in_relation=lambda relation: described,
            ),
        }

    def _query(self, statement: str) -> SimpleNamespace:
        rows = self.query(statement)
        width = len(rows[0]) if rows else 0
        columns = [SimpleNamespace(values=lambda i=i: [row[i] for row in rows]) for i in range(width)]
        return SimpleNamespace(columns=columns, rows=rows)

    def make(self, models: Sequence[str]) -> None:
        for model in models:
            folder, name = model.split(".")
            self.keep(name, self.render(f"models/{folder}/{name}.sql"))

    def failures(self, test: str) -> Rows:
        return self.query(self.render(f"data_tests/{test}.sql"))

    def ask(self, statement: str) -> Rows:
        return self.query(statement)


def raw_lines(content: str, delimiter: str) -> tuple[list[str], list[list[str | None]]]:
    """Header and lines of a CSV file as a loader leaves them: text, and the number of the line first."""
    header, *lines = csv.reader(io.StringIO(content), delimiter=delimiter)
    short = [[*line, *[""] * (len(header) - len(line))] for line in lines]
    rows = [[str(number), *(value or None for value in line)] for number, line in enumerate(short, start=1)]
    return ["_line", *header], rows
