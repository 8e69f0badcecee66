"""How names are written to Snowflake and read from it: one rule, in both directions.

Snowflake reads a name without quotes as upper case. Here such a name is in lower case, as on every other engine: what
segjob makes is written without quotes, and `ID` of the catalogue is `id`. A name that somebody made in quotes is
written in quotes as it is; one that is all in lower case, `"id"`, is `ID` here, so that the two stay apart.
"""

from __future__ import annotations

import re
from typing import Any

from snowflake.sqlalchemy.base import RESERVED_WORDS, SnowflakeIdentifierPreparer

_PLAIN, _UPPER = re.compile(r"[a-z_][a-z0-9_$]*"), re.compile(r"[A-Z_][A-Z0-9_$]*")
_RESERVED = {word.lower() for word in RESERVED_WORDS} | {"qualify", "values", "group", "order"}


def from_catalogue(name: str) -> str:
    """A name of Snowflake's catalogue as segjob has it."""
    return name.swapcase() if _UPPER.fullmatch(name) or _PLAIN.fullmatch(name) else name


to_catalogue = from_catalogue
"""A name that segjob has as it is in Snowflake's catalogue: the same exchange."""


def written(name: str) -> str:
    """A name as it stands in a statement."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    return '"' + to_catalogue(name).replace('"', '""') + '"'


class SnowflakeNames(SnowflakeIdentifierPreparer):
    """Every name by the one rule, whether or not it was asked to be quoted."""

    def quote(self, ident: str, force: Any = None) -> str:
        """The name as it stands in a statement."""
        return written(str(ident))

    def _safe_quote(self, ident: str) -> str:
        return written(str(ident))

    def quote_schema(self, schema: str, force: Any = None) -> str:
        """The same; a dot in it is a dot."""
        return written(str(schema))

    def format_label(self, label: Any, name: str | None = None) -> str:
        """The same for what a select calls its columns."""
        return written(str(name or label.name))


def adapt(dialect: Any) -> Any:
    """A dialect of snowflake-sqlalchemy that follows the rule, and takes comments where Snowflake does."""
    dialect.identifier_preparer = SnowflakeNames(dialect)
    dialect.normalize_name = dialect.denormalize_name = lambda name: name and from_catalogue(str(name))
    dialect.inline_comments = True
    return dialect
