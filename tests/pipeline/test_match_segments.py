"""Segments keep their numbers and names over retrains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, execute, fill, query

pytestmark = pytest.mark.slow


def sample(file: Path, table: str, share: float, seed: int) -> None:
    execute(
        file,
        f"create or replace view customers as select * from {table} where hash(id, {seed}) < {share} * 2**64",
    )


@pytest.fixture
def everyone(folder: Path) -> Path:
    return fill(folder / "shop.duckdb", customers(1000), table="everyone")


@pytest.mark.long
def test_ids_and_assignments_stay_over_ten_resamples(everyone: Path, segjob: Segjob) -> None:
    sample(everyone, "everyone", 0.9, 0)
    assert segjob(*RUN_GROUPS, "--k", "5", "--warehouse", everyone).code == 0
    for seed in range(1, 11):
        sample(everyone, "everyone", 0.9, seed)
        assert segjob(*RUN_GROUPS, "--k", "5", "--seed", str(seed), "--warehouse", everyone).code == 0
    changes = query(everyone, "select distinct change from segments.lineage where run_id > 1")
    assert changes == [("same",)]
    moved = query(
        everyone,
        """select max(share) from (
            select t.run_id, sum(customers) filter (from_segment_id <> to_segment_id)
                / sum(customers) filter (from_segment_id is not null and to_segment_id is not null) as share
            from segments.transitions as t group by t.run_id)""",
    )[0][0]
    assert (moved or 0) <= 0.05


@pytest.mark.parametrize("resample", range(3))
@pytest.mark.long
def test_mall_ids_stay_over_ten_resamples(
    mall_csv: Path, folder: Path, segjob: Segjob, resample: int
) -> None:
    file = folder / "mall.duckdb"
    execute(
        file,
        f"""create table everyone as select column0 as id, column3::double as income, column4::double as score
        from read_csv('{mall_csv}', header = false, skip = 1)""",
    )
    seeds = range(10 * resample, 10 * resample + 4)
    for seed in seeds:
        sample(file, "everyone", 0.9, seed)
        assert segjob(*RUN_GROUPS, "--k", "5", "--warehouse", file).code == 0
    changes = query(file, "select change, count(*) from segments.lineage where run_id > 1 group by 1")
    assert {change for change, _ in changes} <= {"same", "changed"}
    kept = query(
        file,
        """select sum(customers) filter (from_segment_id = to_segment_id) / sum(customers)
        from segments.transitions where from_segment_id is not null and to_segment_id is not null
        group by run_id""",
    )
    assert len(kept) == 3
    assert min(share for (share,) in kept) >= 0.95


def test_a_sixth_group_gets_a_new_number_and_the_others_keep_theirs(everyone: Path, segjob: Segjob) -> None:
    execute(everyone, "create view customers as select * from everyone")
    segjob(*RUN_GROUPS, "--warehouse", everyone)
    assert query(everyone, "select k from segments.current_runs") == [(5,)]
    segjob("name", "2", "VIP", "--description", "the best", "--warehouse", everyone)
    rng = np.random.default_rng(3)
    values = ", ".join(
        f"({10_000 + i}, {x:.3f}, {y:.3f})" for i, (x, y) in enumerate(rng.normal((140, 50), 4, (250, 2)))
    )
    execute(everyone, f"insert into everyone values {values}")
    assert segjob(*RUN_GROUPS, "--warehouse", everyone).code == 0
    lineage = dict(query(everyone, "select segment_id, change from segments.lineage where run_id = 2"))
    assert lineage.pop(6) == "new"
    assert set(lineage) == {1, 2, 3, 4, 5}
    assert set(lineage.values()) == {"same"}
    named = "select name, description, named_by from segments.current_segments where segment_id = 2"
    assert query(everyone, named) == [("VIP", "the best", "analyst")]
    where = "select distinct segment_id from segments.groups where id >= 10000"
    assert query(everyone, where) == [(6,)]


@pytest.mark.long
def test_a_retired_number_is_never_given_again(everyone: Path, segjob: Segjob) -> None:
    execute(everyone, "create view customers as select * from everyone")
    segjob(*RUN_GROUPS, "--k", "5", "--warehouse", everyone)
    segjob(*RUN_GROUPS, "--k", "3", "--warehouse", everyone)
    retired = query(
        everyone, "select segment_id from segments.lineage where run_id = 2 and change = 'retired'"
    )
    assert len(retired) >= 2
    heirs = (
        "select count(merged_into_segment_id) from segments.lineage where run_id = 2 and change = 'retired'"
    )
    assert query(everyone, heirs)[0][0] >= 1
    segjob(*RUN_GROUPS, "--k", "5", "--warehouse", everyone)
    fresh = query(everyone, "select segment_id from segments.lineage where run_id = 3 and change = 'new'")
    assert min(number for (number,) in fresh) > 5
    splits = "select count(split_from_segment_id) from segments.lineage where run_id = 3 and change = 'new'"
    assert query(everyone, splits)[0][0] >= 1
