"""`segjob query`: the files of sql/reports in the names of another segmentation."""

from __future__ import annotations

import csv
import io
import shlex
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from segjob.cli.app import app
from segjob.commands.read.query import questions

DEMO = ("--segmentation", "income_spending")
TWO = {"crossed_segmentations", "segment_overlap"}


def ask(file: Path, line: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["query", *shlex.split(line), "--warehouse", str(file)])
    assert result.exit_code == code, result.stderr
    return result.stderr if code else result.stdout


@pytest.mark.parametrize("name", questions())
def test_a_question_about_the_demo_is_the_files_answer(name, warehouse, report):
    two = "--with value" if name in TWO else ""
    segmentation = "value" if name == "rfm_quintiles" else "income_spending"
    found = ask(warehouse, f"{name} --segmentation {segmentation} {two} --csv")
    expected = io.StringIO()
    csv.writer(expected, lineterminator="\n").writerows(report_rows(warehouse, name))
    assert found == (expected.getvalue() if expected.getvalue().count("\n") > 1 else "")


def report_rows(file: Path, name: str) -> list[list[object]]:
    sql = (Path(__file__).parents[2] / "sql" / "reports" / f"{name}.sql").read_text(encoding="utf-8")
    with duckdb.connect(str(file), read_only=True) as connection:
        cursor = connection.execute(sql)
        return [[column[0] for column in cursor.description], *cursor.fetchall()]


@pytest.fixture
def odd(own_copy, tmp_path, monkeypatch) -> Path:
    """A segmentation of a relation, key and columns whose names are nothing like the demo's."""
    with duckdb.connect(str(own_copy)) as connection:
        connection.execute('create schema "it\'s"')
        connection.execute(
            'create table "it\'s"."my shop" as select customer_id as "Client No", annual_income as "€ %", '
            'spending_score as "order", gender as "value", revenue as umsatz, orders as n from customer_features'
        )
        connection.execute(
            'create table bills as select customer_id as buyer, ordered_at as "when", revenue as eur '
            "from staging.int_order_lines"
        )
        connection.execute("drop table staging.int_order_lines")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "segjob.toml").write_text(
        """[warehouse]
        schema = "segments"
        [segmentations."it's 50 %"]
        relation = "\\"it's\\".\\"my shop\\""
        key = "Client No"
        k = 3
        features = ["€ %", "order", { column = "value", kind = "categorical" }]
        """
    )
    done = CliRunner().invoke(app, ["run", "it's 50 %", "-q", "--warehouse", str(own_copy)])
    assert done.exit_code == 0, done.stderr
    return own_copy


def test_a_question_is_answered_in_any_names_or_says_what_it_needs(odd):
    own = '--segmentation "it\'s 50 %"'
    for name, question in questions().items():
        if question.needs or name in TWO:
            continue
        sql = ask(odd, f"{name} {own} --sql")
        assert "income_spending" not in sql
        assert "customer_id" not in sql
        with duckdb.connect(str(odd), read_only=True) as connection:
            by_hand = connection.execute(sql).fetchall()
        assert len(by_hand) == max(0, ask(odd, f"{name} {own} --csv").count("\n") - 1), name
    excluded = ask(odd, f"excluded_customers {own} --csv")
    assert excluded.splitlines()[0] == "Client No,source_column,value,reason"
    assert 'c019,€ %,,"no value, and none is imputed"' in excluded
    assert ask(odd, f"outliers {own} --csv").splitlines()[0].endswith("€ %,order,value")
    life = ask(odd, f"customer_life {own} --set customer=c110 --csv").splitlines()
    assert len(life) == 2
    assert ask(odd, f"near_a_border {own} --set margin_below=99 --csv").count("\n") > 300
    refusal = ask(odd, f"revenue_share {own}", 2)
    assert 'reads revenue, orders of "it\'s"."my shop", which has no such column' in refusal
    assert "--use revenue=COLUMN --use orders=COLUMN" in refusal
    shares = ask(odd, f"revenue_share {own} --use revenue=umsatz --use orders=n --csv")
    assert shares.count("\n") == 5
    assert "there is no such table or view" in ask(odd, f"revenue_over_time {own}", 2)
    bills = (
        "--use staging.int_order_lines=bills --use customer_id=buyer --use ordered_at=when --use revenue=eur"
    )
    months = ask(odd, f"revenue_over_time {own} {bills} --csv")
    assert (
        months.splitlines()[0]
        == "order_year,order_month,segment_id,segment_name,customers,eur,percent_of_month"
    )
    assert months.count("\n") > 10


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("profil_card", "did you mean profile_card?"),
        ("profile_card", "there are 2 segmentations"),
        ("segment_overlap --segmentation value", "name the second one: --with NAME"),
        ("profile_card --segmentation value --with value", "is about one segmentation"),
        ("profile_card --segmentation value --set k=3", "has no parameter 'k'"),
        ("near_a_border --segmentation value --set margin_below=many", "is a number, such as 0.25"),
        ("near_a_border --segmentation value --set margin_below", "takes NAME=VALUE"),
        ("outliers --segmentation value --use revenue=eur", "does not ask for 'revenue'"),
    ],
)
def test_a_wrong_question_is_refused_with_what_to_do(line, message, warehouse):
    assert message in ask(warehouse, line, 2)


def test_all_questions_are_listed(warehouse):
    listed = ask(warehouse, "")
    assert [name for name in questions() if name not in listed] == []
    assert "--use COLUMN=YOURS" in listed
