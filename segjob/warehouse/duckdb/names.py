"""Names and texts as DuckDB's SQL has them."""

from __future__ import annotations


def quoted(name: str) -> str:
    """A name as SQL has it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text, or a path, as SQL has it."""
    return "'" + str(text).replace("'", "''") + "'"
