"""`segjob assign`: rows by the model in use, and that every reader knows the kind of the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, execute, query

MODEL = "select segment_id, feature, scaled_value from segments.centroids where run_id = {} order by all"


@pytest.fixture
def assigned(groups: Path, segjob: Segjob) -> Path:
    """Run 1, a fit; then three customers moved, one left and one entered: run 2, an assignment."""
    segjob("name", "3", "Middle", "--warehouse", groups)
    execute(
        groups,
        "update customers set income = 90, score = 90 where id in (1, 6, 11)",
        "delete from customers where id = 2",
        "insert into customers values (1000, 50, 50)",
    )
    outcome = segjob("assign", "--json", "--warehouse", groups)
    assert outcome.code == 0, outcome.err
    (run,) = outcome.document["runs"]
    assert (run["run"]["kind"], run["run"]["fit_run_id"], run["is_current"]) == ("assignment", 1, True)
    assert [vote["rule"] for vote in run["votes"]]
    return groups


def test_an_assignment_moves_customers_and_not_the_model(assigned: Path, segjob: Segjob) -> None:
    assert query(assigned, MODEL.format(1)) == query(assigned, MODEL.format(2))
    changes = "select change, moved_by, count(*) from segments.groups_movements group by all order by all"
    assert query(assigned, changes) == [("entered", None, 1), ("left", None, 1), ("moved", "itself", 3)]
    wrong = """select count(*) from segments.groups as g join segments.groups_scores as s using (id)
        where g.segment_id <> s.segment_id or g.run_id <> 2 or g.distance <> s.distance"""
    assert query(assigned, wrong) == [(0,)]
    sizes = query(
        assigned,
        """select s.segment_id, s.rows from segments.segments as s where run_id = 2
        except select segment_id, count(*) from segments.groups group by all""",
    )
    assert sizes == []
    means = """select count(*) from segments.profiles as p join (
            select segment_id, avg(income) as mean from segments.groups join customers using (id) group by all
        ) as t using (segment_id) where run_id = 2 and feature = 'income' and abs(p.mean - t.mean) > 1e-9"""
    assert query(assigned, means) == [(0,)]
    assert query(assigned, "select name from segments.current_segments where segment_id = 3") == [("Middle",)]
    exact = "select abs(inertia - (select sum(distance * distance) from segments.groups)) < 1e-9 from segments.runs"
    assert query(assigned, f"{exact} where run_id = 2") == [(True,)]


@pytest.mark.long
def test_every_reader_knows_an_assignment(assigned: Path, segjob: Segjob, folder: Path) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        outcome = segjob(*arguments, "--warehouse", assigned)
        assert outcome.code == code, outcome.err
        return outcome.out

    assert "assignment" in run("history")
    assert "by the model of run 1" in run("show")
    assert "3 of 149 customers" in run("diff", "1", "2")
    assert "healthy" in run("health")
    assert "segment" in run("predict", "income=20", "score=20")
    run("compare")
    run("assign", "-q")
    run("report", "--out", str(folder / "page.html"))
    assert "of run 1; nothing was fitted" in (folder / "page.html").read_text()
    run("snapshot", str(folder / "copy"))
    assert query(folder / "copy" / assigned.name, "select distinct run_id from segments.groups") == [(3,)]
    assert query(assigned, "select distinct run_id from segments.current_sweep") == [(1,)]
    run("rollback")
    run("rollback", "1")
    assert query(assigned, "select max(run_id), count(*) from segments.groups") == [(1, 150)]
    run("rollback", "2")
    run(*RUN_GROUPS)
    runs = query(assigned, "select run_id, kind, fit_run_id, status from segments.runs order by 1")
    assert runs == [
        (1, "fit", 1, "published"),
        (2, "assignment", 1, "published"),
        (3, "assignment", 1, "rolled_back"),
        (4, "fit", 4, "published"),
    ]


def test_assign_refuses_what_it_cannot_do(folder: Path, file: Path, segjob: Segjob, refused: object) -> None:
    assert callable(refused)
    config = """[segmentations.groups]
        relation = "customers"
        key = "id"
        k = 5
        """
    (folder / "segjob.toml").write_text(config + 'features = ["income", "score"]')
    assert "no published run" in refused(file, 3, "assign")
    assert segjob("run", "-q", "--warehouse", file).code == 0
    (folder / "segjob.toml").write_text(config.replace("k = 5", "k = 4") + 'features = ["score", "income"]')
    assert segjob("assign", "-q", "--warehouse", file).code == 0
    (folder / "segjob.toml").write_text(config + 'features = ["score"]')
    assert "features of 'groups' changed since run 2" in refused(file, 2, "assign")
    (folder / "segjob.toml").write_text(config + 'features = ["income", "score"]')
    execute(file, "delete from customers")
    assert "has no rows" in refused(file, 3, "assign")
