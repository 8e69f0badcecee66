"""SQLAlchemy's door to DuckDB: what it writes runs, and means what SQLAlchemy's means elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
import sqlalchemy as sa

from segjob.statements.sql.elements import Item, Quantiles
from segjob.warehouse.duckdb.dialect import engine

ROWS = sa.table("rows", sa.column("id", sa.BigInteger()), sa.column("value", sa.Double()), schema="main")


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    made = engine({"threads": "1"})
    with made.connect() as opened:
        opened.exec_driver_sql('create table "rows" as select i as id, i / 2 as value from range(8) t(i)')
        opened.commit()
        yield opened
    made.dispose()


def test_every_reserved_word_is_quoted(connection: sa.Connection) -> None:
    words = [
        word
        for (word,) in connection.exec_driver_sql(
            "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        )
    ]
    assert len(words) > 50
    for word in words:
        table = sa.Table(word, sa.MetaData(), sa.Column(word, sa.Double()), schema="main")
        connection.execute(sa.schema.CreateTable(table))
        connection.execute(sa.insert(table).values({word: 1.5}))
        assert connection.execute(sa.select(table)).one() == (1.5,)
        connection.execute(sa.schema.DropTable(table))


@pytest.mark.parametrize("name", ["a.b", 'a"b', "a b", "ä", "1", "A", "a;--", "%s", ":x"])
def test_any_name_of_schema_table_and_column(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.schema.CreateSchema(name))
    table = sa.Table(
        name, sa.MetaData(), sa.Column(name, sa.Text(), comment=f"{name}'"), schema=name, comment=name
    )
    connection.execute(sa.schema.CreateTable(table))
    connection.execute(sa.schema.SetTableComment(table))
    connection.execute(sa.schema.SetColumnComment(table.columns[name]))
    connection.execute(sa.insert(table), [{name: f"{i}\\'"} for i in range(3)])
    assert connection.execute(sa.select(table).order_by(table.columns[name])).scalars().all() == [
        "0\\'",
        "1\\'",
        "2\\'",
    ]
    said = connection.exec_driver_sql(
        "select comment from duckdb_columns() where schema_name not in ('main', 'pg_catalog', 'information_schema')"
    )
    assert said.scalars().all() == [f"{name}'"]


def test_literals_are_what_they_were(connection: sa.Connection) -> None:
    for text in ("a\\b", "it's", "%d", ":name", "$1", "ü\n"):
        statement = sa.select(sa.literal(text, sa.Text()))
        written = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
        assert connection.exec_driver_sql(written).scalar() == text
        assert connection.execute(statement).scalar() == text


def test_a_kept_statement_is_not_another_one(connection: sa.Connection) -> None:
    """SQLAlchemy keeps what it has compiled; what stands in a statement tells two of them apart."""
    for q in (0.0, 0.5, 1.0, 0.5):
        found = connection.execute(sa.select(Item(Quantiles(ROWS.c.value, [q]), 1))).scalar()
        assert found == 3.5 * q
    for some in ([], [1], [1, 2, 3], []):
        found = connection.execute(
            sa.select(sa.func.count()).select_from(ROWS).where(ROWS.c.id.in_(some))
        ).scalar()
        assert found == len(some)


def test_whole_numbers_divide_as_duckdb_does(connection: sa.Connection) -> None:
    assert connection.execute(sa.select(sa.literal(3) / sa.literal(2))).scalar() == 1.5


def test_matching_a_pattern(connection: sa.Connection) -> None:
    texts = sa.values(sa.column("text", sa.Text()), name="texts").data([("12",), ("x1",), (None,)])
    matches = texts.c.text.regexp_match("^[0-9]+$")
    found = connection.execute(
        sa.select(sa.func.count().filter(matches), sa.func.count().filter(sa.not_(matches)))
    )
    assert found.one() == (1, 1)


def test_a_transaction_is_one_although_cursors_are_many(connection: sa.Connection) -> None:
    connection.execute(sa.insert(ROWS).values(id=100, value=1.0))
    assert connection.execute(sa.select(sa.func.count()).select_from(ROWS)).scalar() == 9
    connection.rollback()
    assert connection.execute(sa.select(sa.func.count()).select_from(ROWS)).scalar() == 8
    connection.exec_driver_sql("rollback")
    connection.rollback()  # what is over already is no error


def test_errors_are_sqlalchemy_s(connection: sa.Connection) -> None:
    with pytest.raises(sa.exc.DBAPIError) as caught:
        connection.exec_driver_sql("select nothing from nowhere")
    assert isinstance(caught.value.orig, duckdb.CatalogException)
    connection.rollback()
    assert connection.execute(sa.select(sa.literal(1))).scalar() == 1
