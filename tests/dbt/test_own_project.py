"""A dbt project of somebody's own: from nothing to segments and a mart over them in five commands, for two targets.

Each dbt command takes seconds, so this runs with SEGJOB_TEST_OWN_PROJECT=1 only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.dbt_checkout import DBT, ask
from helpers.jaffle_shop import make_project, write_mart
from helpers.small_warehouse import environment

pytestmark = pytest.mark.skipif(
    "SEGJOB_TEST_OWN_PROJECT" not in os.environ, reason="SEGJOB_TEST_OWN_PROJECT=1 runs it"
)
Command = Callable[..., str]


@pytest.fixture
def typed(tmp_path: Path) -> Command:
    """Types a command in the project, for a target."""
    make_project(tmp_path / "shop")

    def run(*arguments: str, target: str = "dev") -> str:
        done = subprocess.run(
            arguments,
            cwd=tmp_path / "shop",
            env={**environment(), "DBT_TARGET": target, "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_from_nothing_to_a_mart_over_the_segments(typed: Command, tmp_path: Path) -> None:
    segjob = (sys.executable, "-m", "segjob")
    typed(str(DBT), "build")
    typed(*segjob, "init")
    typed(*segjob, "sources")
    write_mart(tmp_path / "shop")
    typed(str(DBT), "build")  # the view is there, and has no row yet
    mart = "alice_marts.customer_names_by_segment"
    assert ask(tmp_path / "shop" / "dev.duckdb", f"select count(*) from {mart}") == [(0,)]
    typed(*segjob, "run")
    typed(str(DBT), "build")
    counts = f"select count(*), count(distinct segment_id) > 1 from {mart}"
    assert ask(tmp_path / "shop" / "dev.duckdb", counts) == [(200, True)]

    typed(str(DBT), "build", "--target", "prod", "--exclude", "source:segjob+", target="prod")
    typed(*segjob, "init", target="prod")
    typed(*segjob, "run", target="prod")
    typed(str(DBT), "build", "--target", "prod", target="prod")
    assert ask(tmp_path / "shop" / "prod.duckdb", counts.replace("alice", "analytics")) == [(200, True)]
