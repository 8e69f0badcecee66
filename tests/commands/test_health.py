"""Health of a published run, and the distributions that it is measured against."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, execute, query

pytestmark = pytest.mark.slow


@pytest.mark.long
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
