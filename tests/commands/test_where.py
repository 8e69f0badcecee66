"""`where`: only some of a relation's rows, for every verb that reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, dump, execute, fill, query

from segjob.config import Segmentation
from segjob.pipeline.measure import measure
from segjob.pipeline.progress import Progress
from segjob.registry.relations import resolve
from segjob.statements.relation import count
from segjob.warehouse.duckdb.warehouse import DuckDBFile

Refused = Callable[..., str]
COLUMNS = "id integer, income double, score double, country varchar"
ONLY = ("--where", "country = 'DE:100%'")


@pytest.fixture(scope="module")
def countries(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """Two thirds of 150 customers in one country; the others have values that would be refused."""
    return [(i, x, y, "DE:100%") if i % 3 else (1, float("nan"), 1e9, "O'Hara") for i, x, y in customers(150)]


@pytest.fixture
def shop(folder: Path, countries: list[tuple[object, ...]]) -> Path:
    return fill(folder / "shop.duckdb", countries, columns=COLUMNS)


def test_every_verb_takes_those_rows(shop: Path, folder: Path, segjob: Segjob, refused: Refused) -> None:
    assert "is not unique" in refused(shop, 3, "check", *RUN_GROUPS[1:-1])
    assert segjob("check", *RUN_GROUPS[1:-1], *ONLY, "--warehouse", shop).code == 0
    outcome = segjob(*RUN_GROUPS, *ONLY, "--k", "5", "--warehouse", shop)
    assert outcome.code == 0, outcome.err
    assert "100 customers, 50 others not asked for" in outcome.out
    counts = "select rows_read, rows_segmented, rows_excluded, rows_outside from segments.runs"
    assert query(shop, counts) == [(100, 100, 0, 50)]
    assert query(shop, "select count(*) from segments.exclusions") == [(0,)]
    for view in ("groups", "groups_scores"):
        assert query(shop, f"select count(*), count(distinct id) from segments.{view}") == [(100, 100)]
    assert "where country = 'DE:100%' (50 others not)" in segjob("show", "--warehouse", shop).out
    assert segjob("health", "--warehouse", shop).code == 0
    page = folder / "page.html"
    assert segjob("report", "--out", page, "--warehouse", shop).code == 0
    assert "<dt>Only where</dt><dd><code>country = &#39;DE:100%&#39;</code>; 50 others" in page.read_text()
    execute(shop, "create table others as select id + 1000 as id, income, score from customers where id > 1")
    assert segjob("score", "others", "--into", "scored", "--warehouse", shop).code == 0
    assert query(shop, "select count(*) from scored") == [(100 - 1,)]


def test_no_condition_changes_anything(shop: Path, refused: Refused) -> None:
    before = dump(shop)
    asked = RUN_GROUPS[1:-1]
    for where, code, words in (
        ("contry = 'DE'", 2, 'Referenced column "contry" not found'),
        ("1 = 1); drop table customers; --", 2, "closes a bracket that it has not opened"),
        ("count(*) > 1", 2, "WHERE clause cannot contain aggregates"),
        ("id in (delete from customers returning id)", 2, "syntax error"),
        ("cast(country as integer) > 1", 2, "Could not convert string"),
        ("country = 'FR'", 3, "customers has no row where country = 'FR'"),
    ):
        assert words in refused(shop, code, "check", *asked, "--where", where)
    for verb in (("run", "-q"), ("run", "--dry-run")):
        assert "has no row where" in refused(shop, 3, *verb, *asked, "--where", "country = 'FR'")
    assert dump(shop) == before


def test_it_is_a_key_of_the_config(shop: Path, folder: Path, segjob: Segjob, refused: Refused) -> None:
    text = (
        '[segmentations.groups]\nrelation = "customers"\nkey = "id"\nfeatures = ["income", "score"]\nk = 5\n'
    )
    (folder / "segjob.toml").write_text(text + 'where = """\ncountry = \'DE:100%\'\n  and id < 100"""\n')
    checked = segjob("check", "--json", "--warehouse", shop)
    assert checked.document["checked"][0]["where"] == "\ncountry = 'DE:100%'\n  and id < 100".lstrip("\n")
    assert "--where needs --from" in refused(shop, 2, "run", "groups", *ONLY)
    (folder / "segjob.toml").write_text(text + 'where = ""\n')
    assert "where" in refused(shop, 2, "run")


def test_it_is_asked_once_a_run(shop: Path) -> None:
    """A condition that answers otherwise each time would give every statement other rows."""
    warehouse = DuckDBFile(str(shop), shop)
    settings = Segmentation(
        relation="customers",
        key="id",
        features=["income"],  # type: ignore[arg-type]
        where="country = 'DE:100%' and random() < 0.8",
    )
    with warehouse.reading():
        dataset = measure(warehouse, resolve(warehouse, "groups", settings), Progress())
        again = [warehouse.scalar(count(dataset.relation)) for _ in range(5)]
    assert again == [dataset.counts.rows] * 5
    assert dataset.rows_outside == 150 - dataset.counts.rows
