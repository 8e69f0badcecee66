"""The same models on PostgreSQL, from raw tables: rows are DuckDB's, and segjob connects by the same target."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from helpers.dbt_checkout import CHECKOUT, MARTS, Checkout, Row, ask, assert_same_rows, columns_of

pytestmark = pytest.mark.long
pytestmark = pytest.mark.long
PASSWORD = "s3cret-of-the-profile"
"""The server trusts everybody, so any will do."""


@dataclass(frozen=True)
class Shop:
    """A database of the server, and the variables that name it to dbt, segjob and psql alike."""

    checkout: Checkout
    engine: sa.Engine
    variables: dict[str, str]

    def dbt(self, *arguments: str, fails: bool = False) -> str:
        # A folder of its own: what DuckDB's target has parsed stays valid for the tests after this one.
        return self.checkout.dbt(
            *arguments, "--target-path", "target/postgres", fails=fails, **self.variables
        )

    def segjob(self, *arguments: str | Path) -> str:
        """What a command that succeeds says, on stdout and stderr."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "SEGJOB_"))}
        done = subprocess.run(
            [sys.executable, "-m", "segjob", *arguments, "--config", CHECKOUT / "segjob.toml"],
            env={**inherited, **self.variables},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def ask(self, statement: str) -> list[Row]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]


def make_database(server: str, checkout: Checkout, name: str) -> Shop:
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    owner = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with owner.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    variables = {
        "DBT_TARGET": "postgres",
        "PGHOST": str(url.query["host"]),
        "PGUSER": str(url.username),
        "PGDATABASE": name,
        "PGPASSWORD": PASSWORD,
    }
    return Shop(checkout, sa.create_engine(url.set(database=name), poolclass=sa.NullPool), variables)


def load(shop: Shop, table: str, file: Path) -> None:
    """A raw table as a loader leaves it: the number of the line, and every value as text under the file's headers."""
    with file.open(encoding="utf-8", newline="") as opened:
        header, *lines = csv.reader(opened)
    columns = ", ".join(f'"{name}" text' for name in header)
    with shop.engine.begin() as connection:
        connection.exec_driver_sql("create schema if not exists raw")
        connection.exec_driver_sql(f"create table raw.{table} (_line bigint, {columns})")
        raw: Any = connection.connection.driver_connection
        with raw.cursor() as cursor, cursor.copy(f"copy raw.{table} from stdin") as copy:
            for number, line in enumerate(lines, start=1):
                # A line of the file may be too short; nothing between two commas is no value, as for DuckDB.
                values = [value or None for value in line] + [None] * (len(header) - len(line))
                copy.write_row([number, *values])


@pytest.fixture(scope="module")
def shop(server: str, checkout: Checkout) -> Iterator[Shop]:
    """After `dbt build`, `segjob run` and another `dbt run`, all on target postgres."""
    made = make_database(server, checkout, "shop")
    for table in ("customers", "orders"):
        load(made, table, checkout.root / "data" / f"{table}.csv")
    made.dbt("build")
    said = made.segjob("run", "income_spending")
    assert PASSWORD not in said
    made.dbt("run")
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_is_duckdbs_row_by_row(shop: Shop, built: Checkout, mart: str) -> None:
    select = f"select {', '.join(columns_of(built.warehouse, mart))} from {mart}"
    assert_same_rows(shop.ask(select), ask(built.warehouse, select))


def test_segments_are_those_of_duckdb(shop: Shop, built: Checkout, tmp_path: Path) -> None:
    warehouse = shutil.copy(built.warehouse, tmp_path / "shop.duckdb")
    command = [sys.executable, "-m", "segjob", "run", "-q", "income_spending", "--warehouse", str(warehouse)]
    subprocess.run([*command, "--config", CHECKOUT / "segjob.toml"], check=True, timeout=120)
    assigned = "select customer_id, segment_id, segment_name from segments.income_spending"
    ours = shop.ask(assigned)
    assert len(ours) > 1900
    assert set(ours) == set(ask(Path(warehouse), assigned))


def test_the_marts_after_segjob_hold_the_run(shop: Shop) -> None:
    rows = shop.ask("select segment_id, customers, revenue from revenue_by_segment order by segment_id")
    truth = shop.ask(
        "select segment_id, count(*), sum(revenue) from segments.income_spending "
        "join customer_features using (customer_id) group by segment_id order by segment_id"
    )
    assert len(rows) == 5
    assert rows == [(segment, customers, pytest.approx(revenue)) for segment, customers, revenue in truth]
    ((shares,),) = shop.ask("select sum(share_of_customers) from revenue_by_segment")
    assert shares == pytest.approx(1)


def test_dbt_runs_under_the_views_of_segjob(shop: Shop) -> None:
    """The last thing the fixture did was `dbt run`: it drops whatever depends on a view that it replaces."""
    ((scored, different),) = shop.ask(
        "select count(*), count(*) filter (where scores.segment_id <> assigned.segment_id) "
        "from segments.income_spending_scores as scores "
        "inner join segments.income_spending as assigned using (customer_id)"
    )
    assert scored > 1900
    assert different == 0


def test_the_password_is_not_kept(shop: Shop) -> None:
    kept = shop.ask("select config, versions, relation from segments.runs")
    assert len(kept) == 1
    assert PASSWORD not in repr(kept)


@pytest.fixture(scope="module")
def empty(server: str, checkout: Checkout) -> Iterator[Shop]:
    """A database without anything in it."""
    made = make_database(server, checkout, "empty")
    yield made
    made.engine.dispose()


def test_a_missing_raw_table_is_said_and_an_empty_name_means_there_is_none(empty: Shop) -> None:
    variables = '{raw_schema: landing, raw_customers: people, raw_orders: ""}'
    said = empty.dbt("run", "--select", "base_customers", "base_orders", "--vars", variables, fails=True)
    assert 'There is no table "empty"."landing"."people"' in " ".join(said.split())
    assert "raw_schema and raw_customers" in " ".join(said.split())
    assert empty.ask("select count(*) from staging.base_orders") == [(0,)]


def test_a_view_with_types_and_no_number_of_the_row_is_enough(empty: Shop) -> None:
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("create schema landing")
        connection.exec_driver_sql(
            """
            create view landing."Sold Items" as
            select *
            from (
                values
                    (7, timestamptz '2024-05-01 10:00:00+02', 2, 5.5),
                    (7, timestamptz '2024-06-01 10:00:00+02', 1, 3.0),
                    (8, timestamptz '2024-05-20 01:00:00+02', 1, null)
            ) as sold ("Customer ID", "InvoiceDate", "Quantity", "Price")
            """
        )
    variables = '{raw_schema: landing, raw_customers: "", raw_orders: Sold Items}'
    empty.dbt("run", "--select", "+customer_features", "+rejected_orders", "--vars", variables)
    assert empty.ask(
        "select customer_id, recency_days, orders, revenue, last_order_at::text from customer_features order by 1"
    ) == [("7", 0.0, 2.0, 14.0, "2024-06-01 08:00:00"), ("8", None, 0.0, 0.0, None)]
    assert empty.ask("select file_row, customer_id, reason from rejected_orders") == [
        (3, "8", "unit_price_missing")
    ]
