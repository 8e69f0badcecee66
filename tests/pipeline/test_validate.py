"""Rows that cannot be segmented: exit code 3, in words that say what, where and what to do; nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, customers, execute, fill, query

ASKED = ("run", "--from", "customers", "--key", "id")
Refused = Callable[..., str]


@pytest.mark.parametrize(
    ("statements", "options", "words"),
    [
        pytest.param(
            [
                "update customers set income = 'nan' where id in (3, 4, 5, 6)",
                "update customers set income = '-inf' where id = 9",
            ],
            {},
            [
                "'income'",
                "NaN in 4 rows and infinity in 1 row",
                "nan at key 3, nan at key 4, nan at key 5",
                "non_finite",
            ],
            id="NaN and infinity",
        ),
        pytest.param(
            [
                "alter table customers add column tier text default '1.5'",
                "update customers set tier = 'n/a' where id < 5",
                "update customers set tier = '54k' where id = 9",
                "update customers set tier = null where id = 11",
            ],
            {"--features": "income,tier"},
            ["'tier'", "VARCHAR", "5 of 149 values", "'54k', 'n/a'", "cast it", "categorical"],
            id="text in a number",
        ),
        pytest.param(
            ["alter table customers add column since date default '2020-01-01'"],
            {"--features": "income,since"},
            ["'since'", "DATE", "days since"],
            id="a date",
        ),
        pytest.param(
            ["alter table customers add column tags integer[] default [1]"],
            {"--features": "income,tags"},
            ["'tags'", "INTEGER[]", "only numbers"],
            id="a list",
        ),
        pytest.param(
            ["update customers set income = 5"],
            {},
            ["'income'", "one value only (5)", "take it out"],
            id="constant",
        ),
        pytest.param(
            ["update customers set income = null"],
            {},
            ["'income'", "no value in any row", "take it out"],
            id="all null",
        ),
        pytest.param(
            ["update customers set income = 1, score = 2"],
            {},
            ["'income' has one value only (1)", "'score' has one value only (2)"],
            id="all rows the same",
        ),
        pytest.param(["delete from customers where id > 1"], {}, ["one value only"], id="one row"),
        pytest.param(["delete from customers"], {}, ["customers has no rows", "dbt run"], id="no row"),
        pytest.param(
            ["update customers set id = null where id < 4"],
            {},
            ["key 'id'", "null in 3 rows", "feature view"],
            id="null keys",
        ),
        pytest.param(
            ["update customers set id = 1 where id < 4", "update customers set id = 7 where id = 8"],
            {},
            ["key 'id'", "not unique", "1 (3 times), 7 (2 times)", "deduplicate"],
            id="repeated keys",
        ),
        pytest.param(
            [
                "update customers set id = null where id < 4",
                "update customers set score = 'nan' where id = 9",
            ],
            {},
            ["2 problems", "null in 3 rows", "nan at key 9"],
            id="two things at once",
        ),
        pytest.param(
            [], {"--from": "custmers"}, ["no table or view 'custmers'", "'customers'"], id="no relation"
        ),
        pytest.param(
            [], {"--from": "sales.customers"}, ["no table or view 'sales.customers'"], id="no schema"
        ),
        pytest.param([], {"--key": "idd"}, ["no column 'idd' (key)", "'id'"], id="no key"),
        pytest.param(
            [],
            {"--key": "idd", "--features": "income,scor,age"},
            [
                "3 problems",
                "'idd' (key)",
                "'scor' (feature)",
                "did you mean 'score'",
                "'age' (feature)",
                "id, income, score",
            ],
            id="no columns",
        ),
        pytest.param(
            ["delete from customers where id > 5"],
            {"--k": "7"},
            ["k = 7", "only 5 of the rows are different", "fewer segments"],
            id="fewer rows than k",
        ),
        pytest.param(
            ["update customers set income = id % 3, score = 1 - id % 3"],
            {"--k": "4"},
            ["k = 4", "only 3 of the rows are different"],
            id="fewer different rows than k",
        ),
        pytest.param(
            ["delete from customers where id > 50"],
            {"--k": "60"},
            ["k = 60", "only 50 of the rows are different"],
            id="k far beyond",
        ),
        pytest.param(
            ["update customers set income = income * 1e300"],
            {},
            ["'income' cannot be squared", "e+301", "divide it"],
            id="1e300",
        ),
        pytest.param(
            ["update customers set income = 1e300 where id = 3"],
            {},
            ["'income' cannot be squared", "1e+300"],
            id="one 1e300",
        ),
        pytest.param(
            ["update customers set income = income * 1e-322"],
            {"--scale": "minmax"},
            ["'income' cannot be squared"],
            id="1e-322",
        ),
        pytest.param(
            ["update customers set income = income * 1e-12"],
            {"--scale": "none"},
            ["'income' is too narrow to be divided", "(none scale, weight 1)", "standard"],
            id="1e-12, not scaled",
        ),
        pytest.param(
            ["update customers set income = 5 where id < 120"],
            {"--scale": "robust"},
            ["'income' has no spread", "robust", "standard"],
            id="no middle half",
        ),
    ],
)
def test_rows_are_refused(
    file: Path, refused: Refused, statements: list[str], options: dict[str, str], words: list[str]
) -> None:
    execute(file, *statements)
    asked = {"--from": "customers", "--key": "id", "--features": "income,score", **options}
    message = refused(file, 3, "run", "-q", *(part for pair in asked.items() for part in pair))
    for word in words:
        assert word in message


def test_a_later_run_that_fails_leaves_the_published_one(
    file: Path, segjob: Segjob, refused: Refused
) -> None:
    assert segjob(*ASKED, "--features", "income,score", "--warehouse", file).code == 0
    execute(file, "update customers set score = 'inf' where id = 1")
    assert "infinity in 1 row" in refused(file, 3, *ASKED, "-q", "--features", "income,score")
    assert query(file, "select run_id, count(*) from segments.customers group by all") == [(1, 150)]


@pytest.mark.parametrize(
    ("rows", "code", "k"),
    [(5, 5, None), (3, 0, "3"), (2, 0, "2"), (2, 5, None), (1, 3, None)],
    ids=["five, auto", "three, fixed", "two, fixed", "two, auto", "one, auto"],
)
def test_a_handful_of_rows(folder: Path, segjob: Segjob, rows: int, code: int, k: str | None) -> None:
    """The range of k is cut to what the rows allow; too few to see segments in publish nothing, and leave why."""
    file = fill(folder / "few.duckdb", customers(rows))
    options = ("--k", k) if k else ()
    outcome = segjob(*ASKED, "--features", "income,score", "--warehouse", file, *options)
    assert outcome.code == code, outcome.err
    schemas = query(file, "select count(*) from duckdb_schemas() where schema_name = 'segments'")
    assert schemas == [(0 if code == 3 else 1,)]
    if code == 5:
        assert query(file, "select status, k from segments.runs") == [("refused", None)]
    if not code:
        ((tried,),) = query(file, "select max(k) from segments.sweeps")
        assert tried <= rows


SEGMENTATION = """
[segmentations.s]
relation = "customers"
key = "id"
features = [{feature}, "score"]
k = 3
{more}
"""


def configured(folder: Path, feature: str, more: str = "") -> Path:
    config = folder / "segjob.toml"
    config.write_text(SEGMENTATION.format(feature=feature, more=more))
    return config


@pytest.mark.parametrize(
    ("feature", "more", "statement", "words"),
    [
        (
            '{ column = "c", kind = "categorical" }',
            "",
            "update customers set c = 'x'",
            ["'c' has one category only ('x')"],
        ),
        (
            '{ column = "c", kind = "categorical" }',
            "",
            "insert into customers select 1000 + i, 1, 1, 'c' || i from range(1000) t(i)",
            ["'c' has 1,001 categories", "c0", "at most 30"],
        ),
        (
            '"income"',
            'row_weight = "w"',
            "update customers set w = null where id < 4",
            ["row weight 'w'", "null in 3 rows"],
        ),
        (
            '"income"',
            'row_weight = "w"',
            "update customers set w = -1 where id < 4",
            ["row weight 'w'", "negative in 3 rows"],
        ),
        (
            '"income"',
            'row_weight = "w"',
            "update customers set w = 'nan' where id < 3",
            ["NaN or infinite in 2 rows"],
        ),
        ('"income"', 'row_weight = "w"', "update customers set w = 0", ["row weight 'w' is 0 in every row"]),
        (
            '"income"',
            'row_weight = "w"',
            "update customers set w = 1e300",
            ["row weight 'w' adds up to 1.5e+302"],
        ),
        ('"income"', 'row_weight = "c"', "select 1", ["row weight 'c' is VARCHAR, not a number"]),
        ('"income"', 'row_weight = "nope"', "select 1", ["no column 'nope' (row weight)"]),
        (
            '{ column = "income", function = "log1p" }',
            "",
            "update customers set income = -5 - id",
            ["no row of customers is left", "income: below lower bound (150 rows)"],
        ),
        (
            '{ column = "income", lower = 1000 }',
            "",
            "select 1",
            ["no row of customers is left", "income: below lower bound (150 rows)", "widen the bounds"],
        ),
        (
            '{ column = "income", lower = 1000, outside = "clip" }',
            "",
            "select 1",
            ["'income' has one value only (1000)"],
        ),
        (
            '{ column = "income", missing = "impute" }',
            "",
            "update customers set income = null",
            ["'income'", "no value"],
        ),
    ],
)
def test_prepared_rows_are_refused(
    file: Path, folder: Path, refused: Refused, feature: str, more: str, statement: str, words: list[str]
) -> None:
    execute(
        file,
        "alter table customers add column c text default 'a'",
        "alter table customers add column w double default 1",
    )
    if statement.startswith("insert"):
        execute(file, "alter table customers drop column w", statement)
    else:
        execute(file, statement)
    message = refused(file, 3, "run", "-q", "--config", configured(folder, feature, more))
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("feature", "statement", "excluded"),
    [
        ('{ column = "income", function = "log1p" }', "update customers set income = -5 where id < 4", 3),
        (
            '{ column = "income", function = "log1p", lower = 0, outside = "clip" }',
            "update customers set income = -5 where id < 4",
            0,
        ),
        ('{ column = "income", lower = 30, upper = 70 }', "select 1", 120),
        ('{ column = "income", lower = 30, upper = 70, outside = "clip" }', "select 1", 0),
        ('{ column = "income", missing = "impute" }', "update customers set income = null where id < 11", 0),
        (
            '{ column = "income", missing = "impute", impute = "mean" }',
            "update customers set income = null where id < 11",
            0,
        ),
        (
            '{ column = "income", missing = "impute", impute = 50 }',
            "update customers set income = null where id < 11",
            0,
        ),
        ('"income"', "update customers set income = null where id < 11", 10),
        (
            '{ column = "income", non_finite = "missing" }',
            "update customers set income = 'nan' where id < 4",
            3,
        ),
        (
            '{ column = "income", non_finite = "missing", upper = 80 }',
            "update customers set income = 'inf' where id < 4",
            58,
        ),
        (
            '{ column = "income", non_finite = "missing", missing = "impute" }',
            "update customers set income = '-inf' where id < 4",
            0,
        ),
        ('"income"', "alter table customers alter income type decimal(38, 10)", 0),
    ],
)
@pytest.mark.long
def test_every_row_is_segmented_or_counted(
    file: Path, folder: Path, segjob: Segjob, feature: str, statement: str, excluded: int
) -> None:
    execute(file, statement)
    outcome = segjob("run", "-q", "--config", configured(folder, feature), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    ((read, segmented, left_out),) = query(
        file, "select rows_read, rows_segmented, rows_excluded from segments.runs"
    )
    assert (read, segmented, left_out) == (150, 150 - excluded, excluded)
    ((counted,),) = query(file, "select coalesce(sum(rows), 0) from segments.exclusions")
    assert counted == excluded
    assert query(file, "select count(*) from segments.s") == [(segmented,)]
    # The view that scores live says of an excluded customer that there is no segment.
    assert query(file, "select count(segment_id) from segments.s_scores") == [(segmented,)]


@pytest.mark.parametrize("weight", ["0", "3", "1e-300"])
def test_row_weights_count(file: Path, folder: Path, segjob: Segjob, weight: str) -> None:
    execute(
        file,
        "alter table customers add column w double default 1",
        f"update customers set w = {weight} where id < 4",
    )
    config = configured(folder, '"income"', 'row_weight = "w"')
    outcome = segjob("run", "-q", "--config", config, "--warehouse", file)
    assert outcome.code == 0, outcome.err
    assert query(file, "select count(*) from segments.s") == [(150,)]


def test_a_view_that_fails_is_the_datas_fault(file: Path, refused: Refused) -> None:
    execute(
        file,
        "create view featured as select id, score, cast(text as double) as income "
        "from (select *, case when id = 7 then '54k' else income::text end as text from customers)",
    )
    asked = ("--from", "featured", "--key", "id", "--features", "income,score")
    message = refused(file, 3, "run", "-q", *asked)
    assert "view featured cannot be read" in message
    assert "54k" in message
    assert "the statement: add --verbose" in message
    assert "SELECT" in refused(file, 3, "run", "-q", "--verbose", *asked)


def test_a_view_whose_file_is_gone(file: Path, folder: Path, refused: Refused) -> None:
    csv = folder / "customers.csv"
    execute(file, f"copy customers to '{csv}' (header)", f"create view featured as from read_csv('{csv}')")
    csv.unlink()
    message = refused(file, 3, "run", "-q", "--from", "featured", "--key", "id", "--features", "income,score")
    assert "customers.csv" in message
