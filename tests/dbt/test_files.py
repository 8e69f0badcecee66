"""Other files than the made ones: every spelling of the headers, one file alone, and files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from helpers.dbt_checkout import Checkout, ask, shared

PEOPLE = [["1", "Male", "19", "15", "39"], ["x-2", "Female", "21", "54k", "81"]]
BUILD = ("build", "--exclude-resource-type", "unit_test")
HEADERS = [
    ("CustomerID,Genre,Age,Annual Income (k$),Spending Score (1-100)", ",", ""),
    ("CustomerID,Gender,Age,Annual_Income_(k$),Spending_Score(1-100)", ",", ""),
    ("CustomerID,Genre,Age,Annual_Income(k$),Spending_Score", ";", ""),
    ("Customer ID,gender,AGE,Annual_Income,spending score (1-100)", "\t", ""),
    ("customerid,GENDER,age,ANNUAL_INCOME_(K$),spending_score", ";", "\ufeff"),
]


def write(path: Path, rows: list[list[str]], separator: str = ",", mark: str = "") -> Path:
    path.write_text(mark + "".join(separator.join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_headers_are_known_in_every_spelling(checkout: Checkout, tmp_path: Path) -> None:
    files = []
    for number, (header, separator, mark) in enumerate(HEADERS):
        rows = [header.split(","), *PEOPLE]
        files.append(str(write(tmp_path / f"people_{number}.csv", rows, separator, mark)))
    arguments = json.dumps({"name": "customers", "paths": files})
    said = checkout.dbt(
        "--quiet",
        "run-operation",
        "read_headers",
        "--args",
        arguments,
        SEGJOB_WAREHOUSE=tmp_path / "w.duckdb",
    )
    wanted = ["customer_id", "gender", "age", "annual_income", "spending_score"]
    matched = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [list(found) for found in matched] == [wanted] * len(HEADERS)
    assert [list(found.values()) for found in matched] == [header.split(",") for header, _, _ in HEADERS]


@pytest.mark.long
def test_the_mall_file_needs_one_variable(checkout: Checkout, tmp_path: Path) -> None:
    file, warehouse = shared("Mall_Customers.csv"), tmp_path / "mall.duckdb"
    checkout.dbt(*BUILD, SEGJOB_CUSTOMERS=file, SEGJOB_WAREHOUSE=warehouse)
    assert ask(
        warehouse, "select count(*), min(annual_income), max(spending_score) from customer_features"
    ) == [(200, 15.0, 99.0)]
    # The made orders belong to other people with the same ids.
    assert ask(warehouse, "select sum(orders), count(recency_days) from customer_features") == [(0.0, 0)]
    assert ask(warehouse, "select count(*) from rejected_customers") == [(0,)]


@pytest.mark.long
def test_the_cdnow_file_needs_one_variable(checkout: Checkout, tmp_path: Path) -> None:
    file, warehouse = shared("cdnow_transactions.csv"), tmp_path / "cdnow.duckdb"
    checkout.dbt(*BUILD, SEGJOB_ORDERS=file, SEGJOB_WAREHOUSE=warehouse)
    count = ask(warehouse, "select count(*), sum(orders), min(recency_days) from customer_features")
    assert count == [(23570, 69659.0, 0.0)]  # the 255 true repeats are orders too
    truth = duckdb.sql(f"select sum(revenue) from read_csv('{file}')").fetchall()
    assert ask(warehouse, "select sum(revenue) from customer_features")[0] == pytest.approx(
        truth[0], abs=0.01
    )
    assert ask(warehouse, "select count(*) from rejected_orders") == [(0,)]


@pytest.mark.long
def test_parquet_and_a_relative_path_and_a_reference_date(checkout: Checkout, tmp_path: Path) -> None:
    duckdb.sql(
        "select * from (values (7.0, timestamp '2024-05-01 10:00:00', 2, 5.125),"
        " (7.0, timestamp '2024-06-01 10:00:00', 1, 3.000),"
        ' (8.5, timestamp \'2024-05-20 00:00:00\', 1, 1.000)) as t("Customer ID", "InvoiceDate", "Quantity", "Price")'
    ).write_parquet(str(checkout.root / "bought.parquet"))
    try:
        checkout.dbt(
            "run",
            SEGJOB_ORDERS="bought.parquet",
            SEGJOB_AS_OF="2024-05-31",
            SEGJOB_WAREHOUSE=tmp_path / "w.duckdb",
        )
    finally:
        (checkout.root / "bought.parquet").unlink()
    rows = ask(
        tmp_path / "w.duckdb",
        "select customer_id, recency_days, orders, revenue from customer_features order by 1",
    )
    # Three decimals in a column of numbers are no thousands.
    assert rows == [("7", 30.0, 1.0, 10.25), ("8.5", 11.0, 1.0, 1.0)]
    assert ask(tmp_path / "w.duckdb", "select reason from rejected_orders") == [("ordered_in_future",)]


@pytest.mark.long
def test_a_missing_column_is_named_with_what_is_there_and_what_is_accepted(
    checkout: Checkout, tmp_path: Path
) -> None:
    customers = write(tmp_path / "people.csv", [["CustomerID", "Sex", "Years", "Wage", "Score"], *PEOPLE])
    orders = write(tmp_path / "bought.csv", [["customer_id", "date", "amount"], ["1", "2024-01-01", "5"]])
    said = checkout.dbt(
        "run",
        fails=True,
        SEGJOB_CUSTOMERS=customers,
        SEGJOB_ORDERS=orders,
        SEGJOB_AS_OF="June",
        SEGJOB_WAREHOUSE=tmp_path / "w.duckdb",
    )
    assert "people.csv has no column for age (accepted: age, ageyears, " in said
    assert "annual_income (accepted: annualincome, annualincomek, " in said
    assert "SEGJOB_CUSTOMERS_COLUMNS=" in said
    assert "Its columns are: CustomerID, Sex, Years, Wage, Score" in said
    assert "SEGJOB_AS_OF is June, which is no date" in said


@pytest.mark.long
def test_a_missing_file_is_said_and_orders_need_a_time_and_money(checkout: Checkout, tmp_path: Path) -> None:
    orders = write(tmp_path / "bought.csv", [["customer_id", "quantity"], ["1", "2"]])
    said = checkout.dbt(
        "run",
        fails=True,
        SEGJOB_CUSTOMERS="nowhere.csv",
        SEGJOB_ORDERS=orders,
        SEGJOB_WAREHOUSE=tmp_path / "w.duckdb",
    )
    assert "There is no file nowhere.csv" in said
    assert "Set SEGJOB_CUSTOMERS to a CSV or Parquet file" in said
    assert "bought.csv has no column for ordered_at" in said
    assert "unit_price or revenue" in said
