"""Engines that no test runs: a parser of their SQL understands the statements, which call what the engine documents."""

from __future__ import annotations

import re
from functools import cache
from itertools import chain

import pytest
import sqlglot
from helpers.every_statement import HOSTILE, PLAIN, definitions, every
from helpers.golden_files import DIALECTS, FOLDER, compiled, pages, readable
from snowflake.sqlalchemy.base import RESERVED_WORDS

EVERYWHERE = {
    "avg",
    "cast",
    "chr",
    "coalesce",
    "concat",
    "corr",
    "count",
    "exp",
    "floor",
    "lag",
    "least",
    "ln",
    "lower",
    "max",
    "min",
    "mod",
    "power",
    "row_number",
    "sqrt",
    "substr",
    "sum",
    "trim",
    "var_samp",
}
DOCUMENTED = {
    "snowflake": {
        "approx_count_distinct",
        "array_construct",
        "get",
        "hash",
        "bitxor_agg",
        "percentile_cont",
        "sha2",
    },
}
"""Functions, and types with a length, that the engine's own reference has."""
RESERVED = {
    "snowflake": {word.lower() for word in RESERVED_WORDS},
}


ABOUT = {"plain": PLAIN, "hostile": HOSTILE}


@cache
def _statements(engine: str, names: str) -> list[tuple[str, str]]:
    """(name, SQL) of every statement."""
    about = ABOUT[names]
    return [
        (name, compiled(s, engine)) for name, s in chain(every(about).items(), definitions(about).items())
    ]


def _bare(sql: str) -> str:
    return re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`", "''", sql)


@pytest.mark.parametrize("engine", DIALECTS)
def test_the_golden_files_are_up_to_date(engine: str) -> None:
    """Where this fails: read the difference, then `make golden`."""
    made = pages(engine)
    there = {file.name: file.read_text(encoding="utf-8") for file in (FOLDER / engine).iterdir()}
    assert there.keys() == made.keys()
    for name, text in made.items():
        assert there[name] == text, name


@pytest.mark.parametrize("names", ABOUT)
@pytest.mark.parametrize("engine", DIALECTS)
def test_a_parser_of_the_dialect_understands_every_statement(engine: str, names: str) -> None:
    for name, sql in _statements(engine, names):
        (tree,) = sqlglot.parse(sql, read=engine)
        assert isinstance(tree, sqlglot.exp.Query | sqlglot.exp.DDL | sqlglot.exp.Expression), name
        assert not isinstance(tree, sqlglot.exp.Command), name


@pytest.mark.parametrize("engine", DIALECTS)
def test_a_parser_refuses_what_is_broken(engine: str) -> None:
    """That the test above can fail."""
    sql = dict(_statements(engine, "plain"))["lloyd_pass"]
    with pytest.raises(sqlglot.errors.ParseError):
        sqlglot.parse(sql.replace("END", "", 1), read=engine)


@pytest.mark.parametrize("engine", DIALECTS)
def test_only_documented_functions_are_called(engine: str) -> None:
    for name, sql in _statements(engine, "plain"):
        called = {word.lower() for word in re.findall(r"\b([a-zA-Z_]\w*)\(", _bare(sql))}
        made = {"groups_segment"}  # by segjob itself
        assert called <= EVERYWHERE | DOCUMENTED[engine] | made, name


@pytest.mark.parametrize("engine", DIALECTS)
def test_no_name_is_a_reserved_word_outside_quotes(engine: str) -> None:
    assert len(RESERVED[engine]) > 50
    for name, sql in _statements(engine, "hostile"):
        names = set(re.findall(r"\bAS ([a-z_]\w*)|\.([a-z_]\w*)", _bare(sql)))
        assert not {word for pair in names for word in pair} & RESERVED[engine], name


@pytest.mark.parametrize("engine", DIALECTS)
def test_the_files_hold_the_statements_but_for_blanks(engine: str) -> None:
    for _, sql in _statements(engine, "hostile"):
        assert "".join(readable(sql).split()) == "".join(sql.split())
