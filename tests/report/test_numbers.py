"""Every number on the page is a number of the tables, or of the relation's rows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.small_warehouse import query

from segjob.commands.outputs.report import quotas
from segjob.report.data import MOST_POINTS, Report
from segjob.report.page import Page


@pytest.fixture(scope="module")
def embedded(page: Page) -> dict[str, Any]:
    found = re.search(
        r'<script type="application/json" id="segjob-data">(.*?)</script>', page.html, re.DOTALL
    )
    assert found is not None
    return json.loads(found[1])  # type: ignore[no-any-return]


def rows_of(file: Path, table: str, columns: str, order: str) -> list[tuple[Any, ...]]:
    return query(file, f"select {columns} from segments.{table} where run_id = 2 order by {order}")


@pytest.mark.parametrize(
    ("part", "table", "order"),
    [
        ("segments", "segments", "segment_id"),
        ("sweep", "sweeps", "k"),
        ("votes", "k_votes", "rule"),
        ("exclusions", "exclusions", "column_name, reason"),
        ("flows", "transitions", "from_segment_id nulls last, to_segment_id nulls last"),
        ("transforms", "transforms", "position"),
    ],
)
def test_embedded_rows_are_the_tables(
    embedded: dict[str, Any], people: Path, part: str, table: str, order: str
) -> None:
    shown = embedded[part]
    assert shown
    columns = [name for name in shown[0] if name not in ("outliers", "near_border")]
    told = [tuple(row[name] for name in columns) for row in shown]
    held = rows_of(people, table, ", ".join(columns), order)
    assert sorted(map(repr, told)) == sorted(map(repr, held))


def test_profiles_and_centroids_are_the_tables(embedded: dict[str, Any], people: Path) -> None:
    columns = list(embedded["profiles"])
    held = {row[:2]: row for row in rows_of(people, "profiles", ", ".join(columns), "1, 2")}
    assert held == {row[:2]: row for row in zip(*embedded["profiles"].values(), strict=True)}
    held = {
        row[:2]: row[2:]
        for row in rows_of(people, "centroids", "segment_id, feature, value, scaled_value", "1, 2")
    }
    ids = [segment["segment_id"] for segment in embedded["segments"]]
    for feature, values in embedded["centroids"]["value"].items():
        assert values == pytest.approx([held[i, feature][0] for i in ids], rel=1e-12)
    for feature, values in embedded["centroids"]["scaled"].items():
        assert values == [held[i, feature][1] for i in ids]
    assert set(embedded["centroids"]["value"]) == {t["feature"] for t in embedded["transforms"]}


def test_the_run_is_the_current_one(embedded: dict[str, Any], people: Path) -> None:
    (held,) = query(
        people, "select run_id, k, silhouette, rows_segmented, k_reason from segments.current_runs"
    )
    run = embedded["run"]
    assert (run["run_id"], run["k"], run["silhouette"], run["rows_segmented"], run["k_reason"]) == held


def test_sizes_over_runs_are_the_published_ones(embedded: dict[str, Any], people: Path) -> None:
    held = query(people, "select run_id, segment_id, name, rows, share from segments.segments order by all")
    told = [(s["run_id"], s["segment_id"], s["name"], s["rows"], s["share"]) for s in embedded["sizes"]]
    assert sorted(told) == held


def test_outliers_are_counted_in_the_history(embedded: dict[str, Any], people: Path) -> None:
    held = query(
        people,
        "select segment_id, count(*), count(*) filter (is_outlier), "
        "count(*) filter ((distance + margin) / distance < 1.1) from segments.people_history "
        "where run_id = 2 group by 1 order by 1",
    )
    assert sum(row[3] for row in held) > 0
    columns = ("segment_id", "rows", "outliers", "near_border")
    assert [tuple(s[name] for name in columns) for s in embedded["segments"]] == held


def test_points_are_customers_of_their_segment(embedded: dict[str, Any], people: Path) -> None:
    """Each point's rounded values are those of a customer whom the history puts into that segment."""
    held = query(
        people,
        "select h.segment_id, c.income, c.score, h.is_outlier from segments.people_history h "
        "join customers c using (customer_id) where h.run_id = 2",
    )
    customers = {(i, float(f"{x:.5g}"), float(f"{y:.5g}")): outlier for i, x, y, outlier in held}
    sample = embedded["sample"]
    values = sample["values"]
    drawn = list(zip(sample["segment_id"], values["income"], values["score"], strict=True))
    outliers = set(sample["is_outlier"])
    assert len(drawn) <= MOST_POINTS
    for at, point in enumerate(drawn):
        assert customers[point] == (at in outliers)


def test_comparisons_are_the_table(embedded: dict[str, Any], people: Path) -> None:
    shown = embedded["comparisons"]
    columns = ["algorithm", "clusters", "noise_share", "silhouette", "davies_bouldin", "agreement"]
    held = rows_of(people, "comparisons", ", ".join((*columns, "advice", "drawn")), "agreement desc")
    assert len(held) > 6
    rows = {row["algorithm"]: row for row in shown["rows"]}
    assert {tuple(row[name] for name in columns) for row in rows.values()} == {row[:6] for row in held}
    assert shown["rows"][0]["algorithm"] == "kmeans"
    assert [row[6] for row in held if row[6]] == [shown["advice"]]
    drawn = {row[0]: json.loads(row[7]) for row in held}
    assert {name: row["cluster"] for name, row in rows.items()} == {
        name: found["cluster"] for name, found in drawn.items()
    }
    columns = ", ".join(
        f"coalesce({name}, (select impute_value from segments.transforms where run_id = 2 and feature = '{name}'))"
        for name in shown["features"]
    )
    customers = query(
        people, f"select {columns}, segment_id from segments.people join main.customers using (customer_id)"
    )
    there = {(round(x, 2), round(y, 2), segment) for x, y, segment in customers}
    for x, y, segment in zip(*shown["places"], rows["kmeans"]["cluster"], strict=True):
        assert (round(x, 2), round(y, 2), segment) in there


def test_every_segment_is_on_the_map(report: Report) -> None:
    assert report.sample is not None
    ids, drawn = np.unique(report.sample.segment_id, return_counts=True)
    sizes = {segment.segment_id: segment.rows for segment in report.segments}
    assert set(ids.tolist()) == set(sizes)
    assert dict(zip(ids.tolist(), drawn.tolist(), strict=True)) == quotas(sizes)
    assert report.sample.weight.sum() == pytest.approx(sum(sizes.values()))


@pytest.mark.parametrize(
    "rows", [{1: 5}, {1: 10**7, 2: 3}, dict.fromkeys(range(1, 51), 10**5), {1: 1200, 2: 900, 3: 40}]
)
def test_quotas_are_bounded_and_leave_nobody_out(rows: dict[int, int]) -> None:
    drawn = quotas(rows)
    assert sum(drawn.values()) <= MOST_POINTS
    for segment, count in rows.items():
        assert min(count, 100, MOST_POINTS // len(rows)) <= drawn[segment] <= count
    if sum(rows.values()) <= MOST_POINTS:
        assert drawn == rows


def test_distributions_count_every_customer(report: Report, people: Path) -> None:
    assert report.input_data is not None
    for found in report.input_data.distributions:
        for group, counts in zip(found.groups, found.counts, strict=True):
            gender = "gender is null" if group == "(missing)" else f"gender = '{group}'"
            held = query(
                people, f"select {found.column} from customers where {gender} and {found.column} is not null"
            )
            values = np.clip([row[0] for row in held], found.edges[0], found.edges[-1])
            inner = np.asarray(found.edges).copy()
            inner[0], inner[-1] = -np.inf, np.inf
            assert (
                np.abs(np.histogram(values, inner)[0] - counts).sum() <= 2
            )  # a value on an edge may round either way
            assert sum(counts) == len(held)
        (facts,) = query(
            people,
            f"select min({found.column}), max({found.column}), avg({found.column}), "
            f"count(*) - count({found.column}) from customers",
        )
        assert (found.minimum, found.maximum, found.missing) == (facts[0], facts[1], facts[3])
        assert found.mean == pytest.approx(facts[2], rel=1e-9)


def test_correlations_are_pearsons(report: Report, people: Path) -> None:
    assert report.input_data is not None
    columns = report.input_data.columns
    held = np.array(query(people, f"select {', '.join(columns)} from customers"), dtype=np.float64)
    for i in range(len(columns)):
        for j in range(len(columns)):
            both = ~np.isnan(held[:, i]) & ~np.isnan(held[:, j])
            expected = np.corrcoef(held[both, i], held[both, j])[0, 1]
            assert report.input_data.correlation[i][j] == pytest.approx(expected, abs=1e-9)


def test_gender_is_what_the_others_are_shown_by(report: Report, people: Path) -> None:
    assert report.input_data is not None
    assert report.input_data.grouped_by == "gender"
    held = query(
        people, "select coalesce(gender, '(missing)'), count(*) from customers group by 1 order by 2 desc"
    )
    (gender,) = report.input_data.categories
    assert list(zip(gender.names, gender.rows, strict=True)) == held


def test_no_key_is_on_the_page(page: Page, embedded: dict[str, Any]) -> None:
    """The page is passed around: it says how customers are, not who they are."""
    assert "customer_id" not in json.dumps({k: v for k, v in embedded.items() if k != "run"})
