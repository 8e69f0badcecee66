"""Files made at random: every line is read or rejected, and no value that is read is a wrong one.

8 files here; SEGJOB_TEST_MADE_FILES=300 makes as many, of up to 100,000 lines.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from helpers.made_files import made_file
from helpers.plain_jinja import PlainJinja

FILES = int(os.environ.get("SEGJOB_TEST_MADE_FILES", "8"))
MOST_LINES = 100_000 if "SEGJOB_TEST_MADE_FILES" in os.environ else 2000


@pytest.mark.parametrize("seed", range(FILES))
def test_every_line_is_read_or_rejected_and_no_value_is_wrong(seed: int, tmp_path: Path) -> None:
    made = made_file(seed, MOST_LINES)
    file = tmp_path / "orders.csv"
    file.write_bytes(made.content)
    project = PlainJinja(duckdb.connect(), {"SEGJOB_ORDERS": str(file)})
    project.run("rejected_orders")
    assert project.failures("every_order_line_is_accounted_for") == [], made.dialect
    assert project.ask("select count(*) from base_orders") == [(made.records,)], made.dialect
    ((kept,), (rejected,)) = project.ask(
        "select count(*) from int_order_lines union all select count(*) from rejected_orders"
    )
    assert kept + rejected == made.records, made.dialect
    wrong = [
        row
        for row in project.ask(
            "select file_row, order_id, ordered_at, quantity, unit_price from int_orders_judged where outcome = 'kept'"
        )
        if made.truth.get(row[0]) != row[1:]
    ]
    assert wrong == [], made.dialect
    reasons = project.ask("select reason, count(*) from rejected_orders group by all")
    unreadable = [
        one
        for one in reasons
        if one[0] not in ("too_many_columns", "ordered_at_unreadable", "unit_price_missing")
    ]
    # A few lines may leave it open which is the day; else nothing more is rejected than was spoiled.
    assert unreadable == [] or made.records < 40, (reasons, made.dialect)
