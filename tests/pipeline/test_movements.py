"""Who moved, rollback, diff, retention, warm start."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, customers, execute, fill, query

RUN = ("run", "--from", "customers", "--key", "id", "--features", "income,score", "--name", "groups", "-q")


def test_a_planted_move_is_found(folder: Path, segjob: Segjob) -> None:
    file = fill(folder / "shop.duckdb", customers(3000))
    segjob(*RUN, "--k", "5", "--warehouse", file)
    # 300 of those around (20, 20) move to (90, 90).
    execute(
        file, "update customers set income = income + 70, score = score + 70 where id % 5 = 1 and id <= 1500"
    )
    segjob(*RUN, "--k", "5", "--warehouse", file)
    moved = query(file, "select change, count(*) from segments.groups_movements group by all")
    assert dict(moved).keys() == {"moved"}
    assert abs(dict(moved)["moved"] - 300) <= 6
    arrived = query(
        file, "select sum(customers) from segments.migration where from_segment_id <> to_segment_id"
    )
    assert arrived[0][0] == dict(moved)["moved"]


def test_movements_agree_with_the_two_histories(file: Path, segjob: Segjob) -> None:
    segjob(*RUN, "--warehouse", file)
    execute(
        file,
        "delete from customers where id <= 7",
        "insert into customers select id + 1000, income, score from customers where id between 10 and 13",
        "update customers set income = 90, score = 90 where id in (20, 21)",
    )
    segjob(*RUN, "--warehouse", file)
    expected = query(
        file,
        """select coalesce(n.id, o.id),
            case when o.id is null then 'entered' when n.id is null then 'left' else 'moved' end,
            o.segment_id, n.segment_id
        from (select * from segments.groups_history where run_id = 2) n
        full join (select * from segments.groups_history where run_id = 1) o on n.id = o.id
        where o.segment_id is distinct from n.segment_id order by 1""",
    )
    found = query(
        file, "select id, change, from_segment_id, to_segment_id from segments.groups_movements order by 1"
    )
    assert found == expected
    assert len(found) >= 11
    whole = query(
        file,
        """select sum(customers) filter (to_segment_id is not null), sum(customers) filter (from_segment_id is not null)
        from segments.transitions""",
    )
    sizes = query(file, "select rows_segmented from segments.runs order by run_id desc")
    assert [count for (count,) in sizes] == [int(of) for of in whole[0]]


def test_rollback_and_back_again(file: Path, segjob: Segjob) -> None:
    segjob(*RUN, "--warehouse", file)
    execute(file, "update customers set income = income + 1")
    segjob(*RUN, "--k", "3", "--warehouse", file)
    current = "select max(run_id), count(*) from segments.groups"
    assert query(file, current) == [(2, 150)]
    assert segjob("rollback", "--warehouse", file).code == 0
    assert query(file, current) == [(1, 150)]
    assert query(file, "select count(*) from segments.groups_profile") == [(5,)]
    assert query(file, "select count(distinct segment_id) from segments.groups_scores") == [(5,)]
    assert "rolled_back" in segjob("history", "--warehouse", file).out
    segjob("rollback", "--warehouse", file)
    assert query(file, current) == [(2, 150)]
    assert query(file, "select count(distinct segment_id) from segments.groups_scores") == [(3,)]
    segjob("rollback", "1", "--warehouse", file)
    assert query(file, current) == [(1, 150)]
    segjob(*RUN, "--warehouse", file)
    assert query(file, current) == [(3, 150)]


def test_rollback_refuses_what_it_cannot_do(file: Path, segjob: Segjob, refused: object) -> None:
    assert callable(refused)
    assert "there is no run" in refused(file, 3, "rollback")
    segjob(*RUN, "--warehouse", file)
    assert "is the only one" in refused(file, 3, "rollback")
    assert "is the current one already" in refused(file, 3, "rollback", "1")
    assert "there is no run 7" in refused(file, 3, "rollback", "7")


def test_diff_shows_counts_and_shares(file: Path, segjob: Segjob) -> None:
    segjob(*RUN, "--k", "5", "--warehouse", file)
    execute(file, "update customers set income = income + 70, score = score + 70 where id in (1, 6, 11)")
    segjob(*RUN, "--k", "5", "--warehouse", file)
    flows = segjob("diff", "1", "2", "--json", "--warehouse", file).document["flows"]
    moved = [flow for flow in flows if flow["from_segment_id"] != flow["to_segment_id"]]
    assert [(flow["customers"], flow["share"]) for flow in moved] == [(3, 0.1)]
    assert sum(flow["customers"] for flow in flows) == 150
    assert (
        "3 of 150 customers in both runs changed their segment"
        in segjob("diff", "1", "2", "--warehouse", file).out
    )


@pytest.mark.parametrize("keep", [1, 2])
def test_retention_prunes_assignments_and_keeps_evidence(
    folder: Path, file: Path, segjob: Segjob, keep: int
) -> None:
    (folder / "segjob.toml").write_text(
        f"""[publish]
        keep_runs = {keep}
        [segmentations.groups]
        relation = "customers"
        key = "id"
        features = ["income", "score"]
        """
    )
    for _ in range(4):
        assert segjob("run", "-q", "--warehouse", file).code == 0
    held = query(file, "select distinct run_id from segments.groups_history order by 1")
    assert [run for (run,) in held] == list(range(5 - keep, 5))
    assert query(file, "select count(distinct run_id) from segments.sweeps") == [(4,)]
    if keep == 1:
        outcome = segjob("rollback", "--warehouse", file)
        assert outcome.code == 3
        assert "were pruned" in outcome.err


def test_a_warm_start_from_the_current_run_moves_nobody(file: Path, segjob: Segjob) -> None:
    segjob(*RUN, "--k", "4", "--warehouse", file)
    segjob(*RUN, "--k", "4", "--seed", "99", "--start", "current", "--warehouse", file)
    assert query(file, "select count(*) from segments.groups_movements") == [(0,)]
    same = query(
        file,
        """select max(abs(a.scaled_value - b.scaled_value)) from segments.centroids a
        join segments.centroids b using (segment_id, feature) where a.run_id = 1 and b.run_id = 2""",
    )
    assert same[0][0] < 1e-9


def test_a_start_from_given_centroids(file: Path, segjob: Segjob) -> None:
    execute(file, "create table mine as from (values (20.0, 20.0), (90.0, 90.0)) t(income, score)")
    assert segjob(*RUN, "--k", "2", "--start", "mine", "--warehouse", file).code == 0
    outcome = segjob(*RUN, "--k", "3", "--start", "mine", "--warehouse", file)
    assert outcome.code == 3
    assert "2 centroids for 3 segments" in outcome.err
    assert "no relation 'nowhere'" in segjob(*RUN, "--start", "nowhere", "--warehouse", file).err


def test_a_table_that_is_written_to_during_the_run_is_read_again(
    file: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segjob.warehouse.duckdb.warehouse import DuckDBFile

    attach, written = DuckDBFile._attach, []

    def attach_after_somebody_wrote(door: DuckDBFile, *, write: bool, create: bool = False) -> None:
        # The moment in which the file is held by nobody: between reading it and taking it for writing.
        if write and not written:
            written.append(file)
            execute(file, "update customers set income = income + 1 where id = 1")
        attach(door, write=write, create=create)

    monkeypatch.setattr(DuckDBFile, "_attach", attach_after_somebody_wrote)
    outcome = segjob(*RUN[:-1], "--warehouse", file)
    assert outcome.code == 0
    assert "was written to during the run; once more" in outcome.err
    assert query(file, "select count(*), max(run_id) from segments.runs") == [(1, 1)]
    income, center = query(
        file,
        "select (select avg(income) from customers), center from segments.transforms where feature = 'income'",
    )[0]
    assert income == pytest.approx(center)


def test_a_segmentation_that_cannot_be_does_not_keep_the_others_back(
    folder: Path, file: Path, segjob: Segjob
) -> None:
    execute(file, "create table noise as select id, random() as a, random() as b from customers where id < 3")
    (folder / "segjob.toml").write_text(
        """[segmentations.first]
        relation = "noise"
        key = "id"
        k = 5
        features = ["a", "b"]
        [segmentations.second]
        relation = "customers"
        key = "id"
        features = ["income", "score"]
        """
    )
    outcome = segjob("run", "--warehouse", file)
    assert outcome.code == 3
    for name in ("first", "second"):
        assert f"\n{name}\n  measuring " in f"\n{outcome.err}", "each has a heading of its own"
    assert "error: first: k = 5, but only 2 of the rows are different" in outcome.err
    assert "second: 5 segments of 150 customers" in outcome.out
    document = segjob("run", "--json", "--warehouse", file)
    assert document.code == 3
    assert [run["run"]["segmentation"] for run in document.document["runs"]] == ["second"]
    assert document.document["error"].startswith("first: k = 5")
