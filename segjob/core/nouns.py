"""What one row of a relation is called: the word that pages and messages use for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMED_BY_ID = re.compile(r"(?:^|.*[^a-z])([a-z]{3,}?)[ _-]?id$", re.IGNORECASE)
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
class Noun:
    """One of them, and many."""

    one: str
    many: str

    @property
    def everyone(self) -> str:
        """All of them: people are everyone, things are not."""
        return "everyone" if self.one in _PEOPLE else f"all {self.many}"

    @property
    def everyones(self) -> str:
        """The same, possessive."""
        return "everyone’s" if self.one in _PEOPLE else f"all {self.many}’"

    def of(self, count: int) -> str:
        """The form that goes with a count."""
        return self.one if count == 1 else self.many


def noun_of(key: str) -> Noun:
    """What a key names: `product_id` and `ProductID` name products; one that says nothing, such as `id`, customers."""
    found = _NAMED_BY_ID.match(key)
    word = found[1].lower() if found else "customer"
    if word.endswith("y") and word[-2] not in "aeiou":
        return Noun(word, word[:-1] + "ies")
    return Noun(word, word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s"))
