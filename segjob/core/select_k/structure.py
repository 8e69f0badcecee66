"""The words for what a run's segments are, the same on the terminal, in the report and in the mart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADLINES = {
    "natural": "natural segments: the groups are there",
    "reproducible": "a division of a continuum: the borders are a convention, but other customers would give the same",
    "constructive": "constructive: neither groups nor a division that other customers would give too",
}
"""Structure -> what to say first (Dolnicar, Grün and Leisch, *Market Segmentation Analysis*, 2018, ch. 7)."""

DIVIDED_GROUPS = "a division of the rows"
"""What the reason says of a division of rows that have groups, which the segments do not follow."""

FIRM, FAIR = 0.85, 0.75
"""Mean Jaccard index of a highly stable, and of a valid, stable cluster (Hennig, 2007)."""


def headline(run: Mapping[str, Any]) -> str:
    """What a run's segments are, in words; empty for a run of a version that did not say so.

    Parameters
    ----------
    run : its row of table `runs`.
    """
    words = HEADLINES.get(run["structure"] or "", "")
    # Groups that the algorithm cuts across are no continuum.
    return words.replace("a continuum", "the rows") if DIVIDED_GROUPS in run["k_reason"] else words


def stability_word(jaccard: float | None) -> str | None:
    """`firm`, `fair` or `loose`; None if it is not known."""
    if jaccard is None:
        return None
    return "firm" if jaccard >= FIRM else "fair" if jaccard >= FAIR else "loose"
