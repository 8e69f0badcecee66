"""The attack suite: `make attack` runs all of it, and every other run a small part of it.

SEGJOB_ATTACK is how much: 1 is the whole, 0.02 the default. SEGJOB_ATTACK_REPORT names a JSON file for the figures,
which is added to.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator

import pytest
from helpers.attack_figures import Figures, session_file

PART = float(os.environ.get("SEGJOB_ATTACK") or 0.02)
Count = Callable[[str, str], None]
_FIGURES = Figures()


def some(whole: int, *attacks: str) -> range:
    """The seeds of this run out of so many, for these attacks."""
    for attack in attacks:
        _FIGURES.whole[attack] = whole
    return range(max(3, round(whole * PART)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note the tests in which a check did not hold."""
    report = yield
    if report.failed:
        _FIGURES.failed.add(item.name)
    return report


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """What was attacked and how it ended, for docs/reliability.md."""
    yield _FIGURES
    if file := session_file():
        _FIGURES.write(file)


@pytest.fixture
def count(figures: Figures) -> Count:
    """Count one attack, and how it ended."""
    return figures.count
