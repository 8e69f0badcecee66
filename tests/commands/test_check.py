"""`segjob check` says all that `run` would say short of fitting, in the same words, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, execute

ASKED = ("--from", "customers", "--key", "id", "--features", "income,score")
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        ("insert into customers values (1, 5, 5)", 3, "key 'id' of customers is not unique"),
        ("update customers set id = null where id = 7", 3, "is null in 1 row"),
        (
            "update customers set income = 'nan' where id = 7",
            3,
            "feature 'income' of customers has NaN in 1 row",
        ),
        ("update customers set income = 'inf' where id = 7", 3, "has infinity in 1 row"),
        ("update customers set income = 4", 3, "feature 'income' has one value only"),
        ("update customers set income = null", 3, "feature 'income' of customers has no value in any row"),
        ("delete from customers", 3, "customers has no rows"),
        ("alter table customers alter score type varchar", 3, "is VARCHAR, not a number"),
    ],
)
def test_it_refuses_what_a_run_refuses(
    file: Path, refused: Refused, statement: str, code: int, words: str
) -> None:
    execute(file, statement)
    said = refused(file, code, "check", *ASKED)
    assert words in said
    assert said.endswith(
        refused(file, code, "run", "-q", *ASKED).removeprefix("error: ").removeprefix("customers: ")
    )


def test_it_names_too_many_categories_and_every_segmentation(
    file: Path, folder: Path, refused: Refused
) -> None:
    execute(file, "alter table customers add column town varchar", "update customers set town = id")
    config = """
    [segmentations.towns]
    relation = "customers"
    key = "id"
    features = ["income", {{ column = "town", kind = "categorical" }}]
    [segmentations.many]
    relation = "few"
    key = "id"
    features = ["income"]
    k = 5
    """.replace("{{", "{").replace("}}", "}")
    execute(file, "create table few as select id, id % 3 as income from customers")
    (folder / "segjob.toml").write_text(config)
    said = refused(file, 3, "check")
    assert "2 problems" in said
    assert "towns: " in said
    assert "150" in said
    assert "many: k = 5, but only 3 of the rows are different" in said


@pytest.mark.parametrize(
    "kind", ["create view segments.runs as select 1 as x", "create table segments.runs (x int)"]
)
def test_tables_of_somebody_else_in_the_schema(file: Path, refused: Refused, kind: str) -> None:
    execute(file, "create schema segments", kind)
    for verb in (("check", *ASKED), ("run", "-q", *ASKED), ("init", "--config", file.parent / "c.toml")):
        assert "segments.runs of" in (said := refused(file, 2, *verb)), said
        assert "is not what segjob installs" in said


def test_a_table_in_place_of_the_runs(groups: Path, refused: Refused) -> None:
    execute(
        groups, "alter table segments.runs rename to gone", "create view segments.runs as from segments.gone"
    )
    assert "is not what segjob installs" in refused(groups, 2, "check", *ASKED)


def test_a_name_that_is_too_long(file: Path, groups: Path, segjob: Segjob, refused: Refused) -> None:
    said = refused(groups, 2, "check", *ASKED, "--name", "n" * 5_000)
    assert "at most 100 characters" in said
    assert len(said) < 500
    assert "at most 100 characters, this one 101" in refused(groups, 2, "name", "1", "n" * 101)
    assert "at most 2,000" in refused(groups, 2, "name", "1", "VIP", "--description", "n" * 2001)
    assert segjob("name", "1", "n" * 100, "--warehouse", groups).code == 0


def test_it_says_that_the_lines_of_the_file_are_rejected(file: Path, refused: Refused) -> None:
    execute(
        file,
        "create table customer_features as select id as customer_id, null::double as recency_days from customers",
        "create table cleaning_report as select * from (values ('orders', 'row', 'read', 40), "
        "('orders', 'row', 'kept', 2), ('orders', 'ordered_at_ambiguous', 'rejected', 30), "
        "('orders', 'quantity_zero', 'rejected', 8)) as t(file, finding, outcome, rows)",
    )
    described = ("--from", "customer_features", "--key", "customer_id", "--features", "recency_days")
    said = refused(file, 3, "check", *described)
    assert "of 40 lines of the orders file 38 are rejected, most of them as ordered_at_ambiguous (30)" in said
    assert "SEGJOB_DATE_ORDER=dmy" in said
    assert "look in main.rejected_orders" in said
    execute(file, "update cleaning_report set rows = 400 where outcome = 'read'")
    assert "rejected" not in refused(file, 3, "check", *described)


def test_a_relation_of_the_segmentations_name_is_named_once(file: Path, refused: Refused) -> None:
    said = refused(file, 3, "check", *ASKED[:4], "--features", "income,gander")
    assert said.startswith("error: customers has no column 'gander' (feature)")
    other = refused(file, 3, "check", *ASKED[:4], "--features", "income,gander", "--name", "groups")
    assert other.startswith("error: groups: customers has no column 'gander' (feature)")
