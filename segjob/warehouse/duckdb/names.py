"""Names and texts as DuckDB's SQL has them."""

from __future__ import annotations

import duckdb_engine


class DottedNames(duckdb_engine.DuckDBIdentifierPreparer):
    """duckdb-engine takes a dot in a schema's name for a database and a schema; here it is a dot."""

    def format_schema(self, name: str) -> str:
        """The schema's name as SQL has it."""
        return self.quote(name)


def quoted(name: str) -> str:
    """A name as SQL has it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text, or a path, as SQL has it."""
    return "'" + str(text).replace("'", "''") + "'"
