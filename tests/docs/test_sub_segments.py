"""docs/sub_segments.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import Segjob, customers, execute, fill, query

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sub_segments.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.M | re.S)


@pytest.mark.slow
def test_a_segment_is_segmented_further(folder: Path, segjob: Segjob) -> None:
    rng = np.random.default_rng(3)
    visits = rng.choice([2.0, 30.0], 200)
    rows = [(*row, 20 + v + rng.normal(), v) for row, v in zip(customers(200), visits, strict=True)]
    columns = "customer_id integer, income double, score double, age double, visits double"
    file = fill(folder / "shop.duckdb", rows, columns=columns)
    (folder / "segjob.toml").write_text("\n".join(blocks("toml")))
    view, both_levels = blocks("sql")
    assert segjob("run", "shoppers", "-q", "--warehouse", file).code == 0
    execute(file, view)
    outcome = segjob("run", "enthusiasts", "-q", "--warehouse", file)
    assert outcome.code == 0, outcome.err
    levels = query(file, both_levels)
    assert [row[0] for row in levels] == ["1.1", "1.2", "2", "3", "4", "5"]
    assert sum(row[3] for row in levels) == 200
    sizes = query(file, "select rows from segments.segments where run_id = 2 order by segment_id")
    assert [(row[3],) for row in levels[:2]] == sizes
    expected = query(
        file,
        """select count(*) from customers join segments.shoppers using (customer_id)
        where segment_id = 1 group by visits order by 1 desc""",
    )
    assert sizes == expected
    checked = segjob("check", "--json", "--warehouse", file)
    assert checked.code == 0, checked.err
    assert [one["segmentation"] for one in checked.document["checked"]] == [
        "shoppers",
        "enthusiasts",
        "enthusiasts_where",
    ]
