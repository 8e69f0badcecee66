"""The columns of a file by name: what they are called in the warehouse, and which of them the user means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from segjob.errors import ConfigError
from segjob.files.dbt_models import DbtModels

LONGEST_NAME = 60
"""Bytes of a column's name: PostgreSQL cuts them after 63."""


_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL")


@dataclass(frozen=True)
class TableColumn:
    """A column: its place in `file_lines`, its name in the warehouse, and the type that Parquet gives it."""

    place: str
    name: str
    type_name: str = "VARCHAR"

    @classmethod
    def of_type(cls, place: str, name: str, type_name: str) -> TableColumn:
        """A column of one of DuckDB's types; what is nested counts as text."""
        is_nested = "[" in type_name or ("(" in type_name and not type_name.startswith("DECIMAL"))
        return cls(place, name, "VARCHAR" if is_nested else type_name)

    @property
    def is_text(self) -> bool:
        """Whether what it holds has to be inferred."""
        return self.type_name == "VARCHAR"

    @property
    def is_number(self) -> bool:
        """Whether the file itself says that it holds numbers."""
        return any(word in self.type_name for word in _NUMBERS) and self.type_name != "INTERVAL"


def header_names(headers: Sequence[str]) -> list[str]:
    """A name for each header: itself, unless it is empty, too long or there twice in any case."""
    names: list[str] = []
    taken: set[str] = set()
    for number, header in enumerate(headers, 1):
        plain = re.sub(r"[\x00-\x1f\x7f]+", " ", header or "").strip() or f"column_{number}"
        cut = plain.encode()[:LONGEST_NAME].decode(errors="ignore")
        name, copy = cut, 1
        while name.casefold() in taken:
            copy += 1
            name = f"{cut}_{copy}"
        taken.add(name.casefold())
        names.append(name)
    return names


def pick(columns: Sequence[TableColumn], name: str, place: str, role: str) -> TableColumn:
    """The column of that name; without regard to case, blanks and signs where only one is alike.

    Raises
    ------
    ConfigError : there is none. role : what the name stands for in the message.
    """
    for spell in (str.strip, str.casefold, _plain):
        alike = [column for column in columns if spell(column.name) == spell(name)]
        if len(alike) == 1:
            return alike[0]
    names = [column.name for column in columns]
    close = difflib.get_close_matches(name.casefold(), [n.casefold() for n in names], n=1, cutoff=0.6)
    meant = next((n for n in names if close and n.casefold() == close[0]), None)
    raise ConfigError(
        f"{place} has no column {name!r} ({role}); its columns are {', '.join(names)}",
        hint=f"did you mean {meant!r}?" if meant else None,
    )


def _plain(name: str) -> str:
    return re.sub(r"\W|_", "", name).casefold()


def picked_key(
    models: DbtModels, columns: Sequence[TableColumn], spellings: Sequence[str], place: str
) -> TableColumn:
    """The column that names a customer, by its header.

    Raises
    ------
    ConfigError : there is none.
    """
    for spelling in spellings:
        for column in columns:
            if models.call("plain_header", column.name) == spelling:
                return column
    names = ", ".join(column.name for column in columns)
    raise ConfigError(f"say which column of {place} names a customer, with --key; its columns are {names}")
