"""`segjob compare`: table `comparisons`, what is printed, and that nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN, Segjob, dump, execute, query
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from segjob.commands.read.compare import MAPPED_ROWS
from segjob.core.compare.algorithms import ALGORITHMS
from segjob.core.compare.verdict import NAMES

pytestmark = pytest.mark.slow

FIVE = (*RUN, "--k", "5")


@pytest.fixture
def published(after: Callable[..., Path]) -> Path:
    """The five groups, published as run 1."""
    return after(FIVE)


def test_a_row_for_each_algorithm_that_ran(published: Path, segjob: Segjob) -> None:
    document = segjob("compare", "--json", "--warehouse", published).document
    assert (document["segmentation"], document["run_id"]) == ("customers", 1)
    skipped = {one["algorithm"] for one in document["skipped"]}
    assert skipped <= {"self_organising_map"}
    rows = query(published, "select algorithm, clusters, agreement, parameters from segments.comparisons")
    assert {row[0] for row in rows} == {"kmeans", *ALGORITHMS} - skipped
    assert document["comparisons"][0]["algorithm"] == "kmeans"
    for algorithm, clusters, agreement, parameters in rows:
        assert clusters == 5, algorithm
        # Five rows in a hundred are on the rim of their group, and noise to the density-based ones.
        assert agreement > (0.7 if "dbscan" in algorithm else 0.9), algorithm
        assert json.loads(parameters)["rule"]
    assert document["verdict"]["outcome"] == "stay"
    assert "stay" in document["verdict"]["text"]


def test_agreement_is_with_the_published_assignment(published: Path, segjob: Segjob) -> None:
    segjob("compare", "--json", "--warehouse", published)
    rows = query(
        published,
        "select segment_id, (income - avg(income) over ()) / stddev_pop(income) over (), "
        "(score - avg(score) over ()) / stddev_pop(score) over () "
        "from segments.customers join main.customers using (id)",
    )
    ward = AgglomerativeClustering(5).fit_predict([row[1:] for row in rows])
    [(agreement,)] = query(published, "select agreement from segments.comparisons where algorithm = 'ward'")
    assert agreement == pytest.approx(adjusted_rand_score([row[0] for row in rows], ward))


def test_what_a_map_needs_is_kept(published: Path, segjob: Segjob) -> None:
    document = segjob("compare", "--json", "--warehouse", published).document
    rows = query(published, "select algorithm, agreement, advice, drawn from segments.comparisons")
    assert [advice for _, _, advice, _ in rows if advice] == [document["verdict"]["text"]]
    drawn = {algorithm: json.loads(text) for algorithm, _, _, text in rows}
    of_segments = drawn["kmeans"]["cluster"]
    places = sorted(zip(*drawn["kmeans"]["scaled"].values(), of_segments, strict=True))
    held = query(
        published,
        "select (income - avg(income) over ()) / stddev_pop(income) over (), "
        "(score - avg(score) over ()) / stddev_pop(score) over (), segment_id "
        "from segments.customers join main.customers using (id) order by all",
    )
    assert [x for row in places for x in row] == pytest.approx([x for row in held for x in row], rel=1e-5)
    for algorithm, agreement, _, _ in rows:
        numbered = [-1 if number is None else number for number in drawn[algorithm]["cluster"]]
        assert adjusted_rand_score(of_segments, numbered) == pytest.approx(agreement), algorithm
        # Most rows are under the number of the segment that they are in.
        assert sum(a == b for a, b in zip(of_segments, numbered, strict=True)) > 120, algorithm


def test_a_second_time_replaces_the_runs_rows_and_no_others(published: Path, segjob: Segjob) -> None:
    segjob("compare", "--warehouse", published)
    segjob(*FIVE, "--quiet", "--warehouse", published)
    before = dump(published)
    segjob("compare", "--warehouse", published)
    segjob("compare", "--warehouse", published)
    counts = dict(query(published, "select run_id, count(*) from segments.comparisons group by run_id"))
    assert counts[1] == counts[2] >= 7
    after = dump(published)
    changed = {name for name, held in after.items() if held != before[name]}
    assert changed == {"segments.comparisons rows"}


def test_what_a_person_sees(published: Path, segjob: Segjob) -> None:
    shown = segjob("compare", "--warehouse", published)
    assert shown.code == 0
    for name in NAMES.values():
        assert name in shown.out
    assert shown.out.rstrip().endswith("nothing here beats it: stay.")
    assert "comparing" in shown.err
    assert segjob("compare", "--quiet", "--warehouse", published).err == ""


@pytest.mark.long
def test_weights_and_categories_are_compared_as_they_were_fitted(file: Path, segjob: Segjob) -> None:
    execute(
        file,
        "create view weighed as select *, case when id % 2 = 0 then 'a' end as kind, 1 + id % 3 as times "
        "from customers",
    )
    Path("segjob.toml").write_text(
        "[segmentations.mixed]\nrelation = 'weighed'\nkey = 'id'\nrow_weight = 'times'\nk = 4\n"
        "features = ['income', 'score', { column = 'kind', kind = 'categorical' }]\n"
    )
    assert segjob("run", "--quiet", "--warehouse", file).code == 0
    document = segjob("compare", "--json", "--warehouse", file).document
    by_name = {one["algorithm"]: one for one in document["comparisons"]}
    # 150 customers that weigh 1 to 3, 300 in all.
    assert by_name["ward"]["parameters"]["judged_rows"] == 300
    assert len(by_name) >= 6


def test_customers_that_came_since_the_run_are_compared_too(published: Path, segjob: Segjob) -> None:
    execute(published, "insert into customers select id + 1000, income, score from customers")
    document = segjob("compare", "--json", "--warehouse", published).document
    assert document["comparisons"][0]["parameters"]["judged_rows"] == 300


def test_what_is_refused(published: Path, refused: Callable[..., str]) -> None:
    assert "no run of 'other'" in refused(published, 3, "compare", "--segmentation", "other")
    execute(published, "alter table customers rename to gone")
    assert "no table or view 'customers'" in refused(published, 3, "compare")


@pytest.mark.long
def test_a_bounded_number_of_rows_is_compared(file: Path, segjob: Segjob) -> None:
    execute(
        file,
        "create table many as select range as id, (range % 5) * 10 + (hash(range) % 997) / 997 as income, "
        "((range * 3) % 5) * 10 + (hash(range + 1) % 997) / 997 as score "
        "from range(20000)",
    )
    Path("segjob.toml").write_text("[fit]\nall_rows = 1000\ndistinct_rows = 1000\nsample_rows = 6000\n")
    options = ("--from", "many", "--key", "id", "--features", "income,score", "--k", "5", "--k-range", "4:6")
    assert segjob("run", *options, "--quiet", "--warehouse", file).code == 0
    document = segjob("compare", "--json", "--warehouse", file).document
    by_name = {one["algorithm"]: one for one in document["comparisons"]}
    assert by_name["gaussian_mixture"]["parameters"]["fitted_rows"] == 6000
    assert by_name["ward"]["parameters"]["fitted_rows"] == 4000
    assert all(one["parameters"]["judged_rows"] == 4000 for one in by_name.values())
    assert {name for name, one in by_name.items() if one["agreement"] < 0.95} == set()
    for (text,) in query(file, "select drawn from segments.comparisons"):
        assert len(json.loads(text)["cluster"]) == MAPPED_ROWS
