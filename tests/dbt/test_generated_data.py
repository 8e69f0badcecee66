"""The made data is made again to the byte, and cleaning it finds exactly what was planted."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from helpers.dbt_checkout import CHECKOUT, Checkout, ask

MADE = ("customers.csv", "orders.csv", "customers_truth.csv", "products_truth.csv", "README.md")


def planted() -> set[tuple[str, str, str, int]]:
    """The table of dirt in data/README.md: file, finding, outcome, rows."""
    page = (CHECKOUT / "data" / "README.md").read_text(encoding="utf-8")
    cells = [[cell.strip() for cell in line.split("|")] for line in page.splitlines() if line.startswith("|")]
    return {(c[1], c[2], c[3], int(c[4])) for c in cells if c[1] in ("customers", "orders")}


@pytest.fixture(scope="module")
def good_lines() -> list[dict[str, str]]:
    """The order lines that should be left, found by other means than dbt's."""
    with (CHECKOUT / "data" / "customers.csv").open(encoding="utf-8") as file:
        customers = {row["CustomerID"] for row in csv.DictReader(file) if usable(row)}
    seen, result = set(), []
    with (CHECKOUT / "data" / "orders.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sound = row["customer_id"] in customers and row["ordered_at"].startswith("202")
            if sound and tuple(row.values()) not in seen:
                seen.add(tuple(row.values()))
                result.append(row)
    return result


def usable(row: dict[str, str]) -> bool:
    bad_age = row["Age"].strip() in ("0", "150", "-5")
    bad_score = row["Spending Score (1-100)"] in ("0", "101")
    return bool(row["CustomerID"]) and not bad_age and not bad_score and "," not in row["Annual Income (k$)"]


def test_made_again_the_files_are_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(CHECKOUT / "data" / "make_data.py"), str(tmp_path)], check=True)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (CHECKOUT / "data" / name).read_bytes(), name


def test_cleaning_finds_exactly_what_was_planted(built: Checkout) -> None:
    found = set(ask(built.warehouse, "select file, finding, outcome, rows from cleaning_report"))
    assert found == planted()
    assert len(found) > 20


def test_rejected_rows_stand_with_their_reason_as_they_came(built: Checkout) -> None:
    for file in ("customers", "orders"):
        reasons = ask(
            built.warehouse, f"select '{file}', reason, outcome, count(*) from rejected_{file} group by all"
        )
        assert set(reasons) == {row for row in planted() if row[2] in ("rejected", "merged")} & {
            row for row in planted() if row[0] == file
        }
    incomes = ask(
        built.warehouse, "select distinct annual_income from rejected_customers where reason like 'annual%'"
    )
    assert ("1,200",) in incomes


def test_features_are_what_python_computes(built: Checkout, good_lines: list[dict[str, str]]) -> None:
    bought: dict[str, set[str]] = defaultdict(set)
    last: dict[str, date] = {}
    money: dict[str, float] = defaultdict(float)
    for line in good_lines:
        buyer, quantity = line["customer_id"], int(line["quantity"])
        money[buyer] += quantity * float(line["unit_price"])
        if quantity > 0:
            bought[buyer].add(line["order_id"])
            last[buyer] = max(last.get(buyer, date.min), datetime.fromisoformat(line["ordered_at"]).date())
    as_of = max(datetime.fromisoformat(line["ordered_at"]).date() for line in good_lines)
    rows = ask(built.warehouse, "select customer_id, recency_days, orders, revenue from customer_features")
    assert len(rows) == 1981
    for customer, recency, orders, revenue in rows:
        assert recency == ((as_of - last[customer]).days if customer in last else None)
        assert orders == len(bought[customer])
        assert revenue == pytest.approx(money[customer], abs=0.006)


def test_products_are_what_python_computes(built: Checkout, good_lines: list[dict[str, str]]) -> None:
    sold: dict[str, float] = defaultdict(float)
    back: dict[str, float] = defaultdict(float)
    baskets: dict[str, set[str]] = defaultdict(set)
    for line in good_lines:
        quantity = int(line["quantity"])
        (sold if quantity > 0 else back)[line["product_id"]] += abs(quantity)
        if quantity > 0:
            baskets[line["order_id"]].add(line["product_id"])
    rows = ask(
        built.warehouse,
        "select product_id, orders, return_share, basket_size, basket_partners, repeat_share from product_features",
    )
    assert {row[0] for row in rows} == set(sold)
    for product, orders, return_share, basket_size, partners, repeat_share in rows:
        own = [basket for basket in baskets.values() if product in basket]
        assert orders == len(own)
        assert return_share == pytest.approx(back[product] / sold[product])
        assert basket_size == pytest.approx(sum(map(len, own)) / len(own))
        assert partners == len(set().union(*own) - {product})
        assert 0 <= repeat_share <= 1


def test_value_columns_are_doubles_and_the_key_is_text(built: Checkout) -> None:
    types = dict(
        ask(
            built.warehouse,
            "select column_name, data_type from information_schema.columns"
            " where table_schema = 'main' and table_name = 'customer_features'",
        )
    )
    assert types.pop("customer_id") == types.pop("gender") == "VARCHAR"
    assert types.pop("first_order_at") == types.pop("last_order_at") == "TIMESTAMP"
    assert set(types) == {"age", "annual_income", "spending_score", "recency_days", "orders", "revenue"}
    assert set(types.values()) == {"DOUBLE"}


def test_the_warehouse_is_read_without_the_files(built: Checkout) -> None:
    away = built.root / "elsewhere"
    (built.root / "data").rename(away)
    try:
        with duckdb.connect(str(built.warehouse), read_only=True) as connection:
            views = connection.execute(
                "select schema_name, view_name from duckdb_views() where not internal"
            ).fetchall()
            assert ("main", "customer_features") in views
            for schema, name in views:
                assert connection.execute(f"select * from {schema}.{name}").fetchall(), name
    finally:
        away.rename(built.root / "data")


def test_a_new_file_can_be_opened_by_older_readers(built: Checkout) -> None:
    tags = ask(built.warehouse, "select tags from duckdb_databases() where not internal")
    assert tags[0][0]["storage_version"].startswith("v1.0.0")
