"""Kinds of files that nobody planted: each value is the right one, or its line is rejected with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.plain_jinja import PlainJinja
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


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # A dash in the place of decimals is no minus.
        (["12,-", "1.012,-", "12,--", "12:-", "12.–", "3,50"], [12, 1012, 12, 12, 12, 3.5]),
        (["12.-", "CHF 5.-", "3.50 Fr."], [12, 5, 3.5]),
        (["12.50-", "–12.50", "‒12.50", "－12.50", "- $12.50", "(USD 12.50)"], [-12.5] * 6),
        (["₹1,23,456.50", "₹ 12,34,567", "₹99"], [123456.5, 1234567, 99]),
        (["1\u2009012,50 €", "1\u202f012,50 €", "1\u2007012,50", "1\u00a0012,50"], [1012.5] * 4),
        (["١٢٫٥٠", "١٬٢٣٤٫٥٠", "۹.۹۰", "３.５"], [12.5, 1234.5, 9.9, 3.5]),
        (["1 012,50 kr", "12,50 kr.", "12,50 KR"], [1012.5, 12.5, 12.5]),
        (["C$12.50", "C$3.20", "₽9.50"], [12.5, 3.2, None]),
        (['="12.50"', "'3.20", "#N/A", "\\N", "#VALUE!", "—"], [12.5, 3.2, None, None, None, None]),
    ],
)
def test_money_as_people_write_it(tmp_path: Path, values: list[str], expected: list[float | None]) -> None:
    assert column(tmp_path, "revenue", values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Points in `a.m.` do not make the date one with points.
        (
            ["1/31/2024 8:26 a.m.", "1/3/2024 12:05 P.M.", "1/5/2024, 8:26:10\u202fPM", "1/6/2024 8pm"],
            ["2024-01-31 08:26:00", "2024-01-03 12:05:00", "2024-01-05 20:26:10", "2024-01-06 20:00:00"],
        ),
        (
            ["01.12.2010 08:26 Uhr", "13.12.2010 20.01", "13. 1. 2024", "2.3.2024."],
            ["2010-12-01 08:26:00", "2010-12-13 20:01:00", "2024-01-13 00:00:00", "2024-03-02 00:00:00"],
        ),
        (["01.13.2024", "02.03.2024", "04.05.2024"], ["2024-01-13", "2024-02-03", "2024-04-05"]),
        (["01.13.2024", "13.02.2024", "04.05.2024"], [None, None, None]),
        (
            ["01/12/2010 08h26", "13/12/2010 à 20h01", "1er janvier 2024", "3 août 2024 à 10:30"],
            ["2010-12-01 08:26:00", "2010-12-13 20:01:00", "2024-01-01 00:00:00", "2024-08-03 10:30:00"],
        ),
        (
            ["March 4, 2024 at 10:15 AM", "12-Jan-2024 10.00.00.000000 AM", "2024/1/5 8:05", "2024/13/5"],
            ["2024-03-04 10:15:00", "2024-01-12 10:00:00", "2024-01-05 08:05:00", None],
        ),
        (
            ["978300760", "1291191960.5", "1291191960000", "1291191960000000", "1291191960000000000"],
            ["2000-12-31 22:12:40", *["2010-12-01 08:26:00"] * 4],
        ),
        (["45292", "45293.5", "45293,75"], ["2024-01-01", "2024-01-02 12:00:00", "2024-01-02 18:00:00"]),
        (
            ["20240131T083015", "20240131T083015Z", "202401310830", "20240131 08:30", "20240131"],
            ["2024-01-31 08:30:15"] * 2 + ["2024-01-31 08:30:00"] * 2 + ["2024-01-31"],
        ),
        (["2024-01", "Jan 2024", "2024-W05-3", "08:30 31/01/2024", "2024-01-31 08:30 PST"], [None] * 5),
    ],
)
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
