from __future__ import annotations

from pathlib import Path

import pytest
from helpers.reports import (
    COLUMNS,
    HOSTILE_COLUMNS,
    PEOPLE,
    compare_with_others,
    publish,
    report_of,
    shoppers,
)
from helpers.small_warehouse import execute, fill

from segjob.report.data import Report
from segjob.report.page import Page, render


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,600 shoppers segmented twice by numbers and a category, with changes in between, and by other algorithms."""
    file = fill(tmp_path_factory.mktemp("people") / "shop.duckdb", shoppers(2600, 1), columns=COLUMNS)
    publish(file, "people", PEOPLE)
    execute(
        file,
        "delete from customers where customer_id % 29 = 0",
        "update customers set score = 99 - score where customer_id % 17 = 0",
        "insert into customers select customer_id + 10000, gender, age, income, score, revenue from customers "
        "where customer_id % 31 = 0",
    )
    publish(file, "people", PEOPLE)
    compare_with_others(file, "people")
    return file


@pytest.fixture(scope="session")
def report(people: Path) -> Report:
    return report_of(people, "people")


@pytest.fixture(scope="session")
def page(report: Report) -> Page:
    return render(report)


@pytest.fixture(scope="session")
def mall(tmp_path_factory: pytest.TempPathFactory, mall_csv: Path) -> Path:
    """The mall customers by income and spending."""
    file = tmp_path_factory.mktemp("mall") / "mall.duckdb"
    execute(
        file,
        "create table customers as select CustomerID as customer_id, Gender as gender, Age as age, "
        '"Annual Income (k$)" as annual_income, "Spending Score (1-100)" as spending_score '
        f"from read_csv('{mall_csv}')",
    )
    settings = {
        "relation": "customers",
        "key": "customer_id",
        "features": ["annual_income", "spending_score"],
    }
    publish(file, "income_spending", settings)
    return file


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse in which every name and text tries to be something else."""
    file = tmp_path_factory.mktemp("hostile") / "shop.duckdb"
    rows = shoppers(400, 2)
    names = ['"' + name.replace('"', '""') + '"' for name in HOSTILE_COLUMNS]
    columns = f'"k\'e<y>" integer, {names[0]} text, {", ".join(f"{n} double" for n in names[1:])}'
    categories = ("<b onclick=alert(1)>F</b>", "]]><script>alert(2)</script>", "ذكر \u0007")
    hostile_rows = [
        (i, categories[i % 3], *(None if v is None else float(v) for v in rest)) for i, _, *rest in rows
    ]
    fill(file, hostile_rows, table='"t<a>"', columns=columns)
    settings = {
        "relation": '"t<a>"',
        "key": "k'e<y>",
        "features": [
            {"column": HOSTILE_COLUMNS[0], "kind": "categorical"},
            {"column": HOSTILE_COLUMNS[1], "missing": "impute"},
            *HOSTILE_COLUMNS[2:],
        ],
        "k": 4,
        "k_range": [2, 5],
    }
    publish(file, "<i>seg</i>", settings)
    texts = [
        "</script><script>document.title='owned'</script>",
        "<img src=x onerror=alert(3)>" + "y" * 200,
        "\u202eשם קטע & <!-- \"'",
        "]]> {{ 7 * 7 }} ${1} $\\frac{1}{2}$",
    ]
    for number, text in enumerate(texts, 1):
        quoted = text.replace("'", "''")
        execute(
            file,
            f"update segments.segments set name = '{quoted}', description = '{quoted}', rule = '{quoted}', "
            f"rule_precision = 0.9, rule_recall = 0.8, action = '{quoted}' where segment_id = {number}",
        )
    return file
