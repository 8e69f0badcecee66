from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, customers


def four_thousand() -> list[tuple[int, float, float]]:
    return customers(4000)


@pytest.fixture
def published(after: Callable[..., Path]) -> Path:
    """A run on the first 600 of 4,000 customers, who are all in table everyone."""
    first = (
        "alter table customers rename to everyone",
        "create view customers as select * from everyone where id <= 600",
    )
    return after(RUN_GROUPS, rows=four_thousand, first=first)
