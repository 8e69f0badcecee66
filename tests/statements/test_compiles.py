from __future__ import annotations

import inspect
import re

import pytest
import sqlalchemy as sa
from helpers.every_statement import ROOMS, STATEMENTS
from sqlalchemy.dialects import postgresql


def _compiled(statement: sa.ClauseElement) -> str:
    return str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))


def _outside_quotes(sql: str) -> str:
    return re.sub(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'", "", sql)


@pytest.mark.parametrize("name", STATEMENTS)
def test_compiles_for_postgresql(name: str) -> None:
    sql = _compiled(STATEMENTS[name])
    bare = _outside_quotes(sql)
    assert sql.startswith(("SELECT", "WITH"))
    assert not set(bare) & set(";\"'\\:"), "a name or a text has left its quotes"
    uncast = re.sub(r"CAST\(-?[\d.]+e[+-]?\d+ AS DOUBLE PRECISION\)", "", bare)
    assert not re.search(r"\de[+-]?\d", uncast), "a number that is not cast is numeric there"
    assert "quantile_cont" not in bare
    assert "approx_count_distinct" not in bare
    assert not re.search(r"\bhash\(", bare)


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_is_the_same_from_the_cache_and_without(name: str) -> None:
    """SQLAlchemy caches compiled statements by structure: two models must not share one."""
    first, second = (STATEMENTS[n]._generate_cache_key() for n in (name, "raw"))
    if first is None:  # numbers that are listed row by row are never cached
        assert "VALUES" in _compiled(STATEMENTS[name])
        return
    assert name == "raw" or first.key != second.key


def test_every_public_statement_is_compiled_here() -> None:
    public = {
        name
        for room in ROOMS
        for name, function in inspect.getmembers(room, inspect.isfunction)
        if not name.startswith("_")
        and function.__module__ == room.__name__
        and str(inspect.signature(function).return_annotation) == "SelectBase"
    }
    assert public <= {name.split(" ")[0] for name in STATEMENTS}
    assert len(public) > 35
