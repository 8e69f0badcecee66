"""24 months of the made orders, rebuilt one by one for SEGJOB_AS_OF and filled in: docs/the_year_after.md's recipe."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import duckdb
import pytest
from helpers.dbt_checkout import CHECKOUT, Checkout, ask
from helpers.small_warehouse import Segjob

from segjob.commands.write.backfill import Dates
from segjob.files.dbt_models import CUSTOMER_MODELS, ORDERS_READ, DbtModels

MONTHS = Dates(date(2023, 7, 31), date(2025, 6, 30), "month").each()
OPT_IN = pytest.mark.skipif("SEGJOB_YEAR" not in os.environ, reason="SEGJOB_YEAR=1 reads the orders 24 times")
TOML = """
[segmentations.by_month]
relation = "customer_features_history"
key = "customer_id"
features = ["recency_days", "orders", "revenue"]
k = 4
k_range = [4, 4]
as_of_column = "as_of"
"""
BACKFILL = ("backfill", "by_month", "--from", "2023-07-31", "--to", "2025-06-30", "-q", "--warehouse")


OF_THE_DAY = CUSTOMER_MODELS[CUSTOMER_MODELS.index("intermediate.int_as_of") :]


def remember_all(warehouse: Path) -> None:
    """The features as of every month's end, by dbt's models without dbt, which takes seconds to start."""
    with duckdb.connect(str(warehouse)) as connection:
        environment = {"SEGJOB_ORDERS": str(CHECKOUT / "data" / "orders.csv"), "SEGJOB_AS_OF": ""}
        models = DbtModels(connection, environment, {"reads_without_dbt": True})
        models.make([*ORDERS_READ, *CUSTOMER_MODELS])
        for month in MONTHS:
            models.environment["SEGJOB_AS_OF"] = month.isoformat()
            models.make(OF_THE_DAY)
            rows = f"select date '{month}' as as_of, * from customer_features"
            connection.execute(f"create table if not exists customer_features_history as {rows} limit 0")
            connection.execute(f"insert into customer_features_history {rows}")


@OPT_IN
def test_24_months_of_orders_are_filled_in(folder: Path, segjob: Segjob) -> None:
    warehouse = folder / "year.duckdb"
    remember_all(warehouse)
    (folder / "segjob.toml").write_text(TOML)
    trend = "select distinct as_of::date, run_id, kind, published_at from segments.trend order by 1"
    assert segjob(*BACKFILL, warehouse).code == 0
    first = ask(warehouse, trend)
    assert [day for day, *_ in first] == MONTHS
    assert [kind for *_, kind, _ in first] == ["assignment"] * 23 + ["fit"]
    sums = ask(warehouse, "select sum(orders) from customer_features_history group by as_of order by as_of")
    assert sums == sorted(set(sums))
    assert segjob(*BACKFILL, warehouse).code == 0
    assert ask(warehouse, trend) == first


@OPT_IN
def test_dbt_keeps_the_features_of_every_day(checkout: Checkout) -> None:
    for month in (MONTHS[5], MONTHS[6], MONTHS[6]):
        checkout.dbt(
            *("run", "--select", "+customer_features_history", "--vars", "keep_history: true"),
            SEGJOB_AS_OF=month.isoformat(),
        )
    kept = ask(
        checkout.warehouse,
        "select as_of, count(*) = count(distinct customer_id) from customer_features_history group by 1 order by 1",
    )
    assert kept == [(MONTHS[5], True), (MONTHS[6], True)]
