"""The small files that went wrong, as raw tables on PostgreSQL and Spark: the answers are those of DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers.dbt_checkout import SHARED
from helpers.engine_models import EngineModels, Rows, raw_lines
from helpers.reading_cases import CASES, MONEY, TIMES
from helpers.shop_exports import EXPORTS

pytestmark = pytest.mark.long
FEATURES = "select customer_id, recency_days, orders, revenue from customer_features order by 1"
Read = Callable[..., EngineModels]
MODELS_OF_ORDERS = "int_orders_judged"


@pytest.fixture
def on_postgres(server: str) -> Iterator[Read]:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("drop schema if exists cases cascade")
        connection.execute("create schema cases")
        connection.execute("set search_path to cases")

        def query(statement: str) -> Rows:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload]

        def keep(name: str, select: str) -> None:
            connection.execute(f"create table {name} as {select}")  # type: ignore[call-overload]

        def read(content: str, delimiter: str) -> EngineModels:
            header, rows = raw_lines(content, delimiter)
            columns = ", ".join(f'"{name}" text' for name in header)
            connection.execute(f"create table raw_orders ({columns})")  # type: ignore[call-overload]
            with connection.cursor().copy("copy raw_orders from stdin") as copy:
                for row in rows:
                    copy.write_row(row)
            return EngineModels("postgres", query, keep, header)

        yield read


@pytest.fixture(scope="session")
def session(java: None, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.master("local[1]")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("lake")))
        .getOrCreate()
        .newSession()
    )


@pytest.fixture
def on_spark(session: Any) -> Read:
    def query(statement: str) -> Rows:
        return [tuple(row) for row in session.sql(statement).collect()]

    def keep(name: str, select: str) -> None:
        session.sql(select).localCheckpoint().createOrReplaceTempView(name)

    def read(content: str, delimiter: str) -> EngineModels:
        header, rows = raw_lines(content, delimiter)
        columns = ", ".join(f"`{name}` string" for name in header)
        session.createDataFrame(rows, columns).createOrReplaceTempView("raw_orders")
        return EngineModels("spark", query, keep, header)

    return read


@pytest.fixture(params=["postgres", "spark"])
def read(request: pytest.FixtureRequest) -> Read:
    """The models over a raw table with the lines of a CSV file."""
    found: Read = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_case_of_orders_gives_the_right_features(read: Read, name: str) -> None:
    file = SHARED / "cases" / f"{name}.csv"
    if not file.exists():
        pytest.skip(f"{file} is not there; SEGJOB_SHARED names the directory that holds cases/{name}.csv")
    content = file.read_text(encoding="cp1252")
    project = read(content, ";" if ";" in content else ",")
    project.run()
    assert project.ask(FEATURES) == CASES[name]
    assert project.failures("every_order_line_is_accounted_for") == []


@pytest.mark.parametrize("name", ["shopify", "stripe", "bank_transactions", "french", "sales_data_sample"])
def test_exports_of_well_known_shops(read: Read, name: str) -> None:
    content, features, reasons = EXPORTS[name]
    project = read(content, ";" if ";" in content.splitlines()[0] else ",")
    project.run()
    assert project.ask(FEATURES) == features
    rejected = project.ask("select reason from rejected_orders order by file_row")
    assert [reason for (reason,) in rejected] == reasons


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [*(("revenue", *one) for one in MONEY), *(("ordered_at", *one) for one in TIMES)],
)
def test_values_as_people_write_them(
    read: Read, column: str, values: list[str], expected: list[float | str | None]
) -> None:
    lines = [
        f"{number}\tA\t2024-01-01\t{value}" if column == "revenue" else f"{number}\tA\t{value}\t5"
        for number, value in enumerate(values)
    ]
    content = "\n".join(
        ["order_id\tcustomer_id\tdate\trevenue", *(line.replace('"', '""') for line in lines)]
    )
    project = read(content.replace('\t=""', '\t"=""').replace('50""', '50"""'), "\t")
    project.run(MODELS_OF_ORDERS)
    kept = f"case when outcome = 'kept' then {column} end"
    rows = project.ask(f"select {kept} from int_orders_judged order by file_row")
    found = [value if column == "revenue" or value is None else str(value) for (value,) in rows]
    assert found == [
        f"{one} 00:00:00" if isinstance(one, str) and len(one) == 10 else one for one in expected
    ]
