"""Segment numbers and names over retrains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import Segjob, customers, execute, fill, query

RUN = ("run", "--from", "customers", "--key", "id", "--features", "income,score", "--name", "groups", "-q")


def sample(file: Path, table: str, share: float, seed: int) -> None:
    execute(
        file,
        f"create or replace view customers as select * from {table} where hash(id, {seed}) < {share} * 2**64",
    )


@pytest.fixture
def everyone(folder: Path) -> Path:
    return fill(folder / "shop.duckdb", customers(1000), table="everyone")


def test_ids_and_assignments_stay_over_ten_resamples(everyone: Path, segjob: Segjob) -> None:
    sample(everyone, "everyone", 0.9, 0)
    assert segjob(*RUN, "--k", "5", "--warehouse", everyone).code == 0
    for seed in range(1, 11):
        sample(everyone, "everyone", 0.9, seed)
        assert segjob(*RUN, "--k", "5", "--seed", str(seed), "--warehouse", everyone).code == 0
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
        assert segjob(*RUN, "--k", "5", "--warehouse", file).code == 0
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
    segjob(*RUN, "--warehouse", everyone)
    assert query(everyone, "select k from segments.current_runs") == [(5,)]
    segjob("name", "2", "VIP", "--description", "the best", "--warehouse", everyone)
    rng = np.random.default_rng(3)
    values = ", ".join(
        f"({10_000 + i}, {x:.3f}, {y:.3f})" for i, (x, y) in enumerate(rng.normal((140, 50), 4, (250, 2)))
    )
    execute(everyone, f"insert into everyone values {values}")
    assert segjob(*RUN, "--warehouse", everyone).code == 0
    lineage = dict(query(everyone, "select segment_id, change from segments.lineage where run_id = 2"))
    assert lineage.pop(6) == "new"
    assert set(lineage) == {1, 2, 3, 4, 5}
    assert set(lineage.values()) == {"same"}
    named = "select name, description, named_by from segments.current_segments where segment_id = 2"
    assert query(everyone, named) == [("VIP", "the best", "analyst")]
    where = "select distinct segment_id from segments.groups where id >= 10000"
    assert query(everyone, where) == [(6,)]


def test_a_retired_number_is_never_given_again(everyone: Path, segjob: Segjob) -> None:
    execute(everyone, "create view customers as select * from everyone")
    segjob(*RUN, "--k", "5", "--warehouse", everyone)
    segjob(*RUN, "--k", "3", "--warehouse", everyone)
    retired = query(
        everyone, "select segment_id from segments.lineage where run_id = 2 and change = 'retired'"
    )
    assert len(retired) >= 2
    heirs = (
        "select count(merged_into_segment_id) from segments.lineage where run_id = 2 and change = 'retired'"
    )
    assert query(everyone, heirs)[0][0] >= 1
    segjob(*RUN, "--k", "5", "--warehouse", everyone)
    fresh = query(everyone, "select segment_id from segments.lineage where run_id = 3 and change = 'new'")
    assert min(number for (number,) in fresh) > 5
    splits = "select count(split_from_segment_id) from segments.lineage where run_id = 3 and change = 'new'"
    assert query(everyone, splits)[0][0] >= 1


def test_names_are_refused_when_empty_taken_or_of_no_segment(
    file: Path, segjob: Segjob, refused: object
) -> None:
    assert callable(refused)
    segjob(*RUN, "--warehouse", file)
    segjob("name", "1", "VIP", "--warehouse", file)
    assert "is called 'VIP' already" in refused(file, 2, "name", "2", "VIP")
    assert "cannot be empty" in refused(file, 2, "name", "2", "  ")
    assert "has no segment 9" in refused(file, 3, "name", "9", "Nobody")


def test_a_name_is_in_every_view_at_once(file: Path, segjob: Segjob) -> None:
    segjob(*RUN, "--warehouse", file)
    segjob("name", "1", 'it\'s "VIP"; drop', "--warehouse", file)
    for view in ("groups", "groups_scores"):
        assert query(file, f"select distinct segment_name from segments.{view} where segment_id = 1") == [
            ('it\'s "VIP"; drop',)
        ]
    assert query(file, "select name from segments.groups_profile where segment_id = 1") == [
        ('it\'s "VIP"; drop',)
    ]


def test_each_rule_runs_as_sql_and_is_as_good_as_it_says(folder: Path, segjob: Segjob) -> None:
    file = folder / "shop.duckdb"
    fill(file, customers(1000))
    execute(
        file,
        """create view people as select id, income, score as "Spending Score",
            case when id % 5 < 2 then 'it''s her' when id % 5 = 2 then null else 'him' end as gender from customers""",
    )
    (folder / "segjob.toml").write_text(
        """[segmentations.people]
        relation = "people"
        key = "id"
        features = ["income", "Spending Score", { column = "gender", kind = "categorical", weight = 3 }]
        k = 5
        """
    )
    assert segjob("run", "-q", "--warehouse", file).code == 0
    rules = query(file, "select segment_id, rule, rule_precision, rule_recall from segments.current_segments")
    assert len(rules) == 5
    for segment, rule, precision, recall in rules:
        hits, fitting, members = query(
            file,
            f"""select count(*) filter ((v.segment_id = {segment}) and ({rule})), count(*) filter ({rule}),
                count(*) filter (v.segment_id = {segment})
            from people join segments.people as v using (id)""",
        )[0]
        assert precision == pytest.approx(hits / fitting)
        assert recall == pytest.approx(hits / members)
        assert min(precision, recall) > 0.8


def test_actions_come_from_the_profile_or_from_the_config(folder: Path, file: Path, segjob: Segjob) -> None:
    segjob(*RUN, "--k", "5", "--warehouse", file)
    said = query(file, "select distinct action from segments.current_segments")
    assert said == [("the regular programme",)]  # "score" alone tells nobody what is scored
    execute(file, "alter table customers rename score to spending")
    spending = [word.replace("score", "spending") for word in RUN]
    segjob(*spending, "--k", "5", "--warehouse", file)
    said = query(file, "select distinct action from segments.current_segments where name like 'high%, high%'")
    assert said == [("premium offers, early access",)]
    (folder / "segjob.toml").write_text(
        """[[actions]]
        when = { income = "high", spending = "high" }
        action = "call them"
        [[actions]]
        action = "wait"
        """
    )
    segjob(*spending, "--k", "5", "--warehouse", file)
    actions = query(file, "select action, count(*) from segments.current_segments group by 1 order by 1")
    assert actions == [("call them", 1), ("wait", 4)]


def test_no_structure_publishes_nothing_unless_one_segment_is_allowed(
    folder: Path, segjob: Segjob, refused: object
) -> None:
    rng = np.random.default_rng(5)
    rows = [(i, float(x), float(y)) for i, (x, y) in enumerate(rng.normal(size=(600, 2)))]
    file = fill(folder / "noise.duckdb", rows)
    assert callable(refused)
    assert "no structure" in refused(file, 5, *RUN)
    assert segjob(*RUN, "--allow-one", "--warehouse", file).code == 0
    assert query(file, "select k, k_outcome, (select count(*) from segments.groups) from segments.runs") == [
        (1, "chosen", 600)
    ]


def test_a_segment_that_the_sample_holds_nobody_of_is_published_without_a_rule(
    folder: Path, segjob: Segjob
) -> None:
    rows = [*customers(4000), (9001, 5000.0, 5000.0)]
    file = fill(folder / "shop.duckdb", rows)
    (folder / "segjob.toml").write_text("[fit]\nall_rows = 100\ndistinct_rows = 100\nsample_rows = 1000\n")
    execute(file, "create table starts as from (values (20.0, 20.0), (5000.0, 5000.0)) t(income, score)")
    without = 0
    for seed in range(4):  # the far customer is in one sample out of four
        outcome = segjob(*RUN, "--k", "2", "--start", "starts", "--seed", str(seed), "--warehouse", file)
        assert outcome.code == 0, outcome.err
        found = query(file, "select rows, rule is null from segments.current_segments order by rows")
        assert [rows for rows, _ in found] == [1, 4000]
        assert found[1][1] is False
        without += found[0][1]
    assert without >= 1
