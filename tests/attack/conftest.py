"""The attack suite: `make attack` runs all of it, and every other run a small part of it.

SEGJOB_ATTACK is how much: 1 is the whole, 0.02 the default. SEGJOB_ATTACK_REPORT names a JSON file for the figures.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PART = float(os.environ.get("SEGJOB_ATTACK") or 0.02)


def some(whole: int) -> range:
    """The seeds of this run out of so many."""
    return range(max(3, round(whole * PART)))


@pytest.fixture(scope="session")
def figures() -> Iterator[Counter[str]]:
    """Counts of what was attacked and how it ended, for docs/reliability.md."""
    counts: Counter[str] = Counter()
    yield counts
    if name := os.environ.get("SEGJOB_ATTACK_REPORT"):
        file = Path(name)
        before = Counter(json.loads(file.read_text())) if file.exists() else Counter()
        file.write_text(json.dumps(dict(sorted((before + counts).items())), indent=2))


@pytest.fixture
def count(figures: Counter[str]) -> Callable[[str], None]:
    """Count one event."""

    def add(event: str) -> None:
        figures[event] += 1

    return add
