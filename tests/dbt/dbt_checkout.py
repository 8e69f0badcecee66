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


def shared(name: str) -> Path:
    """A real data file, or a skipped test where it is not there."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; SEGJOB_SHARED names the directory that holds data/{name}")
    return path
