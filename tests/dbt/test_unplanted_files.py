"""Kinds of files that nobody planted: each value is the right one, or its line is rejected with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.plain_jinja import PlainJinja
from helpers.reading_cases import MONEY, TIMES
from helpers.shop_exports import EXPORTS

from segjob.files.dbt_models import FileRefused

FEATURES = "select customer_id, recency_days, orders, revenue from customer_features order by 1"
REASONS = "select reason from rejected_orders order by file_row"
ACCOUNTS = ("every_order_line_is_accounted_for", "every_customer_line_is_accounted_for")
HEADER = "order_id,customer_id,sku,date,quantity,unit_price\n"
LINES = "1,A,X,2024-01-01,2,10\n2,B,Y,2024-01-03,1,5\n"
BOTH = [("A", 2.0, 1.0, 20.0), ("B", 0.0, 1.0, 5.0)]


def read(folder: Path, content: str | bytes, **settings: str) -> PlainJinja:
    """The models over an orders file of this content, each line of which is accounted for."""
    file = folder / "orders.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    project = PlainJinja(duckdb.connect(), {"SEGJOB_ORDERS": str(file), **settings})
    project.run()
    for test in ACCOUNTS:
        assert project.failures(test) == []
    return project


def column(folder: Path, name: str, values: list[str]) -> list[Any]:
    """What a column of dates or revenues is read as; None where the line is rejected."""
    lines = [
        f"{number};A;{value};5" if name == "ordered_at" else f"{number};A;2024-01-01;{value}"
        for number, value in enumerate(values)
    ]
    project = read(folder, "\n".join(["order_id;customer_id;date;revenue", *lines]))
    kept = f"case when outcome = 'kept' then {name} end"
    rows = project.ask(f"select {kept} from int_orders_judged order by file_row")
    return [value if value is None or name != "ordered_at" else str(value) for (value,) in rows]


@pytest.mark.parametrize(("values", "expected"), MONEY)
def test_money_as_people_write_it(tmp_path: Path, values: list[str], expected: list[float | None]) -> None:
    assert column(tmp_path, "revenue", values) == expected


@pytest.mark.parametrize(("values", "expected"), TIMES)
def test_times_as_people_write_them(tmp_path: Path, values: list[str], expected: list[str | None]) -> None:
    whole = [f"{one} 00:00:00" if one and len(one) == 10 else one for one in expected]
    assert column(tmp_path, "ordered_at", values) == whole


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (HEADER + LINES + ",,,,,\n" * 30, ["empty_line"] * 30),
        (HEADER + LINES + ",Total,,,3,25\nSumme,,,,3,25\n", ["totals_line", "customer_id_missing"]),
        (HEADER + LINES + HEADER, ["repeated_header"]),
        (HEADER + LINES + "3,A\0,X,2024-01-02,1,1\n", ["zero_byte"]),
        (HEADER.replace("sku", '"sku\n\n(long, or short)"') + LINES, []),
        ("\n".join(",".join(f"'{f}'" for f in line.split(",")) for line in (HEADER + LINES).split()), []),
        (HEADER + LINES.replace(",A,", ',"=""A""",').replace(",B,", ',="B",'), []),
        (HEADER + LINES + "3,#N/A,X,2024-01-02,1,1\n4,\\N,X,2024-01-02,1,1\n", ["customer_id_missing"] * 2),
        ("\ufeffsep=;\r\n" + (HEADER + LINES).replace(",", ";").replace("\n", "\r\n"), []),
        ((HEADER + LINES).replace(",", "\t").encode("utf-16"), []),
        ("".join(f"{line},\n" for line in (HEADER + LINES).split()), []),
    ],
    ids=[
        *("empty rows", "totals", "header again", "zero byte", "header of lines", "single quotes", "formula"),
        *("no values", "announced", "utf-16", "trailing delimiter"),
    ],
)
def test_lines_that_are_none_of_the_table(tmp_path: Path, content: str | bytes, reasons: list[str]) -> None:
    project = read(tmp_path, content)
    assert project.ask(FEATURES) == BOTH
    assert [reason for (reason,) in project.ask(REASONS)] == reasons
    project.failures("most_order_lines_can_be_used")  # empty lines are no lines that cannot be used


def test_utf_32_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="iconv -f UTF-32"):
        read(tmp_path, (HEADER + LINES).encode("utf-32"))


@pytest.mark.parametrize(
    ("content", "features", "reasons"),
    [
        (
            "order_id,customer_id,date,amount,type\n1,A,2024-01-01,20,Sale\n2,A,2024-01-02,5,Refund\n",
            [("A", 1.0, 1.0, 15.0)],
            [],
        ),
        (
            HEADER.strip() + ",Belegart\n1,A,X,2024-01-01,2,10,Rechnung\n2,A,X,2024-01-02,1,10,Gutschrift\n"
            "3,A,X,2024-01-03,-1,10,Gutschrift\n",
            [("A", 2.0, 1.0, 0.0)],
            [],
        ),
        (
            "order_id,customer_id,date,amount,status\n1,A,2024-01-01,5,Canceled by customer\n"
            "2,A,2024-01-02,6,annulée\n3,A,2024-01-03,7,Storniert\n4,A,2024-01-04,8,ok\n5,A,2024-01-04,9,returned\n",
            [("A", 0.0, 1.0, 8.0)],
            [*["order_cancelled"] * 3, "order_refunded"],
        ),
        # The total of an order beside each of its lines is not that of the lines.
        (
            HEADER.strip()
            + ",total\n1,A,X,2024-01-01,2,10,25\n1,A,Y,2024-01-01,1,5,25\n2,B,Y,2024-01-03,1,5,5\n",
            [("A", 2.0, 1.0, 25.0), ("B", 0.0, 1.0, 5.0)],
            [],
        ),
        (
            HEADER.strip()
            + ",total\n1,A,X,2024-01-01,2,10,19\n1,A,Y,2024-01-01,1,5,4\n2,B,Y,2024-01-03,1,5,5\n",
            [("A", 2.0, 1.0, 23.0), ("B", 0.0, 1.0, 5.0)],
            [],
        ),
        (
            HEADER.strip() + ",Order Total\n1,A,X,2024-01-01,2,10,20\n2,B,Y,2024-01-03,1,5,7\n",
            BOTH,
            [],
        ),
    ],
    ids=["type", "Belegart", "status", "order total", "line total", "named order total"],
)
def test_what_a_line_means(
    tmp_path: Path, content: str, features: list[tuple[Any, ...]], reasons: list[str]
) -> None:
    project = read(tmp_path, content)
    assert project.ask(FEATURES) == features
    assert [reason for (reason,) in project.ask(REASONS)] == reasons


def test_the_order_total_and_a_header_that_is_there_twice_are_said(tmp_path: Path) -> None:
    content = HEADER.strip() + ",total,sku\n1,A,X,2024-01-01,2,10,25,\n1,A,Y,2024-01-01,1,5,25,\n"
    project = read(tmp_path, content)
    said = project.ask(
        "select format, decided_by, values_deciding from reading_report where format like 'of %'"
    )
    assert said == [("of the whole order, not used: quantity times unit price", "orders of several lines", 1)]
    header = project.ask("select decided_by from reading_report where column_name = 'header of product_id'")
    assert header == [("its spelling; the first of 2 columns of that name",)]


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.long) for one in EXPORTS])
def test_exports_of_well_known_shops(tmp_path: Path, name: str) -> None:
    content, features, reasons = EXPORTS[name]
    project = read(tmp_path, content)
    assert project.ask(FEATURES) == features
    assert [reason for (reason,) in project.ask(REASONS)] == reasons


@pytest.mark.parametrize(
    "header", ["order_id,user_id,order_dow,order_hour_of_day", "household_key,BASKET_ID,DAY,SALES_VALUE"]
)
def test_orders_without_a_date_are_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(FileRefused, match="no column for ordered_at"):
        read(tmp_path, f"{header}\n1,2,3,4\n")
