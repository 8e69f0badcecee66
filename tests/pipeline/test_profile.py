"""Segment rules and actions as they are published."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, execute, fill, query

pytestmark = pytest.mark.slow


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


def test_actions_come_from_the_profile_or_from_the_config(folder: Path, groups: Path, segjob: Segjob) -> None:
    said = query(groups, "select distinct action from segments.current_segments")
    assert said == [(None,)]  # "score" alone tells nobody what is scored
    execute(groups, "alter table customers rename score to spending")
    spending = [word.replace("score", "spending") for word in RUN_GROUPS]
    segjob(*spending, "--k", "5", "--warehouse", groups)
    said = query(
        groups, "select distinct action from segments.current_segments where name like 'high%, high%'"
    )
    assert said == [("premium offers, early access",)]
    (folder / "segjob.toml").write_text(
        """[[actions]]
        when = { income = "high", spending = "high" }
        action = "call them"
        [[actions]]
        action = "wait"
        """
    )
    segjob(*spending, "--k", "5", "--warehouse", groups)
    actions = query(groups, "select action, count(*) from segments.current_segments group by 1 order by 1")
    assert actions == [("call them", 1), ("wait", 4)]


@pytest.mark.long
def test_a_segment_that_the_sample_holds_nobody_of_is_published_without_a_rule(
    folder: Path, segjob: Segjob
) -> None:
    rows = [*customers(4000), (9001, 5000.0, 5000.0)]
    file = fill(folder / "shop.duckdb", rows)
    (folder / "segjob.toml").write_text("[fit]\nall_rows = 100\ndistinct_rows = 100\nsample_rows = 1000\n")
    execute(file, "create table starts as from (values (20.0, 20.0), (5000.0, 5000.0)) t(income, score)")
    without = 0
    for seed in range(4):  # the far customer is in one sample out of four
        outcome = segjob(
            *RUN_GROUPS, "--k", "2", "--start", "starts", "--seed", str(seed), "--warehouse", file
        )
        assert outcome.code == 0, outcome.err
        found = query(file, "select rows, rule is null from segments.current_segments order by rows")
        assert [rows for rows, _ in found] == [1, 4000]
        assert found[1][1] is False
        without += found[0][1]
    assert without >= 1
