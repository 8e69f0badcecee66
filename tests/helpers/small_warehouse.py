"""What the tests of jobs, warehouse and command line share: small warehouses, and a look at all they hold."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

GROUPS = ((20, 20), (20, 80), (50, 50), (85, 15), (90, 90))
"""True centres of the made customers, income and score."""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """stdout as the one JSON document that it has to be."""
        return json.loads(self.out)


Segjob = Callable[..., Outcome]
"""Runs the command line."""
RUN = ("run", "--from", "customers", "--key", "id", "--features", "income,score")
"""Segments the made customers; --k and the like are added."""
RUN_GROUPS = (*RUN, "--name", "groups", "-q")
"""The same as segmentation `groups`, without a word."""


def without_times(statement: str) -> str:
    """A statement without what differs from run to run: timestamps, and seconds among its numbers."""
    statement = re.sub(r"'\d{4}-\d\d-\d\d[ T][^']*'", "TIME", statement)
    return re.sub(r"-?\d+\.\d+(e[-+]?\d+)?", "NUMBER", statement, flags=re.IGNORECASE)


def customers(rows: int = 150, seed: int = 1) -> list[tuple[int, float, float]]:
    """(id, income, score) of customers around `GROUPS`, in equal parts."""
    rng = np.random.default_rng(seed)
    centres = np.array(GROUPS)[np.arange(rows) % len(GROUPS)]
    points = np.round(centres + rng.normal(0, 4, (rows, 2)), 3)
    return [(i + 1, float(x), float(y)) for i, (x, y) in enumerate(points)]


def execute(file: Path, *statements: str) -> None:
    """Run statements in a file, which is made where there is none."""
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def query(file: Path, statement: str) -> list[tuple[Any, ...]]:
    """A statement's rows, read-only."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def fill(
    file: Path,
    rows: Sequence[Sequence[Any]],
    *,
    table: str = "customers",
    columns: str = "id integer, income double, score double",
) -> Path:
    """A warehouse with one table of these rows, in this order."""
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"create table {table} ({columns})")
        if rows:
            marks = ", ".join("?" for _ in rows[0])
            # Literal rows: one insert of many is much faster than executemany.
            values = ", ".join(f"({marks})" for _ in rows)
            connection.execute(f"insert into {table} values {values}", [v for row in rows for v in row])
    return file


def first_layout(file: Path) -> Path:
    """A warehouse as the first published version wrote it, of `tests/fixtures/layout_1`."""
    folder = Path(__file__).resolve().parents[1] / "fixtures" / "layout_1"
    tables = [
        f"copy {csv.stem.replace('segments_', 'segments.', 1)} from '{csv}' (header)"
        for csv in sorted(folder.glob("*.csv"))
    ]
    execute(file, (folder / "schema.sql").read_text(), *tables)
    return file


def dump(file: Path) -> dict[str, Any]:
    """Everything a warehouse holds: the rows of each table, and the definition of each relation."""
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name, sql from duckdb_tables() where not internal"
        ).fetchall()
        views = connection.execute(
            "select schema_name, view_name, sql from duckdb_views() where not internal"
        ).fetchall()
        schemas = connection.execute(
            "select schema_name from duckdb_schemas() where not internal order by all"
        ).fetchall()
        held: dict[str, Any] = {"schemas": schemas}
        for schema, name, sql in [*tables, *views]:
            held[f"{schema}.{name}"] = sql
        for schema, name, _ in tables:
            quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))
            # As text: nan is not equal to itself.
            held[f"{schema}.{name} rows"] = sorted(map(repr, connection.execute(f"from {quoted}").fetchall()))
    return held


def command(*arguments: str | Path) -> list[str]:
    """The command line of a segjob process of this interpreter."""
    return [sys.executable, "-m", "segjob", *map(str, arguments)]


def environment() -> dict[str, str]:
    """The surrounding environment without what names a warehouse."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SEGJOB_", "DBT_"))},
        "OMP_NUM_THREADS": "1",
    }


def spawn(*arguments: str | Path, cwd: Path) -> Outcome:
    """A command in a process of its own, to its end."""
    done = subprocess.run(
        command(*arguments), cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
