"""The marts over segjob's tables: empty before the first run, right after one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dbt_checkout import CHECKOUT, Checkout, ask

MARTS = ("customer_segments", "revenue_by_segment", "movements_by_day")


def segjob(warehouse: Path) -> None:
    command = [
        Path(sys.executable).with_name("segjob"),
        "run",
        "income_spending",
        "--config",
        CHECKOUT / "segjob.toml",
    ]
    environment = {**os.environ, "SEGJOB_WAREHOUSE": str(warehouse)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_before_the_first_run_the_marts_are_there_and_empty(built: Checkout) -> None:
    for mart in MARTS:
        assert ask(built.warehouse, f"select count(*) from {mart}") == [(0,)]


def test_after_runs_the_marts_hold_them(built: Checkout, tmp_path: Path) -> None:
    warehouse = Path(shutil.copy(built.warehouse, tmp_path / "after.duckdb"))
    segjob(warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            """
            update staging.int_customers_judged set spending_score = 101 - spending_score
            where outcome = 'kept' and annual_income > 80 and spending_score > 70 and file_row % 10 = 0
            """
        )
    segjob(warehouse)
    built.dbt("build", "--select", "source:segjob+", SEGJOB_WAREHOUSE=warehouse)
    rows = ask(
        warehouse,
        "select segment_id, customers, revenue from revenue_by_segment order by segment_id",
    )
    truth = ask(
        warehouse,
        """
        select segment_id, count(*), sum(revenue)
        from segments.income_spending join customer_features using (customer_id)
        group by segment_id order by segment_id
        """,
    )
    assert len(rows) == 5
    assert rows == [(segment, customers, pytest.approx(revenue)) for segment, customers, revenue in truth]
    shares = ask(warehouse, "select sum(share_of_revenue), sum(share_of_customers) from revenue_by_segment")
    assert shares[0] == pytest.approx((1, 1))
    moved = ask(warehouse, "select sum(customers) from movements_by_day where change = 'moved'")
    assert moved == ask(
        warehouse, "select count(*) from segments.income_spending_movements where change = 'moved'"
    )
    assert moved[0][0] > 20
