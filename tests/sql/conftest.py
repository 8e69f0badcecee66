from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from helpers.small_warehouse import spawn

Frame = Callable[[str], pd.DataFrame]
Report = Callable[..., pd.DataFrame]

CONFIG = """
[segmentations.income_spending]
relation = "customer_features"
key = "customer_id"
features = ["annual_income", "spending_score"]
measures = ["revenue"]
rule = "silhouette"

[segmentations.value]
relation = "customer_features"
key = "customer_id"
features = [
    "recency_days",
    { column = "orders", function = "log1p" },
    { column = "revenue", function = "log1p", lower = 0 },
]
k = 3
"""
"""Two of the segmentations of this repository's segjob.toml, with a k that does not hang on the rule of the day."""


def made_customers(rng: np.random.Generator) -> pd.DataFrame:
    """400 customers in five groups with the columns of customer_features; some lack values, some never ordered."""
    rows = 400
    group = np.arange(rows) % 5
    incomes, scores = np.array([20, 20, 55, 90, 95])[group], np.array([20, 85, 50, 15, 85])[group]
    orders = rng.poisson(np.array([1, 6, 4, 2, 9])[group])
    customers = pd.DataFrame(
        {
            "customer_id": [f"c{i:03d}" for i in range(rows)],
            "gender": rng.choice(["Female", "Male", None], rows, p=[0.55, 0.4, 0.05]),
            "age": np.round(np.clip(rng.normal(40, 14, rows), 18, 80)),
            "annual_income": np.round(incomes + rng.normal(0, 8, rows)),
            "spending_score": np.round(scores + rng.normal(0, 8, rows)),
            "recency_days": np.round(rng.exponential(60, rows)),
            "orders": orders.astype(float),
            "revenue": np.round(orders * rng.gamma(2.0, 30.0, rows), 2),
        }
    )
    customers.loc[orders == 0, "recency_days"] = np.nan
    customers.loc[[7, 19], "annual_income"] = np.nan
    customers.loc[[19, 33], "spending_score"] = np.nan
    customers.loc[[50, 51], "age"] = np.nan
    # Unlike everyone: what an outlier is.
    customers.loc[60, ["annual_income", "spending_score"]] = [135.0, 45.0]
    return customers


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of both segmentations; who came, left and moved between them, and who came after."""
    folder = tmp_path_factory.mktemp("reports")
    file = folder / "shop.duckdb"
    (folder / "segjob.toml").write_text(CONFIG, encoding="utf-8")
    customers = made_customers(np.random.default_rng(3))
    with duckdb.connect(str(file)) as connection:
        connection.register("made", customers)
        connection.execute("create table customer_features as select * from made where customer_id >= 'c010'")
        connection.execute("create schema staging")
        connection.execute(
            "create table staging.int_order_lines as select customer_id, "
            "date '2024-11-03' + cast(line * 17 + hash(customer_id) % 60 as integer) as ordered_at, "
            "round(revenue / orders, 2) as revenue from made, range(9) as lines(line) where line < orders"
        )

    def run() -> None:
        done = spawn("run", "--warehouse", file, "--quiet", cwd=folder)
        assert done.code == 0, done.err

    run()
    with duckdb.connect(str(file)) as connection:
        connection.register("made", customers)
        connection.execute("delete from customer_features where customer_id >= 'c395'")
        connection.execute(
            "insert into customer_features select * from made where customer_id between 'c005' and 'c009'"
        )
        connection.execute(
            "update customer_features set spending_score = 101 - spending_score where customer_id like 'c1_0'"
        )
    run()
    with duckdb.connect(str(file)) as connection:
        connection.register("made", customers)
        connection.execute("insert into customer_features select * from made where customer_id < 'c005'")
        connection.execute("update customer_features set spending_score = 50 where customer_id = 'c033'")
    return file


@pytest.fixture(scope="session")
def rows(warehouse: Path) -> Frame:
    """A statement's rows."""

    def read(statement: str) -> pd.DataFrame:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return connection.execute(statement).df()

    return read


@pytest.fixture(scope="session")
def report(root: Path, rows: Frame) -> Report:
    """What a file of sql/reports answers, with some of its text replaced the way an analyst edits it."""

    def read(name: str, edits: dict[str, str] | None = None) -> pd.DataFrame:
        text = (root / "sql" / "reports" / f"{name}.sql").read_text(encoding="utf-8")
        for before, after in (edits or {}).items():
            assert before in text
            text = text.replace(before, after)
        return rows(text)

    return read


@pytest.fixture
def own_copy(warehouse: Path, tmp_path: Path) -> Path:
    """The warehouse, to write in."""
    return Path(shutil.copy(warehouse, tmp_path / "copy.duckdb"))
