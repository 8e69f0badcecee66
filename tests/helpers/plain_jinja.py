"""The models of dbt_project rendered with plain Jinja and run in DuckDB, in this process: many files in little time.

The SQL is dbt's, word for word: the same macros and models, with the few names of dbt's context that they use.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import yaml

PROJECT = Path(__file__).parents[2] / "dbt_project"
STAGED = (
    *("staging.base_reading", "staging.base_orders", "staging.base_customers"),
    *(
        "staging.stg_order_formats",
        "staging.stg_customer_formats",
        "staging.stg_orders",
        "staging.stg_customers",
    ),
    *("intermediate.int_as_of", "intermediate.int_customers_judged", "intermediate.int_customers"),
    *("intermediate.int_orders_judged", "intermediate.int_order_lines", "intermediate.int_customer_orders"),
    *(
        "intermediate.int_product_orders",
        "marts/features.customer_features",
        "marts/features.product_features",
    ),
    *(
        "marts/rejected.rejected_customers",
        "marts/rejected.rejected_orders",
        "marts/rejected.cleaning_report",
    ),
    "marts/rejected.reading_report",
)


class Refused(Exception):
    """What the project says to the user instead of going on."""


class _Returned(BaseException):
    def __init__(self, value: Any) -> None:
        self.value = value


def _return(value: Any) -> None:
    raise _Returned(value)


def _returning(macro: Callable[..., Any]) -> Callable[..., Any]:
    def call(*positional: Any, **named: Any) -> Any:
        try:
            return macro(*positional, **named)
        except _Returned as returned:
            return returned.value

    return call


def _raise(message: str, *_: Any) -> None:
    raise Refused(message)


@dataclass
class PlainJinja:
    """A run of the models over files: `environment` holds SEGJOB_CUSTOMERS and the like."""

    connection: duckdb.DuckDBPyConnection
    environment: dict[str, str]
    variables: dict[str, Any] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
        self.variables = {**project["vars"], **self.variables}
        self.jinja = jinja2.Environment(extensions=["jinja2.ext.do"], loader=jinja2.FileSystemLoader(PROJECT))
        names = self.jinja.globals
        names.update(
            {
                "return": _return,
                "execute": True,
                "var": lambda name, default=None: self.variables.get(name, default),
                "env_var": lambda name, default="": self.environment.get(name, default),
                "run_query": self._query,
                "ref": lambda name: name,
                "source": lambda schema, name: f"{schema}.{name}",
                "config": lambda **_: "",
                "log": lambda message, info=False: self.messages.append(message) or "",
                "modules": SimpleNamespace(re=re, datetime=datetime),
                "target": SimpleNamespace(type="duckdb", external_root=""),
                "exceptions": SimpleNamespace(raise_compiler_error=_raise, warn=self.messages.append),
                "tojson": lambda value: json.dumps(value, ensure_ascii=False),
                "fromyaml": yaml.safe_load,
                "flags": SimpleNamespace(WHICH="build"),
                "datediff": lambda first, last, part: f"date_diff('{part}', {first}, {last})",
                "is_incremental": lambda: False,
                "adapter": SimpleNamespace(
                    quote=lambda name: '"' + name.replace('"', '""') + '"',
                    dispatch=lambda name, *_: names.get(f"duckdb__{name}") or names[f"default__{name}"],
                ),
            }
        )
        # Names are bound where a file is loaded, so all are there before the first is. Under its own name a macro
        # would be called without what catches `return`.
        sources = [file.read_text(encoding="utf-8") for file in sorted((PROJECT / "macros").glob("*.sql"))]
        macros: dict[str, Callable[..., Any]] = {}
        for source in sources:
            for name in re.findall(r"\{%-? *macro +(\w+)", source):
                names[name] = _returning(lambda *a, _name=name, **k: macros[_name](*a, **k))
        for source in sources:
            renamed = re.sub(r"(\{%-? *macro +)(\w+)", r"\1macro_\2", source)
            macros.update(
                (name.removeprefix("macro_"), macro)
                for name, macro in vars(self.jinja.from_string(renamed).module).items()
                if name.startswith("macro_")
            )

    def _query(self, statement: str) -> SimpleNamespace:
        rows = self.connection.execute(statement).fetchall()
        width = len(self.connection.description or ())
        columns = [SimpleNamespace(values=lambda i=i: [row[i] for row in rows]) for i in range(width)]
        return SimpleNamespace(columns=columns, rows=rows)

    def render(self, file: str) -> str:
        """The SQL of a model or data test, by its path in the project."""
        return self.jinja.get_template(file).render(this=Path(file).stem).strip()

    def run(self, until: str = "") -> None:
        """Makes every model up to `until` a table or view."""
        for model in STAGED:
            folder, name = model.split(".")
            select = self.render(f"models/{folder}/{name}.sql")
            try:
                self.connection.execute(f"create or replace table {name} as {select}")
            except duckdb.Error as error:
                error.add_note(select)
                raise
            if name == until:
                return

    def failures(self, test: str) -> list[tuple[Any, ...]]:
        """The rows that a data test finds wrong."""
        return self.connection.execute(self.render(f"data_tests/{test}.sql")).fetchall()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement).fetchall()
