"""Health and scoring of a published run, and the upgrade of an older warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from helpers.small_warehouse import Segjob, customers, execute, fill, query

RUN = ("run", "--from", "customers", "--key", "id", "--features", "income,score", "--name", "groups", "-q")


@pytest.fixture
def published(folder: Path, segjob: Segjob) -> Path:
    """A run on 600 of 4,000 customers."""
    file = fill(folder / "shop.duckdb", customers(4000), table="everyone")
    execute(file, "create view customers as select * from everyone where id <= 600")
    assert segjob(*RUN, "--warehouse", file).code == 0
    return file


def test_fresh_samples_are_healthy_and_shifted_ones_are_not(published: Path, segjob: Segjob) -> None:
    for draw in range(20):
        sample = f"select * from everyone where hash(id, {draw}) < 0.15 * 2**64"
        execute(published, f"create or replace view customers as {sample}")
        assert segjob("health", "--warehouse", published).code == 0, draw
        shifted = f"select id, income + 0.5 * (select stddev(income) from everyone) as income, score from ({sample})"
        execute(published, f"create or replace view customers as {shifted}")
        assert segjob("health", "--warehouse", published).code == 5, draw


def test_health_is_written_down(published: Path, segjob: Segjob) -> None:
    document = segjob("health", "--json", "--warehouse", published).document
    assert document["is_healthy"] is True
    found = query(published, "select measure, subject, value, threshold, is_healthy from segments.health")
    assert len(found) == len(document["findings"])
    assert {measure for measure, *_ in found} == {
        "stability_index",
        "distance",
        "missing_share",
        "segment_share",
        "centroid_distance",
        "outlier_share",
        "excluded_share",
    }


def test_shares_are_shown_as_percentages(published: Path, segjob: Segjob) -> None:
    lines = segjob("health", "--warehouse", published).out.splitlines()
    shares = [line for line in lines if line.split()[0].endswith("_share")]
    assert len(shares) == 9
    assert all(line.count("%") == 3 for line in shares)
    assert not any("%" in line for line in lines if line not in shares)


def test_missing_values_and_lost_groups_are_unhealthy(published: Path, segjob: Segjob) -> None:
    execute(
        published,
        """create or replace view customers as
        select id, case when id % 4 > 0 then income end as income, score from everyone where id <= 600""",
    )
    findings = segjob("health", "--json", "--warehouse", published).document["findings"]
    beyond = {finding["measure"] for finding in findings if not finding["is_healthy"]}
    assert {"missing_share", "excluded_share"} <= beyond
    execute(
        published,
        "create or replace view customers as select * from everyone where id <= 3000 and id % 5 > 0",
    )
    findings = segjob("health", "--json", "--warehouse", published).document["findings"]
    beyond = {finding["measure"] for finding in findings if not finding["is_healthy"]}
    assert "segment_share" in beyond


def test_the_reference_is_the_distribution_of_the_rows(published: Path) -> None:
    rows = query(
        published,
        """select d.feature, bin, share, rows,
            (select count(*) from customers
            where (lower is null or income > lower) and (upper is null or income <= upper))
        from segments.distributions d where feature = 'income' and bin >= 0 order by bin""",
    )
    assert sum(share for _, _, share, _, _ in rows) == pytest.approx(1)
    assert all(count == pytest.approx(share * of) for _, _, share, of, count in rows)


def test_scores_macro_predict_and_history_agree(published: Path, segjob: Segjob) -> None:
    assert segjob("score", "everyone", "--into", "main.scored", "--warehouse", published).code == 0
    wrong = query(
        published,
        """select count(*) from segments.groups as h
        join segments.groups_scores as v on v.id = h.id
        join main.scored as s on s.id = h.id
        join customers as c on c.id = h.id
        where h.segment_id <> v.segment_id or h.segment_id <> s.segment_id or h.is_outlier <> s.is_outlier
            or h.segment_id <> segments.groups_segment(c.income, c.score)
            or abs(h.distance - s.distance) > 1e-12 or abs(h.margin - v.margin) > 1e-12""",
    )
    assert wrong == [(0,)]
    assert query(published, "select count(*) from main.scored") == [(4000,)]
    for key, income, score, segment in query(
        published,
        "select id, income, score, segment_id from customers join segments.groups using (id) limit 5",
    ):
        answer = segjob(
            "predict", f"income={income}", f"score={score}", "--json", "--warehouse", published
        ).document
        assert answer["segment_id"] == segment, key


def test_score_does_not_overwrite(published: Path, segjob: Segjob, refused: object) -> None:
    assert callable(refused)
    segjob("score", "everyone", "--into", "scored", "--warehouse", published)
    assert "there is a 'scored' already" in refused(published, 3, "score", "everyone", "--into", "scored")
    assert "is a view" in refused(published, 3, "score", "everyone", "--into", "customers", "--replace")
    assert "no column 'income'" in refused(
        published, 3, "score", "segments.runs", "--key", "run_id", "--into", "x"
    )


def test_a_new_customer_has_a_segment_at_once(published: Path) -> None:
    execute(published, "create or replace view customers as select * from everyone where id <= 601")
    found = query(
        published,
        "select segment_id is not null, segment_name is not null from segments.groups_scores where id = 601",
    )
    assert found == [(True, True)]


def test_a_warehouse_of_the_first_layout_is_upgraded_with_nothing_lost(
    root: Path, folder: Path, segjob: Segjob
) -> None:
    old, file = root / "tests" / "fixtures" / "layout_1", folder / "old.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute((old / "schema.sql").read_text())
        for csv in sorted(old.glob("*.csv")):
            table = csv.stem.replace("segments_", "segments.", 1)
            connection.execute(f"copy {table} from '{csv}' (header)")
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'segments'"
            ).fetchall()
        ]
        before = {
            name: connection.execute(f"select * from segments.{name} order by all").fetchall()
            for name in tables
        }
        columns = {
            name: [c[0] for c in connection.execute(f"select * from segments.{name}").description]
            for name in tables
        }
    assert segjob("init", "--warehouse", file).code == 0
    for name in set(tables) - {"layout"}:
        kept = ", ".join(f'"{column}"' for column in columns[name])
        assert query(file, f"select {kept} from segments.{name} order by all") == before[name], name
    assert query(file, "select version from segments.layout") == [(3,)]
    assert segjob("show", "--warehouse", file).code == 0
    run = (
        "run",
        "--from",
        "customer_features",
        "--key",
        "customer_id",
        "--features",
        "annual_income,spending_score",
    )
    assert segjob(*run, "--name", "income_spending", "-q", "--warehouse", file).code == 0
    assert query(file, "select distinct change from segments.lineage") == [("same",)]
    assert query(file, "select count(*) from segments.income_spending_movements") == [(0,)]
    outcome = segjob("rollback", "2", "--warehouse", file)
    assert outcome.code == 0, outcome.err
