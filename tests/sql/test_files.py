"""Every file of sql/ runs as it stands, and says what it is for."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

SQL = Path(__file__).resolve().parent.parent.parent / "sql"
REPORTS = sorted((SQL / "reports").glob("*.sql"))
VIEWS = sorted((SQL / "views").glob("*.sql"))


def named(file: Path) -> str:
    return file.stem


def test_there_are_reports_and_views():
    assert len(REPORTS) >= 10
    assert len(VIEWS) >= 5


@pytest.mark.parametrize("file", REPORTS, ids=named)
def test_a_report_is_one_select_that_finds_rows_in_a_stated_order(file, rows):
    text = file.read_text(encoding="utf-8")
    statements = duckdb.extract_statements(text)
    assert [s.type for s in statements] == [duckdb.StatementType.SELECT]
    found = rows(text)
    assert len(found) > 0 or file.stem == "customer_life", "the demo's customer is none of these"
    assert found.columns.is_unique
    assert "order by" in text.rsplit("\nfrom ", 1)[-1]


@pytest.mark.parametrize("file", REPORTS, ids=named)
def test_the_header_of_a_report_says_question_grain_and_parameters(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    header = [line for line in lines[:3] if line.startswith("-- ")]
    needed = {line for line in lines[3:6] if line.startswith("-- Needs: ")}
    assert {bool(re.fullmatch(r"-- Needs: [\w.]+ \(\w+(, \w+)*\)", line)) for line in needed} <= {True}
    labels = [line.removeprefix("-- ").partition(": ") for line in header]
    assert [label for label, _, _ in labels] == ["Question", "Grain", "Parameters"]
    question, grain, parameters = (said for _, _, said in labels)
    assert question.endswith("?")
    assert grain.startswith("one row per ")
    stated = parameters.startswith("none")
    assert stated == ("with params as (" not in file.read_text(encoding="utf-8")), parameters


@pytest.mark.parametrize("file", REPORTS, ids=named)
def test_a_report_gives_the_same_rows_in_the_same_order_twice(file, rows):
    text = file.read_text(encoding="utf-8")
    assert rows(text).equals(rows(text))


@pytest.mark.parametrize("file", VIEWS, ids=named)
def test_a_view_can_be_installed_by_hand_as_it_stands(file, own_copy):
    with duckdb.connect(str(own_copy)) as connection:
        connection.execute(file.read_text(encoding="utf-8"))
        by_hand = connection.execute(f"select * from segments.{file.stem} order by all").fetchall()
    assert by_hand


@pytest.mark.parametrize("file", VIEWS, ids=named)
def test_what_segjob_installs_is_what_the_file_says(file, rows, own_copy):
    installed = rows(f"select * from segments.{file.stem} order by all")
    with duckdb.connect(str(own_copy)) as connection:
        connection.execute(file.read_text(encoding="utf-8"))
        by_hand = connection.execute(f"select * from segments.{file.stem} order by all").df()
    assert installed.equals(by_hand)


@pytest.mark.parametrize("file", VIEWS, ids=named)
def test_a_view_says_its_grain(file):
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"-- .+\. One row per .+\.", first), first
