"""A condition that a person wrote: is it one expression, whatever engine reads it? The engine parses it later."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--|/\*|[();$`'"\x00]""")
_BACKTICKS = ("spark",)
"""Dialects that quote names so; to others a backtick is an operator or nothing."""
_COMMENTS = ("--", "/*")


def condition_problem(text: str, dialect: str) -> str | None:
    r"""What keeps a text from standing between two brackets as one expression; None if nothing does.

    Quoted texts are skipped as every engine reads them: where engines differ (a backslash before a quote, dollar
    quotes, backticks) the text is refused, because a quote that one of them does not see could hide anything.

    >>> condition_problem("country = 'DE'", "duckdb")
    >>> condition_problem("true) or (true", "duckdb")
    'it closes a bracket that it has not opened'
    """
    if not text.strip():
        return "it is empty"
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if problem := _token_problem(token, dialect):
            return problem
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth < 0:
            return "it closes a bracket that it has not opened"
    return "it leaves a bracket open" if depth else None


def _token_problem(token: str, dialect: str) -> str | None:
    if token == ";":
        return "it holds a semicolon, so it is more than one expression"
    if token in _COMMENTS:
        return "it holds a comment"
    if token in ("'", '"', "`"):
        return f"a quote {token} is not closed"
    if token == "\x00":
        return "it holds a null byte"
    if token == "$":
        return "it holds a $ outside of quotes; write texts in single quotes"
    if token[0] == "`" and dialect not in _BACKTICKS:
        return 'it holds a backtick; write names in double quotes, such as "country"'
    if len(token) > 1 and re.search(r"""\\['"`]""", token):
        return "it holds a backslash before a quote; write a quote inside a text twice: ''"
    return None
