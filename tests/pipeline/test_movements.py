"""Who moved, entered or left between two runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, execute, fill, query


@pytest.mark.long
@pytest.mark.slow
def test_a_planted_move_is_found(folder: Path, segjob: Segjob) -> None:
    file = fill(folder / "shop.duckdb", customers(3000))
    segjob(*RUN_GROUPS, "--k", "5", "--warehouse", file)
    # 300 of those around (20, 20) move to (90, 90).
    execute(
        file, "update customers set income = income + 70, score = score + 70 where id % 5 = 1 and id <= 1500"
    )
    segjob(*RUN_GROUPS, "--k", "5", "--warehouse", file)
    moved = query(file, "select change, count(*) from segments.groups_movements group by all")
    assert dict(moved).keys() == {"moved"}
    assert abs(dict(moved)["moved"] - 300) <= 6
    arrived = query(
        file, "select sum(customers) from segments.migration where from_segment_id <> to_segment_id"
    )
    assert arrived[0][0] == dict(moved)["moved"]


def test_movements_agree_with_the_two_histories(groups: Path, segjob: Segjob) -> None:
    execute(
        groups,
        "delete from customers where id <= 7",
        "insert into customers select id + 1000, income, score from customers where id between 10 and 13",
        "update customers set income = 90, score = 90 where id in (20, 21)",
    )
    segjob(*RUN_GROUPS, "--warehouse", groups)
    expected = query(
        groups,
        """select coalesce(n.id, o.id),
            case when o.id is null then 'entered' when n.id is null then 'left' else 'moved' end,
            o.segment_id, n.segment_id
        from (select * from segments.groups_history where run_id = 2) n
        full join (select * from segments.groups_history where run_id = 1) o on n.id = o.id
        where o.segment_id is distinct from n.segment_id order by 1""",
    )
    found = query(
        groups, "select id, change, from_segment_id, to_segment_id from segments.groups_movements order by 1"
    )
    assert found == expected
    assert len(found) >= 11
    whole = query(
        groups,
        """select sum(customers) filter (to_segment_id is not null), sum(customers) filter (from_segment_id is not null)
        from segments.transitions""",
    )
    sizes = query(groups, "select rows_segmented from segments.runs order by run_id desc")
    assert [count for (count,) in sizes] == [int(of) for of in whole[0]]
