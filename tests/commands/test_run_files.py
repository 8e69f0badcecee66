"""`segjob run` on files: from a CSV to published segments, and again, without touching what is not segjob's."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from helpers import order_files
from helpers.small_warehouse import Segjob, customers, execute, query

MADE = "".join(
    f"{number};{income:.2f};{score:.2f}\n".replace(".", ",") for number, income, score in customers()
)
NAMED = ("--key", "id", "--features", "income,score", "--k", "5", "-q")


@pytest.fixture
def shop(folder: Path) -> Path:
    file = folder / "exports" / "My shop.csv"
    file.parent.mkdir()
    file.write_text("id;income;score\n" + MADE + "x;viel;5\n")
    return file


def test_a_file_becomes_segments_in_a_new_warehouse_beside_it(segjob: Segjob, shop: Path) -> None:
    asked = segjob("run", "--from", shop)
    assert asked.code == 2
    assert "those that hold numbers are score" in asked.err
    assert not list(shop.parent.glob("*.duckdb"))
    suggested = shlex.split(asked.err.partition("for all of them: ")[2])
    assert suggested[:4] == ["segjob", "run", "--from", str(shop)]
    first = segjob("run", "--from", shop, *NAMED)
    assert first.code == 0, first.err
    warehouse = shop.parent / "segjob.duckdb"
    report = [line.strip() for line in first.out.splitlines() if line.startswith("  segjob ")]
    assert report == [f"segjob report --segmentation my_shop --warehouse {warehouse}"]
    assert "1 cannot be used, most of them as income_unreadable" in first.err
    assert query(warehouse, "select count(*), sum(income)::int from my_shop") == [(150, 8000)] or query(
        warehouse, "select count(*) from my_shop"
    ) == [(150,)]
    assert query(warehouse, "select reason, raw_line from my_shop_rejected_lines") == [
        ("income_unreadable", "x;viel;5")
    ]
    assert query(warehouse, "select count(*), count(distinct segment_id) from segments.my_shop") == [(150, 5)]


def test_a_table_that_segjob_loaded_is_replaced_and_no_other(segjob: Segjob, shop: Path) -> None:
    warehouse = shop.parent.parent / "shop.duckdb"
    there = ("--warehouse", warehouse, *NAMED)
    execute(
        warehouse,
        "create table my_shop (id integer, income double, score double)",
        "insert into my_shop values (1, 2, 3)",
    )
    refused = segjob("run", "--from", shop, *there)
    assert refused.code == 2
    assert "main.my_shop of" in refused.err
    assert "is not a table that segjob has loaded" in refused.err
    assert query(warehouse, "select * from my_shop") == [(1, 2.0, 3.0)]
    assert query(warehouse, "from duckdb_tables() where schema_name = 'segments'") == []
    assert segjob("run", "--from", shop, "--table", "clients", *there).code == 0
    shop.write_text("id;income;score\n" + MADE.replace("\n1;", "\n1001;"))
    outcome = segjob("run", "--from", shop, "--table", "clients", *there, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.document["loaded"]["relation"] == "main.clients"
    assert outcome.document["loaded"]["tables"]["main.clients"] == 150
    assert query(warehouse, "select count(*), max(id) from clients") == [(150, 150)]
    assert query(warehouse, "select relation, rows from segments.files where relation = 'main.clients'") == [
        ("main.clients", 150)
    ]
    execute(warehouse, "alter table clients add column mine text")
    changed = segjob("run", "--from", shop, "--table", "clients", *there)
    assert changed.code == 2
    assert "was changed since segjob loaded it" in changed.err


def test_check_reads_a_file_and_leaves_nothing(segjob: Segjob, shop: Path) -> None:
    outcome = segjob("check", "--from", shop, *NAMED[:4])
    assert outcome.code == 0, outcome.err
    assert outcome.out == "my_shop: main.my_shop by id is fine\n"
    assert sorted(path.name for path in shop.parent.iterdir()) == [shop.name]
    refused = segjob("run", "--from", shop, *NAMED, "--dry-run")
    assert refused.code == 2
    assert "--dry-run is for tables" in refused.err
    assert segjob("run", "--from", "customers", "--orders", shop).code == 2
    assert segjob("run", "--from", "customers", *NAMED, "--table", "x").code == 2
    assert segjob("run", "--from", shop, *NAMED, "--table", "a b").code == 2


SHOPS = ["german_excel", "olist", "online_retail", "superstore"]


@pytest.mark.parametrize("kind", SHOPS if "SEGJOB_TEST_MILLION" in os.environ else SHOPS[:1])
def test_orders_go_from_file_to_published_segments(segjob: Segjob, folder: Path, kind: str) -> None:
    """SEGJOB_TEST_MILLION=1 takes all kinds, of 20,000 lines."""
    lines = order_files.order_lines(20_000 if "SEGJOB_TEST_MILLION" in os.environ else 3000, seed=5)
    Path("orders.csv").write_bytes(getattr(order_files, kind)(lines))
    outcome = segjob("run", "--orders", "orders.csv", "--k", "4")
    assert outcome.code == 0, outcome.err
    assert "loaded orders.csv into" in outcome.out
    warehouse = folder / "segjob.duckdb"
    ((segmented, k),) = query(
        warehouse, "select count(*), count(distinct segment_id) from segments.customer_features"
    )
    ((bought,),) = query(
        warehouse, "select count(*) from customer_features where recency_days is not null and revenue >= 0"
    )
    assert (segmented, k) == (bought, 4)
    ((kept, rejected),) = query(
        warehouse,
        "select sum(rows) filter (where outcome = 'kept'), sum(rows) filter (where outcome = 'read') "
        "from cleaning_report where file = 'orders'",
    )
    ((lost,),) = query(warehouse, "select count(*) from rejected_orders")
    assert kept + lost == rejected == len(lines)
