"""Real files: each kind that once went wrong gives the right value or a rejection that says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.dbt_checkout import SHARED
from helpers.plain_jinja import PlainJinja
from helpers.reading_cases import CASES

from segjob.files.dbt_models import FileRefused

Read = Callable[..., PlainJinja]
FEATURES = "select customer_id, recency_days, orders, revenue from customer_features order by 1"
ACCOUNTS = ("every_order_line_is_accounted_for", "every_customer_line_is_accounted_for")


def read_files(environment: dict[str, str], variables: dict[str, Any] | None = None) -> PlainJinja:
    """All models over the files, and both files accounted for to the line."""
    project = PlainJinja(duckdb.connect(), environment, variables or {})
    project.run()
    for test in ACCOUNTS:
        assert project.failures(test) == []
    return project


def case(name: str) -> str:
    path = SHARED / "cases" / name
    if not path.exists():
        pytest.skip(f"{path} is not there; SEGJOB_SHARED names the directory that holds cases/{name}")
    return str(path)


@pytest.fixture
def orders(tmp_path: Path) -> Read:
    """The models over an orders file of this content."""

    def read(content: str | bytes, **settings: str) -> PlainJinja:
        file = tmp_path / "orders.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_files({"SEGJOB_ORDERS": str(file), **settings})

    return read


@pytest.fixture
def customers(tmp_path: Path) -> Read:
    """The models over a customers file of this content."""

    def read(content: str | bytes, **settings: str) -> PlainJinja:
        file = tmp_path / "customers.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_files({"SEGJOB_CUSTOMERS": str(file), **settings})

    return read


@pytest.mark.parametrize(("name", "features"), CASES.items())
def test_every_case_of_orders_gives_the_right_features(name: str, features: list[tuple[Any, ...]]) -> None:
    assert read_files({"SEGJOB_ORDERS": case(f"{name}.csv")}).ask(FEATURES) == features


def test_every_case_of_customers_gives_the_right_incomes() -> None:
    incomes = "select annual_income, spending_score from customer_features order by customer_id"
    commas = read_files({"SEGJOB_CUSTOMERS": case("decimal_comma_customers.csv")})
    assert commas.ask(incomes) == [(15.5, 39.25), (16.25, 81.0), (17.0, 6.5)]
    dollars = read_files({"SEGJOB_CUSTOMERS": case("income_in_dollars.csv")})
    assert dollars.ask(incomes) == [(15.0, 39.0), (154.0, 81.0)]
    said = "select format, decided_by from reading_report where column_name = 'annual_income' order by 1"
    assert ("in single units, divided by 1000", "the header") in dollars.ask(said)


def test_products_of_the_cases() -> None:
    products = "select product_id, orders, units_returned, revenue from product_features order by 1"
    refund = read_files({"SEGJOB_ORDERS": case("refund_by_amount.csv")})
    assert refund.ask(products) == [("X", 3.0, 1.0, 40.0)]
    assert refund.ask("select return_share from product_features") == [(pytest.approx(1 / 3),)]
    assert read_files({"SEGJOB_ORDERS": case("discount_line.csv")}).ask(products) == [("X", 2.0, 0.0, 60.0)]
    restarted = read_files({"SEGJOB_ORDERS": case("order_numbers_restart.csv")})
    assert restarted.ask(products) == [("X", 3.0, 0.0, 30.0), ("Y", 1.0, 0.0, 10.0)]


def test_what_may_be_two_dates_is_rejected_and_the_variable_decides() -> None:
    file = case("ambiguous_dates.csv")
    project = read_files({"SEGJOB_ORDERS": file})
    assert project.ask("select distinct reason from rejected_orders") == [("ordered_at_ambiguous",)]
    with pytest.raises(
        FileRefused,
        match=r"2 are rejected \(100.0 %\), most of them as ordered_at_ambiguous.*line 1: 1,A,1,01/02/2024",
    ) as refused:
        project.failures("most_order_lines_can_be_used")
    assert "Set SEGJOB_DATE_ORDER to dmy (day first) or mdy (month first)" in str(refused.value)
    days = "select distinct ordered_at::date::text from stg_orders order by 1"
    assert read_files({"SEGJOB_ORDERS": file, "SEGJOB_DATE_ORDER": "dmy"}).ask(days) == [
        ("2024-02-01",),
        ("2024-04-03",),
    ]
    assert read_files({"SEGJOB_ORDERS": file}, {"date_order": "mdy"}).ask(days) == [
        ("2024-01-02",),
        ("2024-03-04",),
    ]


HEADER = "order_id,customer_id,sku,date,quantity,unit_price\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_no_line_end_takes_a_character_with_it(orders: Read, line_end: str, last: bool) -> None:
    text = HEADER + "1,A,X,2024-01-01,1,10\n\n#2,A,Y,2024-01-02,1,90\n3,B,X,2024-01-03,1,7" + "\n" * last
    assert orders(text.replace("\n", line_end)).ask(FEATURES) == [
        ("A", 1.0, 2.0, 100.0),
        ("B", 0.0, 1.0, 7.0),
    ]


def test_line_ends_of_three_kinds_in_one_file(orders: Read) -> None:
    text = HEADER + "1,A,X,2024-01-01,1,10\r\n2,A,Y,2024-01-02,1,90\r13,B,X,2024-01-03,1,7\n\r\n"
    project = orders(text)
    assert project.ask("select order_id from stg_orders order by file_row") == [("1",), ("2",), ("13",)]


def test_quotes_hold_delimiters_quotes_and_line_breaks(orders: Read) -> None:
    project = orders(
        'order_id,customer_id,"sku",date,quantity,unit_price\r\n'
        '1,A,"X, ""large""\r\n\r\nred",2024-01-01,1,10\r\n'
        '2,A,5" pipe,2024-01-02,1,90\r\n'
        '3,A,"open,2024-01-02,1,90\r\n'
        '4,B,"also, open,2024-01-02,1,90\r\n'
        '"5","B","Y","2024-01-03","1","7"\r\n'
        "6,B,Y,2024-01-03,1,7,extra\r\n"
        "7,B,Y,2024-01-03,1,7,,\r\n"
        "8,B,Y,2024-01-03\r\n"
    )
    lines = project.ask("select order_id, product_id, problem from stg_orders order by file_row")
    assert lines == [
        ("1", 'X, "large"\n\n\n\nred', None),
        ("2", '5" pipe', None),
        ("3", '"open', "quote_not_closed"),
        ("4", '"also', "quote_not_closed"),
        ("5", "Y", None),
        ("6", "Y", "too_many_columns"),
        ("7", "Y", None),
        ("8", "Y", None),
    ]
    reasons = project.ask("select reason from rejected_orders order by file_row")
    assert [reason for (reason,) in reasons] == [
        "quote_not_closed",
        "quote_not_closed",
        "too_many_columns",
        "unit_price_missing",
    ]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("cp1252", "windows-1252"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16")],
)
def test_encodings_are_told_and_said(orders: Read, encoding: str, said: str) -> None:
    text = HEADER + "1,Zoë 'the \\ best' “q”,X,2024-01-01,1,€ 10.50\r\n2,\tB,Ÿ,2024-01-02,1,20\r\n"
    project = orders(text.encode(encoding))
    assert project.ask(FEATURES) == [("B", 0.0, 1.0, 20.0), ("Zoë 'the \\ best' “q”", 1.0, 1.0, 10.5)]
    assert project.ask("select product_id from stg_orders order by 1 desc")[0] == ("Ÿ",)
    assert project.ask("select format from reading_report where column_name = 'encoding'") == [(said,)]


def test_a_file_that_cannot_be_read_says_what_to_do(orders: Read) -> None:
    text = HEADER + "1,A,X,2024-01-01,1,10\n"
    with pytest.raises(FileRefused, match="iconv -f UTF-16"):
        orders(text.encode("utf-16-be"))
    assert orders(text.encode("utf-16-le"), SEGJOB_ENCODING="utf-16").ask(FEATURES) == [("A", 0.0, 1.0, 10.0)]
    with pytest.raises(FileRefused, match=r"Set it to one of: utf-8.*iconv -f shift-jis"):
        orders(text, SEGJOB_ENCODING="shift-jis")
    with pytest.raises(FileRefused, match="is empty: it has not even a header"):
        orders("")
    with pytest.raises(FileRefused, match="only blank lines"):
        orders("\n\n  \n")
    assert orders(HEADER).ask("select count(*) from stg_orders") == [(0,)]


def test_a_title_above_the_header_and_an_announced_delimiter(orders: Read) -> None:
    project = orders("sep=^\nExport of June\n" + HEADER.replace(",", "^") + "1^A^X^2024-01-01^1^10\n")
    assert project.ask(FEATURES) == [("A", 0.0, 1.0, 10.0)]
    facts = dict(project.ask("select fact, said from base_reading"))
    assert facts["delimiter"] == "^"
    assert facts["lines above the header, not read"] == "2"


def test_one_of_several_files_with_another_header_is_refused(orders: Read, tmp_path: Path) -> None:
    line = "1,A,X,2024-01-01,1,10\n"
    (tmp_path / "orders_1.csv").write_text(HEADER + line)
    (tmp_path / "orders_2.csv").write_text(HEADER + line.replace("1", "2", 1))
    settings = {"SEGJOB_ORDERS": str(tmp_path / "orders_*.csv")}
    assert read_files(settings).ask(FEATURES) == [("A", 0.0, 2.0, 20.0)]
    (tmp_path / "orders_3.csv").write_text("customer_id,date,price\nB,2024-01-01,7\n")
    with pytest.raises(FileRefused, match=r"orders_3.csv begins with another header"):
        read_files(settings)


def test_an_unknown_header_is_mapped_by_what_the_error_shows(orders: Read) -> None:
    text = "Nr;Käufer;Wann;Wert\n1;A;2024-01-01;10,5\n2;A;2024-01-02;4,5\n"
    with pytest.raises(FileRefused) as refused:
        orders(text)
    said = str(refused.value)
    assert (
        'export SEGJOB_ORDERS_COLUMNS=\'{customer_id: "Nr", ordered_at: "Käufer", unit_price: "Wann"}\''
        in said
    )
    assert "Its columns are: Nr, Käufer, Wann, Wert" in said
    mapping = "{order_id: Nr, customer_id: Käufer, ordered_at: Wann, revenue: Wert}"
    assert orders(text, SEGJOB_ORDERS_COLUMNS=mapping).ask(FEATURES) == [("A", 0.0, 2.0, 15.0)]
    with pytest.raises(FileRefused, match=r"you say that it is Wer"):
        orders(text, SEGJOB_ORDERS_COLUMNS=mapping.replace("Wert", "Wer"))
    with pytest.raises(FileRefused, match="names buyer, which is no column of orders"):
        orders(text, SEGJOB_ORDERS_COLUMNS="{buyer: Käufer}")


def test_a_customers_file_may_lack_what_the_user_says_it_lacks(customers: Read) -> None:
    text = "id,sex,age,income\n1,0,19,54000\n2,1,21,61000\n3,weiblich,30,70000\n"
    with pytest.raises(FileRefused, match="no column for spending_score"):
        customers(text)
    project = customers(text, SEGJOB_CUSTOMERS_COLUMNS='{spending_score: ""}')
    assert project.ask(
        "select gender, annual_income, spending_score from customer_features order by customer_id"
    ) == [
        ("0", 54.0, None),
        ("1", 61.0, None),
        ("Female", 70.0, None),
    ]
    assert ("gender_unknown", 2) in project.ask("select finding, rows from cleaning_report")
    said = project.ask("select decided_by from reading_report where format like 'in single units%'")
    assert said == [("the range of its values",)]


SHOPIFY = """Name,Email,Financial Status,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku
#1001,a@x.org,paid,30.00,2024-01-01 10:00:00 -0400,2,Hat,10.00,H
#1001,a@x.org,,,2024-01-01 10:00:00 -0400,1,Sock,10.00,S
#1002,b@x.org,voided,5.00,2024-01-02 10:00:00 -0400,1,Sock,5.00,S
"""
WOOCOMMERCE = """Order Number,Order Status,Order Date,Customer ID,Item Name,Quantity (- Refund),Item Cost,SKU,Total
7,Completed,2024-01-01 10:00,A,Hat,2,10,H,40
7,Completed,2024-01-01 10:00,A,Sock,2,10,S,40
8,Cancelled,2024-01-03 10:00,A,Sock,2,10,S,20
"""


def test_exports_of_shops(orders: Read) -> None:
    shopify = orders(SHOPIFY)
    assert shopify.ask(
        "select customer_id, orders, revenue, last_order_at::text from customer_features order by 1"
    ) == [
        ("a@x.org", 1.0, 30.0, "2024-01-01 14:00:00"),
        ("b@x.org", 0.0, 0.0, None),
    ]
    assert shopify.ask("select reason from rejected_orders") == [("order_cancelled",)]
    assert orders(WOOCOMMERCE).ask("select orders, revenue from customer_features") == [(1.0, 40.0)]


ONLINE_RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536365,POST,POSTAGE,1,12/1/2010 8:26,18,17850,United Kingdom
536366,22633,"HAND WARMER, UNION JACK",6,12/13/2010 8:28,1.85,17850,United Kingdom
C536379,D,Discount,-1,12/14/2010 9:41,27.5,17850,United Kingdom
C536380,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-6,12/15/2010 9:41,2.55,17850,United Kingdom
581483,23843,"PAPER CRAFT , LITTLE BIRDIE",80995,12/9/2011 9:15,2.08,16446,United Kingdom
A563185,B,Adjust bad debt,1,12/8/2011 14:50,11062.06,,United Kingdom
"""


def test_online_retail_with_cancelled_invoices(orders: Read) -> None:
    project = orders(ONLINE_RETAIL)
    assert project.ask(FEATURES) == [("16446", 0.0, 1.0, 168469.6), ("17850", 361.0, 2.0, 1.6)]
    assert project.ask("select product_id, units_returned from product_features order by 1") == [
        ("22633", 0.0),
        ("23843", 0.0),
        ("85123A", 6.0),
    ]
    flagged = dict(project.ask("select finding, rows from cleaning_report where outcome = 'flagged'"))
    assert flagged == {"returned": 1, "cancellation": 2, "discount": 1, "shipping": 1}
    cancelled = project.ask(
        "select order_id, cancels_order_id from int_order_lines where is_cancellation order by 1"
    )
    assert cancelled == [("C536379", None), ("C536380", "536365")]
    assert project.ask("select reason from rejected_orders") == [("customer_id_missing",)]


def test_a_german_excel_export_needs_no_setting(orders: Read) -> None:
    text = (
        "Bestellnummer;Kundennummer;Artikelnummer;Datum;Menge;Einzelpreis\r\n"
        "1;K1;Ä-1;01.12.2010 08:26;1.000;1,50 €\r\n2;K1;Ä-2;13.12.2010;-2;1.234,50 €\r\n"
        "3;K2;Versand;2. März 2011;1;4,90 €\r\n"
    )
    project = orders(text.encode("cp1252"))
    assert project.ask(FEATURES) == [("K1", 91.0, 1.0, -969.0), ("K2", None, 0.0, 4.9)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["54.000", "61.500", "7,5"], [54000, 61500, 7.5]),
        (["54.000", "61.500", "7.5"], [54, 61.5, 7.5]),
        (["54.000", "61.500", "70.250"], [None, None, None]),
        (["1,200", "15", "20", "30"], [1200, 15, 20, 30]),
        (["1,200", "1,450"], [None, None]),
        (["(12.50)", "12.50-", "-12.50", "−12.50", "-$12.50", "$-12.50", "($12.50)"], [-12.5] * 7),
        (["USD 1,012.50", "1'012.50", "1 012.50 usd", "$1,012.5"], [1012.5] * 4),
        (["$10.50", "$11.50", "€10.50"], [10.5, 11.5, None]),
        (["1.5E+02", "2.5e1", "7", "12 apples", "1.2.3", "--5"], [150, 25, 7, None, None, None]),
    ],
)
def test_a_column_of_money_is_read_as_a_whole(
    orders: Read, values: list[str], expected: list[float | None]
) -> None:
    lines = [f"{number};A;2024-01-01;{value}" for number, value in enumerate(values)]
    project = orders("\n".join(["order_id;customer_id;date;revenue", *lines]))
    rows = project.ask(
        "select case when outcome = 'kept' then revenue end from int_orders_judged order by file_row"
    )
    assert [row[0] for row in rows] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["01/02/2024", "03/04/2024", "13/05/2024"], ["2024-02-01", "2024-04-03", "2024-05-13"]),
        (["01/02/24", "03/04/24", "05/13/24"], ["2024-01-02", "2024-03-04", "2024-05-13"]),
        (["99-02-01", "99-04-30"], ["1999-02-01", "1999-04-30"]),
        (["24-02-01", "24-04-03"], [None, None]),
        (["01/02/2024", "05/05/2024"], [None, "2024-05-05"]),
        (["13/01/2024", "01/13/2024", "01/02/2024"], [None, None, None]),
        (["1 Feb 2024", "March 4, 2024", "05-MAY-24"], ["2024-02-01", "2024-03-04", "2024-05-05"]),
        (["01.02.2024", "2024-02-30", "12/31/1969"], ["2024-02-01", None, None]),
    ],
)
def test_a_column_of_dates_is_read_as_a_whole(
    orders: Read, values: list[str], expected: list[str | None]
) -> None:
    lines = [f"{number};A;{value};5" for number, value in enumerate(values)]
    project = orders("\n".join(["order_id;customer_id;date;revenue", *lines]))
    rows = project.ask(
        "select case when outcome = 'kept' then ordered_at::date::text end from int_orders_judged order by file_row"
    )
    assert [row[0] for row in rows] == expected


def test_an_impossible_day_is_refused_in_words(orders: Read) -> None:
    text = HEADER + "1,A,X,2024-01-01,1,10\n"
    for day, words in (("2025-02-30", "there is no such day"), ("June", "which is no date")):
        with pytest.raises(FileRefused, match=f"SEGJOB_AS_OF is {day}.*{words}"):
            orders(text, SEGJOB_AS_OF=day)
    assert orders(text, SEGJOB_AS_OF="2024-02-29").ask(FEATURES) == [("A", 59.0, 1.0, 10.0)]


def test_some_rejected_lines_warn_and_few_say_nothing(orders: Read) -> None:
    good = "".join(f"{number},A,X,2024-01-01,1,10\n" for number in range(20))
    project = orders(HEADER + good + "x,A,X,soon,1,10\nx,A,X,later,1,10\n")
    assert project.failures("most_order_lines_can_be_used") == [(10,)]
    assert any(
        "2 are rejected (9.1 %), most of them as ordered_at_unreadable (2)" in one for one in project.messages
    )
    project = orders(HEADER + good + "x,A,X,soon,1,10\n")
    assert project.failures("most_order_lines_can_be_used") == [(5,)]
    assert not any("rejected" in one for one in project.messages)


def test_the_worked_example_of_the_documentation(orders: Read) -> None:
    page = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")
    tables: list[list[list[str]]] = []
    for line in page.partition("## Ten lines")[2].partition("## How files")[0].splitlines():
        if line.startswith("|---"):
            tables.append([])
        elif line.startswith("|") and tables:
            tables[-1].append([cell.strip() for cell in line.strip("|").split("|")])
    lines = [row[1:7] for row in tables[0] if row[0].isdigit()]
    assert len(lines) == 10
    project = orders(HEADER + "".join(",".join(line) + "\n" for line in lines))

    def shown(values: tuple[Any, ...]) -> list[str | float]:
        return [
            value if isinstance(value, str) else "" if value is None else round(value, 2) for value in values
        ]

    def written(row: list[str]) -> list[str | float]:
        return [row[0], *(float(cell) if cell else "" for cell in row[1:])]

    products = (
        "select product_id, orders, customers, units_sold, units_returned, return_share, revenue, mean_price"
    )
    for table, statement in (
        (tables[1], FEATURES),
        (tables[2], f"{products}, repeat_share from product_features order by 1"),
    ):
        rows = [written(row) for row in table if row[0] in ("A", "B", "C", "HAT", "SCARF")]
        assert [shown(row) for row in project.ask(statement)] == rows
