"""Text from outside, such as names and categories, as a terminal or a page may show it: never as a command."""

from __future__ import annotations

import unicodedata

_CONTROLS = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories that no line of text may hold: controls (ESC and C1 among them), lone surrogates, line and
paragraph separators."""
_BIDI_CONTROLS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of what follows, so that it reads as something else."""


def is_unsafe(character: str) -> bool:
    """Whether a character does something other than being shown."""
    return unicodedata.category(character) in _CONTROLS or character in _BIDI_CONTROLS


def one_line(text: str) -> str:
    """The text on one line: unsafe characters become spaces, and direction is left as it is."""
    shown = (" " if is_unsafe(c) else c for c in text if c not in _BIDI_CONTROLS)
    return " ".join("".join(shown).split())


def without_controls(text: str) -> str:
    """The text with its line breaks and without any other unsafe character."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in text if c == "\n" or not is_unsafe(c))
