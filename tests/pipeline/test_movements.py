"""Who moved, entered or left between two runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, execute, fill, query

from segjob.statements.published import changed_keys
from segjob.warehouse.duckdb.connection import FUNCTIONS, DuckDBConnection


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


@pytest.mark.parametrize(
    ("key", "order", "has_bitmaps", "by_bitmaps"),
    [
        ("id", "id", True, True),
        ("id", "hash(id)", True, False),
        ("100 * id", "id", True, False),
        ("'C' || id", "id", True, False),
        ("id", "id", False, False),
    ],
    ids=["by bitmaps", "in no order", "far apart", "texts", "an engine without bitmaps"],
)
def test_the_same_customers_move_with_and_without_bitmaps(
    folder: Path,
    segjob: Segjob,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    order: str,
    has_bitmaps: bool,
    by_bitmaps: bool,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(DuckDBConnection, "has_bitmaps", has_bitmaps)
    with_bitmaps = changed_keys.changed_keys
    monkeypatch.setattr(changed_keys, "changed_keys", lambda *of: asked.append(1) or with_bitmaps(*of))
    file = fill(folder / "shop.duckdb", customers(), table="made")
    execute(
        file,
        f"create table customers as select {key} as id, income, score from made where id > 2 order by {order}",
    )
    segjob(*RUN_GROUPS, "--k", "5", "--warehouse", file)
    assert not asked
    execute(
        file,
        f"delete from customers where id in (select {key} from made where id in (5, 6))",
        f"insert into customers select {key}, income, score from made where id <= 2",
        f"update customers set income = 90, score = 90 where id in (select {key} from made where id in (21, 22))",
    )
    segjob("assign", "groups", "-q", "--warehouse", file)
    found = query(
        file,
        f"""select made.id, change, from_segment_id = to_segment_id from segments.groups_movements as moved
        join made on moved.id = {key.replace("id", "made.id")} order by made.id""",
    )
    assert found == [
        (1, "entered", None),
        (2, "entered", None),
        (5, "left", None),
        (6, "left", None),
        (21, "moved", False),
        (22, "moved", False),
    ]
    assert len(asked) == by_bitmaps


def test_no_macro_can_take_the_place_of_what_bitmaps_call() -> None:
    called = {"bit_count", "bit_or", "bit_xor", "bitstring_agg", "get_bit", "range"}
    assert called <= FUNCTIONS
