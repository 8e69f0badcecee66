"""What one row of a relation is called: the word that pages and messages use for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMED_BY_ID = re.compile(r"(?:^|.*[^a-z])([a-z]{3,}?)[ _-]?id$", re.IGNORECASE)
_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OF_ANYTHING = {
    "anonymous",
    "crm",
    "entity",
    "erp",
    "external",
    "global",
    "hash",
    "hashed",
    "internal",
    "master",
    "national",
    "new",
    "old",
    "original",
    "source",
    "surrogate",
    "unique",
}
"""What an id can be besides somebody's: words that name no row."""
_PEOPLE = {
    "buyer",
    "client",
    "customer",
    "guest",
    "member",
    "patient",
    "person",
    "shopper",
    "subscriber",
    "user",
    "visitor",
}


@dataclass(frozen=True)
class RowLabel:
    """What one row is called, and many."""

    one: str
    many: str

    @property
    def is_person(self) -> bool:
        """Whether a row is somebody."""
        return self.one in _PEOPLE

    @property
    def everyone(self) -> str:
        """All of them: people are everyone, things are not."""
        return "everyone" if self.is_person else f"all {self.many}"

    @property
    def everyones(self) -> str:
        """The same, possessive."""
        return "everyone’s" if self.is_person else f"all {self.many}’"

    def of(self, count: int) -> str:
        """The form that goes with a count."""
        return self.one if count == 1 else self.many


def row_label_of(key: str) -> RowLabel:
    """The label of a key's rows: `product_id` and `ProductID` name products; one that says nothing, such as `id` or
    `external_id`, customers.
    """
    match = _NAMED_BY_ID.match(_NEXT_WORD.sub("_", key))
    word = match[1].lower() if match and match[1].lower() not in _OF_ANYTHING else "customer"
    if word.endswith("y") and word[-2] not in "aeiou":
        return RowLabel(word, word[:-1] + "ies")
    return RowLabel(word, word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s"))
