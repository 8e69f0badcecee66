"""The marts over segjob's tables: empty before the first run, right after one."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from helpers.dbt_checkout import CHECKOUT, Checkout, ask
from sklearn.metrics import adjusted_rand_score

from segjob.core.select_k.structure import HEADLINES

MARTS = (
    "segmentations",
    "customer_segments",
    "product_segments",
    "revenue_by_segment",
    "measures_by_segment",
    "movements_by_day",
)


def segjob(warehouse: Path, *which: str, code: int = 0) -> str:
    """`segjob run` by the checkout's own segjob.toml: what it prints."""
    command = [Path(sys.executable).with_name("segjob"), "run", *which, "--config", CHECKOUT / "segjob.toml"]
    environment = {**os.environ, "SEGJOB_WAREHOUSE": str(warehouse)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_before_the_first_run_the_marts_are_there_and_empty(built: Checkout) -> None:
    for mart in MARTS:
        assert ask(built.warehouse, f"select count(*) from {mart}") == [(0,)]


def test_after_runs_the_marts_hold_them(built: Checkout, tmp_path: Path) -> None:
    warehouse = Path(shutil.copy(built.warehouse, tmp_path / "after.duckdb"))
    segjob(warehouse, "income_spending")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            """
            update staging.int_customers_judged set spending_score = 101 - spending_score
            where outcome = 'kept' and annual_income > 80 and spending_score > 70 and file_row % 10 = 0
            """
        )
    segjob(warehouse, "income_spending")
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
    described = ask(warehouse, "select segments, structure, headline from segmentations")
    assert described == [(5, "natural", HEADLINES["natural"])]
    shares = ask(warehouse, "select sum(share_of_revenue), sum(share_of_customers) from revenue_by_segment")
    assert shares[0] == pytest.approx((1, 1))
    measured = ask(
        warehouse,
        "select segment_id, share_of_measure, mean from measures_by_segment order by segment_id",
    )
    total = sum(revenue for _, _, revenue in truth)
    expected = [(segment, revenue / total, revenue / customers) for segment, customers, revenue in truth]
    assert measured == [tuple(map(pytest.approx, row)) for row in expected]
    moved = ask(warehouse, "select sum(customers) from movements_by_day where change = 'moved'")
    assert moved == ask(
        warehouse, "select count(*) from segments.income_spending_movements where change = 'moved'"
    )
    assert moved[0][0] > 20


def test_products_are_segmented_into_the_kinds_that_they_were_made_from(
    built: Checkout, tmp_path: Path
) -> None:
    warehouse = Path(shutil.copy(built.warehouse, tmp_path / "products.duckdb"))
    said = segjob(warehouse, "products")
    assert "products: 4 segments of 160 products (run 1)" in said
    assert "customer" not in said
    built.dbt("build", "--select", "product_segments", SEGJOB_WAREHOUSE=warehouse)
    with (CHECKOUT / "data" / "products_truth.csv").open(encoding="utf-8") as file:
        kinds = {row["product_id"]: row["true_kind"] for row in csv.DictReader(file)}
    found = dict(ask(warehouse, "select product_id, segment_id from product_segments"))
    assert found.keys() == kinds.keys()
    assert adjusted_rand_score(list(kinds.values()), [found[i] for i in kinds]) == 1


@pytest.mark.long
def test_orders_that_name_no_products_leave_them_out_and_publish_the_others(
    built: Checkout, tmp_path: Path
) -> None:
    warehouse = Path(shutil.copy(built.warehouse, tmp_path / "no_products.duckdb"))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update staging.int_orders_judged set product_id = null")
    built.dbt("run", "--select", "int_order_lines+2,+product_features", SEGJOB_WAREHOUSE=warehouse)
    said = segjob(warehouse, code=3)
    assert "products: product_features has no rows" in said
    assert ask(warehouse, "select segmentation from segments.current_runs order by all") == [
        ("income_spending",),
        ("people",),
        ("value",),
    ]
