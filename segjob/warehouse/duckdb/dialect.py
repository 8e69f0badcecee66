"""SQLAlchemy's door to DuckDB: names, types, one connection, and no reflection.

There is duckdb-engine, a package that has all of that and reflection, too. It opens three more DuckDB instances in
every process that imports and uses it, brings PostgreSQL's dialect with its drivers, and compiles each statement anew:
an eighth of what `segjob history` took; see decision 4.
"""

from __future__ import annotations

from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import DDLCompiler, GenericTypeCompiler, IdentifierPreparer, SQLCompiler

_reserved_words: set[str] = set()
"""DuckDB's own, once it was asked."""


def engine(settings: dict[str, str] | None = None) -> sa.Engine:
    """A database in memory, to which files are attached; the thread has one connection until the engine is disposed.

    Parameters
    ----------
    settings : DuckDB's, by name.
    """
    dialect = DuckDBDialect()

    def connect() -> _Connection:
        raw = duckdb.connect(":memory:", config=dict(settings or {}))
        dialect.learn_reserved_words(raw)
        return _Connection(raw)

    pool = sa.pool.SingletonThreadPool(connect, dialect=dialect)
    return sa.Engine(pool, dialect, sa.URL.create("duckdb", database=":memory:"))


class _Connection:
    """DuckDB's connection. Its own cursors are further connections, which see nothing of an open transaction."""

    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self._raw = raw

    def cursor(self) -> _Cursor:
        return _Cursor(self._raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class _Cursor:
    def __init__(self, raw: duckdb.DuckDBPyConnection) -> None:
        self._raw = raw

    def close(self) -> None:
        """Nothing: it would close the connection."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


class _Names(IdentifierPreparer):
    def __init__(self, dialect: sa.Dialect) -> None:
        super().__init__(dialect)
        self.reserved_words = self.reserved_words | _reserved_words


class _DuckDBTypes(GenericTypeCompiler):
    def visit_double(self, type_: Any, **kw: Any) -> str:
        return "DOUBLE PRECISION"

    def visit_datetime(self, type_: Any, **kw: Any) -> str:
        return f"TIMESTAMP {'WITH' if type_.timezone else 'WITHOUT'} TIME ZONE"

    def visit_ARRAY(self, type_: Any, **kw: Any) -> str:  # noqa: N802
        return f"{self.process(type_.item_type)}[]"


class _DuckDBStatements(SQLCompiler):
    def visit_regexp_match_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return f"regexp_matches({self.process(binary.left, **kw)}, {self.process(binary.right, **kw)})"

    def visit_not_regexp_match_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return f"NOT {self.visit_regexp_match_op_binary(binary, operator, **kw)}"

    def visit_empty_set_expr(self, element_types: Any, **kw: Any) -> str:
        return f"SELECT {', '.join('NULL' for _ in element_types or [None])} WHERE 1 != 1"


class DuckDBDialect(DefaultDialect):
    """For the connections that `engine` makes."""

    name = "duckdb"
    driver = "duckdb"
    supports_statement_cache = True
    supports_native_boolean = True
    supports_native_decimal = True
    supports_multivalues_insert = True
    supports_default_values = True
    supports_comments = True
    supports_sane_rowcount = False
    supports_sane_multi_rowcount = False
    use_insertmanyvalues = True
    use_insertmanyvalues_wo_returning = True
    div_is_floordiv = False
    statement_compiler = _DuckDBStatements
    ddl_compiler = DDLCompiler
    type_compiler_cls = _DuckDBTypes
    preparer = _Names  # type: ignore[assignment]  # its arguments after the first are other dialects'

    def __init__(self, **options: Any) -> None:
        super().__init__(paramstyle="numeric_dollar", **options)
        self.dbapi = duckdb  # type: ignore[assignment]

    def learn_reserved_words(self, raw: duckdb.DuckDBPyConnection) -> None:
        """Which names have to stand in quotes; the process asks once."""
        if not _reserved_words:
            words = raw.execute(
                "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
            )
            _reserved_words.update(word for (word,) in words.fetchall())
        self.identifier_preparer.reserved_words |= _reserved_words

    def do_begin(self, dbapi_connection: Any) -> None:
        dbapi_connection.begin()

    def do_rollback(self, dbapi_connection: Any) -> None:
        try:
            dbapi_connection.rollback()
        except duckdb.TransactionException as error:
            if "no transaction is active" not in str(error):
                raise
