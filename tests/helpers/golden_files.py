"""The compiled statements of engines that no test runs, as files to read: golden/ENGINE/ROOM.sql.

`make golden` writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from snowflake.sqlalchemy import snowdialect

from helpers.every_statement import PLAIN, ROOMS, Subject, definitions, every
from segjob.statements.published.erasure import KEYS
from segjob.warehouse.snowflake.names import adapt

FOLDER = Path(__file__).resolve().parents[1] / "statements" / "golden"
DIALECTS: Mapping[str, sa.Dialect] = {
    "snowflake": adapt(snowdialect.dialect(paramstyle="named")),
}
for dialect in DIALECTS.values():
    dialect.identifier_preparer._double_percents = False  # the text that the engine gets, not its driver's
_WIDTH = 110
_PARTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$\$|[()]|[^\s()'\"`$]+|\$|\s+")
_CLAUSES = {"SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"}


def compiled(statement: sa.ClauseElement, engine: str) -> str:
    """A statement in an engine's SQL, all values written into it."""
    options = {} if isinstance(statement, sa.DDLElement) else {"literal_binds": True}
    text = str(statement.compile(dialect=DIALECTS[engine], compile_kwargs=options)).strip()
    return text.replace(KEYS, "segjob_forgotten_keys")  # without what differs from process to process


def readable(sql: str) -> str:
    """The same text but for blanks outside of quotes: clauses of selects begin lines, long lines are broken."""
    selects: list[bool] = []  # of the brackets that are open, which hold a select
    lines, line = [], ""
    parts = _PARTS.findall(sql)
    words = [part for part in parts if not part.isspace()]
    blank_before = [bool(i and parts[i - 1].isspace()) for i, part in enumerate(parts) if not part.isspace()]
    for i, (word, blank) in enumerate(zip(words, blank_before, strict=True)):
        indent = "  " * sum(selects)
        begins = word in _CLAUSES and (not selects or selects[-1]) and blank
        if begins or (blank and len(line) + len(word) > _WIDTH):
            lines.append(line)
            line = indent + ("" if begins else "    ") + word
        else:
            line += (" " if blank and line else "") + word
        if word == "(":
            selects.append(i + 1 < len(words) and words[i + 1] == "SELECT")
        elif word == ")":
            selects.pop()
    return "\n".join([*lines, line]).strip()


def room_of(name: str) -> str:
    """The module that a statement comes from."""
    function = name.split(" ")[0]
    return next(room.__name__.rpartition(".")[2] for room in ROOMS if function in vars(room))


def pages(engine: str, about: Subject = PLAIN) -> dict[str, str]:
    """File name -> what it holds, for one engine."""
    found: dict[str, list[str]] = {}
    for name, statement in every(about).items():
        if name.endswith("of a mixture"):
            continue  # as long again, of the same forms
        found.setdefault(room_of(name), []).append(f"-- {name}\n{readable(compiled(statement, engine))};\n")
    for name, statement in definitions(about).items():
        try:
            text = readable(compiled(statement, engine)) + ";"
        except sa.exc.CompileError as refused:
            text = f"-- refused: {refused}"
        found.setdefault("ddl", []).append(f"-- {name}\n{text}\n")
    return {f"{room}.sql": "\n".join(statements) for room, statements in found.items()}


if __name__ == "__main__":
    for engine in DIALECTS:
        (FOLDER / engine).mkdir(parents=True, exist_ok=True)
        for file, text in pages(engine).items():
            (FOLDER / engine / file).write_text(text, encoding="utf-8")
