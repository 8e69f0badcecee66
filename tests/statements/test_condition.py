"""A user's condition is one expression in brackets, and nothing in it can end them."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.statements.sql.condition import condition_problem

SOUND = (
    "country = 'DE'",
    "name = 'O''Brien; --' and (a > 1 or b in (1, 2))",
    "a < 1 and \"odd ) name\" like '50%'",
    "at >= '2025-01-01 12:30:00'::timestamp",
    "name = '$5' and code similar to '\\d+'",
    "id in (select id from wanted)",
)
UNSOUND = {
    " ": "empty",
    "true) or (true": "closes a bracket",
    "(true": "leaves a bracket open",
    "true; drop table t": "semicolon",
    "true -- rest": "comment",
    "true /* rest */": "comment",
    "name = 'O": "not closed",
    'a = "b': "not closed",
    "name = 'a\\') or true --'": "backslash before a quote",
    "a = $$'$$ or $$'$$ = b": "outside of quotes",
    "`a` = 1": "backtick",
    "a = '\x00' and \x00": "null byte",
}


@pytest.mark.parametrize("text", SOUND)
@pytest.mark.parametrize("dialect", ["duckdb", "postgresql", "spark"])
def test_one_expression_passes(text: str, dialect: str) -> None:
    assert condition_problem(text, dialect) is None


@pytest.mark.parametrize("text", UNSOUND)
def test_all_else_is_refused_with_a_reason(text: str) -> None:
    problem = condition_problem(text, "duckdb")
    assert problem is not None
    assert UNSOUND[text] in problem


def test_backticks_are_names_to_spark_alone() -> None:
    assert condition_problem("`odd ) name` = 1", "spark") is None
    assert condition_problem("`a` = 1", "postgresql") is not None


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from([*"();'\"$ \\-/*a1=", "--", "/*", "'", "''", " or ", "$$"]), max_size=12))
def test_what_passes_is_one_statement_to_the_engine(parts: list[str]) -> None:
    """Whatever passes is, in its brackets, one statement of DuckDB, or none that it can read."""
    text = "".join(parts)
    if condition_problem(text, "duckdb") is not None:
        return
    try:
        statements = duckdb.extract_statements(f"select 1 from t where ({text}) limit 1")
    except duckdb.ParserException:
        return
    assert len(statements) == 1
    assert str(statements[0].query).rstrip("; ").endswith("limit 1")
