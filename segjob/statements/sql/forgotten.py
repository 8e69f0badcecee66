"""Who was forgotten, by salted hashes: the condition that leaves them out of a relation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from segjob.statements.sql.elements import Sha256


@dataclass(frozen=True)
class Forgotten:
    """Where it stands who was forgotten.

    schema : of the published tables `forgotten` and `salts`.
    key_column : the name of the key that hashes are of: number 7 may be a customer and a product.
    """

    schema: str
    key_column: str

    def salted_hash(self, key: ColumnElement[Any]) -> ColumnElement[str]:
        """The hash of a key, computed in the warehouse; of a text that is no key if it is NULL."""
        salts = sa.table("salts", sa.column("salt", sa.Text()), schema=self.schema)
        salt = sa.select(sa.func.max(salts.c.salt)).scalar_subquery()
        text = sa.func.coalesce(sa.cast(key, sa.Text()), sa.literal("", sa.Text()))
        named = sa.func.concat(sa.literal(f" {self.key_column.lower()}: ", sa.Text()), text)
        return Sha256(sa.func.concat(salt, named))

    def hashes(self) -> sa.Select[Any]:
        """All of them."""
        table = sa.table("forgotten", *map(sa.column, ("key_column", "salted_hash")), schema=self.schema)
        return sa.select(table.c.salted_hash).where(table.c.key_column == self.key_column.lower())

    def leaves(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        """True for the key of somebody who was not forgotten."""
        return self.salted_hash(key).not_in(self.hashes())
