"""An emulator of Snowflake in this process, with what segjob needs and fakesnow lacks: functions in SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

_FUNCTION = re.compile(
    r"\s*CREATE OR REPLACE FUNCTION (\S+?)\((.*?)\) RETURNS INTEGER AS \$\$(.*)\$\$", re.DOTALL
)
_PARAMETER = re.compile(r'("(?:[^"]|"")*"|\w+) \w+(?:, )?')


@contextmanager
def patched() -> Iterator[None]:
    """Snowflake's driver connects to the emulator in here; every connection sees the same databases."""
    import fakesnow
    from fakesnow.cursor import FakeSnowflakeCursor

    execute = FakeSnowflakeCursor.execute

    def with_functions(self: Any, command: str, *arguments: Any, **options: Any) -> Any:
        if function := _FUNCTION.match(command):
            self._duck_conn.execute(_macro(*function.groups()))
            command = "select 'created' as status"
        return execute(self, _with_signed_hashes(command), *arguments, **options)

    with fakesnow.patch(), mock.patch.object(FakeSnowflakeCursor, "execute", with_functions):
        yield


def _with_signed_hashes(command: str) -> str:
    """The emulator's `hash` is DuckDB's, from 0 to 2^64; Snowflake's begins at -2^63."""
    parts, at = [], 0
    for call in re.finditer(r"\bhash\(", command):
        if call.start() < at:
            continue
        end, depth = call.end(), 1
        while depth:
            depth += {"(": 1, ")": -1}.get(command[end], 0)
            end += 1
        hashed = command[call.start() : end]
        # 62 bits of it, without a number that needs more than the emulator's 64.
        signed = f"((CAST(mod({hashed}, {2**62}) AS BIGINT) - {2**61}) * 4)"
        parts += [command[at : call.start()], signed]
        at = end
    return "".join([*parts, command[at:]])


def _macro(name: str, parameters: str, body: str) -> str:
    """The function as DuckDB has it, its body translated by the same parser that the emulator uses."""
    import sqlglot

    (select,) = sqlglot.transpile(f"SELECT {body}", read="snowflake", write="duckdb")
    names = ", ".join(_PARAMETER.findall(parameters))
    return f"CREATE OR REPLACE MACRO {name.upper()}({names}) AS ({select.removeprefix('SELECT ')})"
