"""The marts over segjob's tables: empty before the first run, right after one."""

from __future__ import annotations

import duckdb
import pytest
from dbt_checkout import Checkout, ask


def test_before_the_first_run_the_marts_are_there_and_empty(built: Checkout) -> None:
    for mart in ("customer_segments", "revenue_by_segment"):
        assert ask(built.warehouse, f"select count(*) from {mart}") == [(0,)]


def test_after_a_run_the_marts_hold_it(built: Checkout) -> None:
    with duckdb.connect(str(built.warehouse)) as connection:
        connection.execute("create schema segments")
        connection.execute(
            """
            create view segments.income_spending as
            select
                customer_id, 1 + (annual_income > 60)::integer as segment_id, 'number ' || segment_id as segment_name,
                0.5 as distance, 0.1 as margin, false as is_outlier, 1 as run_id
            from main.customer_features
            where annual_income is not null
            """
        )
    try:
        built.dbt("build", "--select", "source:segjob+")
        rows = ask(
            built.warehouse,
            "select customers, share_of_revenue, revenue from revenue_by_segment order by segment_id",
        )
        truth = ask(
            built.warehouse,
            "select count(*), sum(revenue) from customer_features where annual_income is not null"
            " group by annual_income > 60 order by annual_income > 60",
        )
        assert [row[0] for row in rows] == [row[0] for row in truth]
        assert [row[2] for row in rows] == pytest.approx([row[1] for row in truth])
        assert sum(row[1] for row in rows) == pytest.approx(1)
        assert ask(built.warehouse, "select distinct segmentation from customer_segments") == [
            ("income_spending",)
        ]
    finally:
        with duckdb.connect(str(built.warehouse)) as connection:
            connection.execute("drop schema segments cascade")
