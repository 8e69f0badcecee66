"""Colours by role, for light and dark, and a segment's own colour and marker: the same in every figure and every run.

The eight segment colours were searched for so that, on their background and under simulated red-, green- and
blue-blindness (Machado, Oliveira and Fernandes 2009), any two stay apart and each has a contrast of at least 3.
"""

from __future__ import annotations

SEGMENTS_LIGHT = ("#1a86e8", "#e17410", "#027468", "#c12fb0", "#14437f", "#8f4f01", "#969088", "#443800")
SEGMENTS_DARK = ("#3fb0fc", "#f8982d", "#7ceeda", "#9a5f96", "#7869ff", "#be6603", "#9e9e94", "#f0df4d")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""One less than there are colours: colour and marker together tell 56 segments apart."""

LIGHT = {
    "ink": "#1b1f27",
    "muted": "#5a6270",
    "line": "#dfe3e9",
    "surface": "#ffffff",
    "paper": "#f5f6f8",
    "accent": "#4b3fce",
    "above": "#c2570d",
    "below": "#1f66ad",
    "bar": "#b9c2cf",
    **{f"s{i}": colour for i, colour in enumerate(SEGMENTS_LIGHT, 1)},
}
"""Role -> colour. No two are equal: figures are drawn in these, and a page puts the role in their place."""

DARK = {
    "ink": "#eceff4",
    "muted": "#a7b0bd",
    "line": "#353b46",
    "surface": "#1b1e24",
    "paper": "#111317",
    "accent": "#a9a2ff",
    "above": "#ef8a3c",
    "below": "#5aa2ea",
    "bar": "#566070",
    **{f"s{i}": colour for i, colour in enumerate(SEGMENTS_DARK, 1)},
}


def segment_role(segment_id: int) -> str:
    """The role that colours a segment; its number alone decides."""
    return f"s{(segment_id - 1) % len(SEGMENTS_LIGHT) + 1}"


def segment_colour(segment_id: int) -> str:
    """The same as a colour, light."""
    return LIGHT[segment_role(segment_id)]


def segment_marker(segment_id: int) -> str:
    """The marker of a segment, as matplotlib calls it."""
    return MARKERS[(segment_id - 1) % len(MARKERS)]


def css() -> str:
    """The roles as CSS custom properties: light, dark where the reader's system asks for it, light on paper."""
    light, dark = (
        "".join(f"--{role}:{colour};" for role, colour in theme.items()) for theme in (LIGHT, DARK)
    )
    return (
        f":root{{color-scheme:light dark;{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    )
