"""dbt_project's macros and models without dbt: rendered by plain Jinja, and run in a DuckDB in memory.

The SQL is dbt's, word for word, so that a file means the same with dbt and without it. Only the few names of dbt's
context that the macros use are provided.
"""

from __future__ import annotations

import datetime
import functools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import duckdb
import jinja2
import yaml

from segjob.errors import DataError

ORDERS_READ = ("staging.base_reading", "staging.base_orders", "staging.base_customers")
CUSTOMER_MODELS = (
    "staging.stg_order_formats",
    "staging.stg_customer_formats",
    "staging.stg_orders",
    "staging.stg_customers",
    "intermediate.int_as_of",
    "intermediate.int_order_totals",
    "intermediate.int_customers_judged",
    "intermediate.int_customers",
    "intermediate.int_orders_judged",
    "intermediate.int_order_lines",
    "intermediate.int_customer_orders",
    "marts/features.customer_features",
    "marts/rejected.rejected_customers",
    "marts/rejected.rejected_orders",
    "marts/rejected.cleaning_report",
    "marts/rejected.reading_report",
)
"""All that a row per customer needs, in the order in which one needs the other; before these, `ORDERS_READ`."""
PRODUCT_MODELS = ("intermediate.int_product_orders", "marts/features.product_features")


class FileRefused(DataError):
    """What the models say of a file instead of going on."""


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


def _refuse(message: str, *_: Any) -> None:
    raise FileRefused(message)


@functools.cache
def _compiled(source: str) -> CodeType:
    """The macros take longer to compile than a small file to read."""
    return jinja2.Environment(extensions=["jinja2.ext.do"]).compile(source)


def project_folder() -> Path:
    """Where the macros and models are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "dbt_project"
    return installed if installed.is_dir() else package.parent / "dbt_project"


@dataclass
class DbtModels:
    """A run of the models over files.

    environment : SEGJOB_ORDERS and the other settings; variables : win over the project's own.
    messages : what dbt would write to its log.
    """

    connection: duckdb.DuckDBPyConnection
    environment: dict[str, str]
    variables: dict[str, Any] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        folder = project_folder()
        project = yaml.safe_load((folder / "dbt_project.yml").read_text(encoding="utf-8"))
        self.variables = {**project["vars"], **self.variables}
        self.folder = folder
        self.jinja = jinja2.Environment(extensions=["jinja2.ext.do"])
        self.macros: dict[str, Callable[..., Any]] = {}
        self.jinja.globals.update(self._context())
        self._load_macros(
            [file.read_text(encoding="utf-8") for file in sorted((folder / "macros").glob("*.sql"))]
        )

    def _context(self) -> dict[str, Any]:
        names = self.jinja.globals
        return {
            "return": _return,
            "execute": True,
            "graph": {},
            "invocation_id": "",
            "this": "reading_report",
            "var": lambda name, default=None: self.variables.get(name, default),
            "env_var": lambda name, default="": self.environment.get(name, default),
            "run_query": self._query,
            "ref": lambda name: name,
            "source": lambda schema, name: f"{schema}.{name}",
            "config": lambda **_: "",
            "log": self._log,
            "modules": SimpleNamespace(re=re, datetime=datetime),
            "target": SimpleNamespace(type="duckdb", external_root=""),
            "exceptions": SimpleNamespace(raise_compiler_error=_refuse, warn=self.messages.append),
            "tojson": lambda value: json.dumps(value, ensure_ascii=False),
            "fromyaml": yaml.safe_load,
            "flags": SimpleNamespace(WHICH="build"),
            "datediff": lambda first, last, part: f"date_diff('{part}', {first}, {last})",
            "is_incremental": lambda: False,
            "adapter": SimpleNamespace(
                quote=quoted_name,
                dispatch=lambda name, *_: names.get(f"duckdb__{name}") or names[f"default__{name}"],
            ),
        }

    def _log(self, message: str, **_: Any) -> str:
        self.messages.append(message)
        return ""

    def _load_macros(self, sources: Sequence[str]) -> None:
        # Names are bound where a file is loaded, so all are there before the first is. Under its own name a macro
        # would be called without what catches `return`.
        for source in sources:
            for name in re.findall(r"\{%-? *macro +(\w+)", source):
                self.jinja.globals[name] = _returning(lambda *a, _name=name, **k: self.macros[_name](*a, **k))
        for source in sources:
            renamed = re.sub(r"(\{%-? *macro +)(\w+)", r"\1macro_\2", source)
            self.macros.update(
                (name.removeprefix("macro_"), macro)
                for name, macro in vars(self._template(renamed).module).items()
                if name.startswith("macro_")
            )

    def _template(self, source: str) -> jinja2.Template:
        return jinja2.Template.from_code(self.jinja, _compiled(source), self.jinja.globals)

    def _query(self, statement: str) -> SimpleNamespace:
        rows = self.connection.execute(statement).fetchall()
        width = len(self.connection.description or ())
        columns = [SimpleNamespace(values=lambda i=i: [row[i] for row in rows]) for i in range(width)]
        return SimpleNamespace(columns=columns, rows=rows)

    def call(self, macro: str, *arguments: Any) -> Any:
        """What a macro returns, or the text that it writes."""
        return _returning(self.macros[macro])(*arguments)

    def sql(self, template: str, **names: Any) -> str:
        """SQL that calls macros, rendered."""
        return self._template(template).render(**names).strip()

    def render(self, file: str) -> str:
        """The SQL of a model or data test, by its path in the project."""
        return self.sql((self.folder / file).read_text(encoding="utf-8"), this=Path(file).stem)

    def make(self, models: Sequence[str]) -> None:
        """Make each model a table, in this order."""
        for model in models:
            folder, name = model.split(".")
            select = self.render(f"models/{folder}/{name}.sql")
            try:
                self.connection.execute(f"create or replace table {name} as {select}")
            except duckdb.Error as error:
                error.add_note(select)
                raise

    def failures(self, test: str) -> list[tuple[Any, ...]]:
        """The rows that a data test finds wrong."""
        return self.connection.execute(self.render(f"data_tests/{test}.sql")).fetchall()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        return self.connection.execute(statement).fetchall()


def quoted_name(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
