"""How names are written to Snowflake and read from it. tests/doors runs jobs on an emulator."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("snowflake.sqlalchemy", reason="the driver for Snowflake is not installed")

from snowflake.sqlalchemy import snowdialect

from segjob.config import Config
from segjob.registry.schema import view_sql
from segjob.warehouse.connect import connect, secret_advice, without_secrets
from segjob.warehouse.snowflake.names import adapt, from_catalogue, to_catalogue, written


@pytest.mark.parametrize(
    ("catalogue", "ours", "sql"),
    [
        ("RUN_ID", "run_id", "run_id"),
        ("ROWS", "rows", '"ROWS"'),
        ("id", "ID", '"id"'),
        ("CustomerId", "CustomerId", '"CustomerId"'),
        ('a"b', 'a"b', '"a""b"'),
        ("x; drop", "x; drop", '"x; drop"'),
        ("sélect", "sélect", '"sélect"'),
        ("1ST", "1ST", '"1ST"'),
    ],
)
def test_a_name_is_the_same_in_the_catalogue_and_in_a_statement(catalogue: str, ours: str, sql: str) -> None:
    assert from_catalogue(catalogue) == ours
    assert written(ours) == sql
    assert (sql[1:-1].replace('""', '"') if sql[0] == '"' else sql.upper()) == catalogue


@given(st.text())
def test_no_two_names_are_exchanged_for_one(name: str) -> None:
    assert to_catalogue(from_catalogue(name)) == name


def test_a_file_of_sql_quotes_the_column_that_is_a_reserved_word() -> None:
    text = view_sql("trend", "segments", adapt(snowdialect.dialect()))
    assert 's."ROWS" as segment_rows' in text
    assert ".rows" not in text


def test_a_password_is_not_shown() -> None:
    url = "snowflake://me:s3cret@account/SHOP/PUBLIC?warehouse=WH&passcode=x&token=s3cret"
    warehouse = connect(Config(), warehouse=url)
    assert "s3cret" not in repr(warehouse) + warehouse.label + without_secrets(url, warehouse)
    assert "SNOWFLAKE_PASSWORD" in (secret_advice(url) or "")
