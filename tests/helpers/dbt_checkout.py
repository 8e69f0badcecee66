"""Starting dbt in a clone of what it needs, so that nothing is written into the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

CHECKOUT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SEGJOB_SHARED", CHECKOUT.parent / "shared"))
DBT = Path(sys.executable).with_name("dbt")
MARTS = ("customer_features", "product_features", "cleaning_report", "rejected_customers", "rejected_orders")

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Checkout:
    """A clone that dbt is started in."""

    root: Path

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    def dbt(self, *arguments: str, start: str = ".", fails: bool = False, **environment: Path | str) -> str:
        """What dbt says, started in the directory `start` of the clone; colours are taken out."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "SEGJOB_"))}
        done = subprocess.run(
            [DBT, *arguments],
            cwd=self.root / start,
            env={**inherited, **{key: str(value) for key, value in environment.items()}},
            capture_output=True,
            text=True,
            timeout=180,
        )
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        assert (done.returncode != 0) == fails, said
        return said


def ask(warehouse: Path, statement: str) -> list[tuple[Any, ...]]:
    """The rows that a reader of the warehouse sees."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(statement).fetchall()


def columns_of(warehouse: Path, relation: str) -> list[str]:
    """The columns of a relation of the warehouse, in order."""
    return [row[0] for row in ask(warehouse, f"select column_name from (describe {relation})")]


def assert_same_rows(ours: list[Row], theirs: list[Row]) -> None:
    """Both have the same rows, in any order. Doubles may differ in the last place: sums depend on the order of rows."""
    assert len(ours) == len(theirs) > 20
    for our, their in zip(_in_order(ours), _in_order(theirs), strict=True):
        pairs = list(zip(our, their, strict=True))
        assert [a for a, b in pairs if not isinstance(b, float)] == [
            b for _, b in pairs if not isinstance(b, float)
        ]
        doubles = [b for _, b in pairs if isinstance(b, float)]
        assert [a for a, b in pairs if isinstance(b, float)] == pytest.approx(doubles, rel=1e-12, abs=0)


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [(value is None, str(value)) for value in row])


def shared(name: str) -> Path:
    """A real data file, or a skipped test where it is not there."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; SEGJOB_SHARED names the directory that holds data/{name}")
    return path
