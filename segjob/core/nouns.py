"""What one row of a relation is called: the word that pages and messages use for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMED_BY_ID = re.compile(r"(?:^|.*[^a-z])([a-z]{3,}?)[ _-]?id$", re.IGNORECASE)


@dataclass(frozen=True)
class Noun:
    """One of them, and many."""

    one: str
    many: str

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
