"""Files without dbt: their columns, their lines that cannot be used, and features of orders as pandas computes them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from helpers import order_files

from segjob.errors import ConfigError, DataError, SegjobError
from segjob.files.columns import header_names
from segjob.files.file_tables import FileContent
from segjob.files.places import names_a_file
from segjob.files.read_files import FileRequest, read_files, table_name

LINES = 1_000_000 if "SEGJOB_TEST_MILLION" in os.environ else 3000
Write = Callable[..., pd.DataFrame]


def read(folder: Path, content: str | bytes, *, orders: str | None = None, **named: Any) -> FileContent:
    """What a customers file of this content becomes, with settings by their names in the environment."""
    file = folder / "shop.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    settings = {name: named.pop(name) for name in list(named) if name.startswith("SEGJOB_")}
    request = FileRequest(str(file), orders, named.get("key"), named.get("features"), named.get("table"))
    return read_files(request, settings)


def rows(content: FileContent, suffix: str = "") -> list[tuple[Any, ...]]:
    [table] = [one for one in content.tables if one.name == f"shop{suffix}"]
    frames = list(content.chunks(table))
    return [
        row
        for frame in frames
        for row in frame.astype(object).where(frame.notna(), None).itertuples(False, None)
    ]


GERMAN = """Kunden Nr;Name;PLZ;Einkommen;Score %;Stadt
1;"Ann; B";01234;54.000,50;10 %;Köln
2;Bob;11111;61.500,25 €;20 %;
2;Bob;11111;61.500,25 €;20 %;
3;Cem;22222;n/a;30;
4;Dan;33333;viel;40;
5;Eve;33333;70.000;50;
;Eve;33333;70.000;50;
6;x;1;80.000,5;60;z;z;z
"""


def test_any_columns_are_read_and_every_line_is_accounted_for(tmp_path: Path) -> None:
    good = "".join(f"{number};x;1;90.000,5;70;z\n" for number in range(7, 40))
    content = read(
        tmp_path, (GERMAN + good).encode("cp1252"), key="kunden nr", features=["einkommen", "Score %"]
    )
    assert content.key == "Kunden Nr"
    assert content.features == ["Einkommen", "Score %"]
    assert content.columns(content.customers)[0][0] == "Kunden Nr"
    assert rows(content)[:5] == [
        (1, "Ann; B", "01234", 54000.5, 10.0, "Köln"),
        (2, "Bob", "11111", 61500.25, 20.0, None),
        (3, "Cem", "22222", None, 30.0, None),
        (5, "Eve", "33333", 70000.0, 50.0, None),
        (7, "x", "1", 90000.5, 70.0, "z"),
    ]
    rejected = rows(content, "_rejected_lines")
    assert [row[:3] for row in rejected] == [
        (3, "merged", "duplicate"),
        (5, "rejected", "Einkommen_unreadable"),
        (7, "rejected", "Kunden Nr_missing"),
        (8, "rejected", "too_many_columns"),
    ]
    assert len(rows(content)) + len(rejected) == 8 + 33
    report = {(row[1], row[2]): row[3:] for row in rows(content, "_reading_report")}
    assert report["encoding", "windows-1252"][0].startswith("assumed")
    assert report["Einkommen", "decimal comma"] == ("its values", 39, 36, 0, 2)
    assert [re.sub(r".*shop.csv ", "", one) for one in content.warnings] == [
        "1 line is equal to an earlier one, and the earlier one counts",
        "3 cannot be used, most of them as Einkommen_unreadable (1), such as line 5: 4;Dan;33333;viel;40;",
    ]


@pytest.mark.parametrize(
    ("content", "expected", "reasons"),
    [
        ("id;a\n1;10,5\n2;20\n3;,5\nSumme;31\n", [(1, 10.5), (2, 20.0), (3, 0.5)], ["totals_line"]),
        ("id,a\nTotal,1\n2,2\n", [("Total", 1.0), ("2", 2.0)], []),
        ("id,a\n1,10\n2,20\n" + ",\n" * 9, [(1, 10.0), (2, 20.0)], ["empty_line"] * 9),
        ("id,a\n1,10\n2,20\n3,\nid,a\n", [(1, 10.0), (2, 20.0), (3, None)], ["repeated_header"]),
        (b"id,a\n1,10\n2,2\x000\n3,30\n4,5\n", [(1, 10.0), (3, 30.0), (4, 5.0)], ["zero_byte"]),
        ('id,a\n"=""0012""",12.5\n="0013",(20.5)\n', [("0012", 12.5), ("0013", -20.5)], []),
        ("id;a\n1;12,-\n2;3,50 €\n3;#N/A\n", [(1, 12.0), (2, 3.5), (3, None)], []),
    ],
)
def test_lines_that_are_no_customers(
    tmp_path: Path, content: str | bytes, expected: list[tuple[Any, ...]], reasons: list[str]
) -> None:
    done = read(tmp_path, content, key="id", features=["a"])
    assert rows(done) == expected
    assert [row[2] for row in rows(done, "_rejected_lines")] == reasons


@pytest.mark.parametrize(
    ("content", "named", "message", "hint"),
    [
        (
            "id,a\n1,2\n1,3\n",
            {},
            r"key 'id' of .* is not unique, such as 1 \(2 times\)",
            "segjob run --orders",
        ),
        ("id,a\n", {}, "a header and no line below it", "a file with rows"),
        ("id,aa\n1,2\n", {}, r"has no column 'a' \(feature\); its columns are id, aa", "did you mean 'aa'"),
        (
            "id,a\n1,x\n2,y\n3,4\n",
            {},
            "holds no numbers: 2 of 3 values are none, such as 'x', 'y'",
            "numbers",
        ),
        ("nr,a\n1,2\n", {"key": None}, "which column of .* names a customer, with --key; .*nr, a", None),
        ("id,a,b\n1,2,x\n", {"features": None}, "those that hold numbers are a$", "--key id --features a$"),
        ("id,a\n1,2\n", {"features": ["id"]}, "the key 'id' is also a feature", None),
        (
            "id,a\n1,54.000\n2,61.500\n",
            {},
            "2 cannot be used, most of them as a_ambiguous",
            "SEGJOB_DECIMAL_MARK",
        ),
        ("id,a\n1,$2\n2,$3\n3,€4\n4,€5\n5,€6\n", {}, None, None),
        (b"id,a\n1,\x00\x01\x00\x00\x02\n", {}, "is no text", "CSV and Parquet"),
        (b"PK\x03\x04 and more", {}, "a zip archive or an Excel workbook", None),
        (b"", {}, "is empty: it has not even a header", None),
        ("\n \n", {}, "only blank lines", None),
        ("id,a\n1,2\n".encode("utf-16-be"), {}, "SEGJOB_ENCODING=utf-16|iconv", None),
    ],
)
def test_what_cannot_be_used_is_said(
    tmp_path: Path, content: str | bytes, named: dict[str, Any], message: str | None, hint: str | None
) -> None:
    named = {"key": "id", "features": ["a"], **named}
    if message is None:
        kept = read(tmp_path, content, **named)
        assert {row[2] for row in rows(kept, "_rejected_lines")} == {"a_in_other_currency"}
        return
    with pytest.raises(SegjobError, match=message) as error:
        read(tmp_path, content, **named)
    assert hint is None or re.search(hint, str(error.value.hint))


def test_settings_of_the_environment_decide(tmp_path: Path) -> None:
    content = "id,a\n1,54.000\n2,61.500\n"
    for mark, values in (("point", [54.0, 61.5]), ("comma", [54000.0, 61500.0])):
        done = read(tmp_path, content, key="id", features=["a"], SEGJOB_DECIMAL_MARK=mark)
        assert [row[1] for row in rows(done)] == values
    done = read(tmp_path, "Export\n\nid\ta\n1\t2\n", key="id", features=["a"], SEGJOB_ENCODING="utf-8")
    assert rows(done) == [(1, 2.0)]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    file = tmp_path / "shop.parquet"
    duckdb.sql(
        "select * from (values (7, 1.125, true, '1,5', timestamp '2024-05-01 10:00:00', [1]), "
        "(8, 2.250, false, '2,5', null, [2])) as t(id, price, loyal, score, since, list)"
    ).write_parquet(str(file))
    content = read_files(FileRequest(str(file), None, None, ["price", "score", "loyal"], None), {})
    assert [row[:4] for row in rows(content)] == [(7, 1.125, True, 1.5), (8, 2.25, False, 2.5)]
    assert [str(kind) for _, kind in content.columns(content.customers)] == [
        *("BIGINT", "DOUBLE", "BOOLEAN", "DOUBLE"),
        *("DATETIME", "TEXT"),
    ]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere/shop.csv", "there is no folder"),
        ("shap.csv", "there is no file shap.csv; in its folder are folder.csv, shop.csv"),
        ("folder.csv", "is a folder, not a file"),
        ("shop.xlsx", "only CSV and Parquet"),
        ("https://example.org/shop.csv", "not a local file"),
        ("shop.parquet", "not a Parquet file, whatever its name says"),
    ],
)
def test_what_is_no_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.csv").mkdir()
    Path("shop.csv").write_text("id,a\n1,2\n")
    if place == "shop.parquet":
        Path(place).write_text("id,a\n1,2\n")
    with pytest.raises((ConfigError, DataError), match=message):
        read_files(FileRequest(place, None, "id", ["a"], None), {})


def test_names() -> None:
    assert [names_a_file(one) for one in ("shop.CSV", "a/b", "sales.customers", "customers", "x.csv.gz")] == [
        *(True, True, False, False, True),
    ]
    assert header_names(["a", "A", "", "x" * 70, None, "a\tb"]) == [
        *("a", "A_2", "column_3", "x" * 60, "column_5", "a b"),
    ]
    assert [table_name(one) for one in ("x/My shop-2024.csv", "2024.csv.gz", "Ä.parquet")] == [
        *("my_shop_2024", "file_2024", "file"),
    ]


@pytest.mark.parametrize("shop", ["online_retail", "superstore", "olist", "german_excel"])
def test_orders_have_the_features_that_pandas_computes(tmp_path: Path, shop: str) -> None:
    """SEGJOB_TEST_MILLION=1 makes a million lines of each."""
    lines = order_files.order_lines(LINES, seed=len(shop))
    if shop == "olist":
        lines = lines.assign(price=(lines["quantity"] * lines["price"]).round(2), quantity=1)
        lines = lines[lines["price"] > 0]
    file = tmp_path / "orders.csv"
    file.write_bytes(getattr(order_files, shop)(lines))
    content = read_files(FileRequest(None, str(file), None, None, None), {})
    [frame] = [pd.concat(content.chunks(content.customers))]
    computed = {
        row.customer_id: (
            None if pd.isna(row.recency_days) else row.recency_days,
            int(row.orders),
            row.revenue,
        )
        for row in frame.itertuples()
    }
    truth = order_files.features(lines, numbered=shop == "superstore")
    assert computed.keys() == truth.keys()
    wrong = {
        customer: (values, truth[customer])
        for customer, values in computed.items()
        if values[:2] != truth[customer][:2] or abs(values[2] - truth[customer][2]) > 0.011
    }
    assert wrong == {}
    assert content.features[0] == {"column": "recency_days"}


def test_customers_beside_their_orders(tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order_id,customer_id,date,amount\n1,A,2024-01-01,5\n2,B,2024-01-03,6\n3,A,2024-01-02,7\n4,Z,2024-01-03,1\n"
        + "".join(f"{number},B,2024-01-03,1\n" for number in range(10, 40))
    )
    content = read(
        tmp_path, "id,income\nA,10\nB,20\nC,30\n", key="id", features=["income", "orders"], orders=str(orders)
    )
    assert content.features == ["income", "orders"]
    assert [row[:5] for row in rows(content)] == [
        ("A", 10.0, 1.0, 2.0, 12.0),
        ("B", 20.0, 0.0, 31.0, 36.0),
        ("C", 30.0, None, 0.0, 0.0),
    ]
    assert [row[1:3] for row in rows(content, "_rejected_orders")] == [("rejected", "unknown_customer")]
    with pytest.raises(ConfigError, match="made of the orders: orders"):
        read(tmp_path, "id,orders\nA,10\n", key="id", orders=str(orders))
    with pytest.raises(ConfigError, match="--orders alone makes recency_days"):
        read_files(FileRequest(None, str(orders), None, ["income"], None), {})
