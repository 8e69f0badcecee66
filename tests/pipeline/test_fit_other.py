"""`algorithm` in the config: what another algorithm than k-means publishes, held against scikit-learn on its rows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, execute, fill, first_layout, query
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score, davies_bouldin_score, silhouette_score
from sklearn.mixture import GaussianMixture

from segjob.core.cluster import gaussian_mixture
from segjob.core.model import Gaussians

pytestmark = pytest.mark.slow

GM, WARD, KMEANS = (("--algorithm", name) for name in ("gaussian_mixture", "ward", "kmeans"))


def slanted(rows: int = 600, seed: int = 0) -> list[tuple[int, float, float]]:
    """(id, income, score) of three long groups side by side, which k-means cuts across."""
    rng = np.random.default_rng(seed)
    along, across = rng.normal(0, 12, rows), rng.normal(0, 1.2, rows) + 12 * (np.arange(rows) % 3)
    points = np.round(np.column_stack([50 + along - across, 50 + along + across]), 3)
    return [(i + 1, float(x), float(y)) for i, (x, y) in enumerate(points)]


@pytest.fixture
def long(folder: Path) -> Path:
    return fill(folder / "long.duckdb", slanted())


@pytest.fixture
def mixture(after: Callable[..., Path]) -> Path:
    """The three long groups as a mixture of three."""
    return after((*RUN_GROUPS, *GM, "--k", "3"), rows=slanted)


def scaled(file: Path, run: int = 1) -> np.ndarray:
    """(n, 2) of the customers, by id, as the run's own transforms say."""
    (center, scale), (center2, scale2) = query(
        file, f"select center, scale from segments.transforms where run_id = {run} order by position"
    )
    points = np.array(query(file, "select income, score from customers order by id"), dtype=float)
    return (points - [center, center2]) / [scale, scale2]


def published(file: Path, columns: str, run: int = 1) -> list[tuple]:
    return query(file, f"select {columns} from segments.groups_history where run_id = {run} order by id")


def mixture_of(file: Path, run: int = 1) -> tuple[GaussianMixture, np.ndarray]:
    """scikit-learn's mixture, made of nothing but published rows, and the segments' numbers."""
    ids = [
        i for (i,) in query(file, f"select segment_id from segments.segments where run_id = {run} order by 1")
    ]
    value = {
        (s, f): v
        for s, f, v in query(
            file, f"select segment_id, feature, scaled_value from segments.centroids where run_id = {run}"
        )
    }
    covariance = {
        (s, frozenset((f, o))): v
        for s, f, o, v in query(
            file,
            f"select segment_id, feature, other_feature, value from segments.covariances where run_id = {run}",
        )
    }
    features = ("income", "score")
    model = GaussianMixture(len(ids))
    model.weights_ = np.array(
        [
            w
            for (w,) in query(
                file, f"select mixing_weight from segments.segments where run_id = {run} order by segment_id"
            )
        ]
    )
    model.means_ = np.array([[value[i, f] for f in features] for i in ids])
    model.covariances_ = np.array(
        [[[covariance[i, frozenset((f, o))] for o in features] for f in features] for i in ids]
    )
    model.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(model.covariances_))
    return model, np.array(ids)


def test_a_mixture_is_sklearns_on_its_published_rows(mixture: Path) -> None:
    x = scaled(mixture)
    model, ids = mixture_of(mixture)
    assert model.weights_.sum() == pytest.approx(1)
    rows = np.array(published(mixture, "segment_id, next_segment_id, distance, margin"))
    np.testing.assert_array_equal(rows[:, 0], ids[model.predict(x)])
    logs = np.log(model.predict_proba(x) + 1e-300)
    order = np.argsort(-logs, axis=1)
    some = logs[np.arange(len(x)), order[:, 1]] > -600  # further, scikit-learn's probability is 0
    np.testing.assert_array_equal(rows[some, 1], ids[order[some, 1]])
    odds = logs[np.arange(len(x)), order[:, 0]] - logs[np.arange(len(x)), order[:, 1]]
    np.testing.assert_allclose(rows[some, 3], odds[some], rtol=1e-6, atol=1e-9)
    away = x - model.means_[order[:, 0]]
    inverse = np.linalg.inv(model.covariances_)[order[:, 0]]
    np.testing.assert_allclose(rows[:, 2], np.sqrt(np.einsum("ni,nij,nj->n", away, inverse, away)), rtol=1e-8)
    truth = np.arange(len(x)) % 3
    assert adjusted_rand_score(truth, rows[:, 0]) > 0.95
    refit = GaussianMixture(3, n_init=10, random_state=0, reg_covar=9e-4).fit(x)
    assert model.score(x) > refit.score(x) - 1e-3


def test_the_figures_of_a_mixtures_run_are_of_its_own_segments(mixture: Path) -> None:
    x, rows = scaled(mixture), published(mixture, "segment_id, distance, is_outlier")
    segment = np.array([s for s, _, _ in rows])
    run = query(
        mixture,
        "select inertia, silhouette, davies_bouldin, algorithm, scoring, stability, lloyd_passes, fit_method "
        "from segments.runs",
    )[0]
    means, _ = mixture_of(mixture)
    own = np.square(x - means.means_[segment - 1]).sum(axis=1)
    assert run[0] == pytest.approx(own.sum())
    assert run[1] == pytest.approx(silhouette_score(x, segment))
    assert run[2] == pytest.approx(davies_bouldin_score(x, segment))
    assert run[3:] == (
        "gaussian_mixture",
        "by the highest normal density times mixing weight, of a mixture fitted to all rows",
        None,
        0,
        "all_rows",
    )
    inertia = dict(query(mixture, "select segment_id, inertia from segments.segments"))
    assert inertia == pytest.approx({s: own[segment == s].sum() for s in inertia})
    kmeans, exact = query(mixture, "select inertia, inertia_is_exact from segments.sweeps where is_chosen")[0]
    assert kmeans < run[0]  # the sweep is of k-means, which makes it small
    assert exact is True
    limits = dict(query(mixture, "select segment_id, outlier_distance from segments.segments"))
    distance = np.array([d for _, d, _ in rows])
    for s, limit in limits.items():
        own = distance[segment == s]
        assert limit == pytest.approx(own.mean() + 3 * own.std())
    assert [out for _, _, out in rows] == [d > limits[s] for s, d, _ in rows]


def test_every_way_to_score_a_mixture_says_the_same(mixture: Path, segjob: Segjob) -> None:
    assert segjob("score", "customers", "--into", "scored", "--warehouse", mixture).code == 0
    wrong = query(
        mixture,
        """select count(*) from segments.groups_history as h join segments.groups_scores as v using (id)
        join scored as s using (id) join customers as c using (id)
        where h.segment_id <> v.segment_id or h.segment_id <> s.segment_id
            or h.segment_id <> segments.groups_segment(c.income, c.score)
            or (h.distance, h.next_segment_id, h.margin, h.is_outlier)
                <> (v.distance, v.next_segment_id, v.margin, v.is_outlier)""",
    )
    assert wrong == [(0,)]
    for key, income, score in slanted()[:5]:
        said = segjob(
            "predict", f"income={income}", f"score={score}", "--json", "--warehouse", mixture
        ).document
        row = query(mixture, f"select segment_id, distance, margin from segments.groups where id = {key}")[0]
        assert said["segment_id"] == row[0]
        assert (said["distance"], said["margin"]) == pytest.approx(row[1:])
        assert said["algorithm"] == "gaussian_mixture"
    assert "log odds" in segjob("predict", "income=40", "score=50", "--warehouse", mixture).out


def test_ward_is_sklearns_and_says_what_the_nearest_mean_loses(folder: Path, segjob: Segjob) -> None:
    rng = np.random.default_rng(3)
    points = np.concatenate(
        [rng.normal(0, 3, (120, 2)), rng.normal(6, 1, (60, 2)), rng.normal((9, 0), 2, (70, 2))]
    )
    rows = [(i, float(a), float(b)) for i, (a, b) in enumerate(points)]
    file = fill(folder / "shop.duckdb", rows)
    outcome = segjob("run", *RUN_GROUPS[1:-1], *WARD, "--k", "4", "--warehouse", file)
    assert outcome.code == 0, outcome.err
    x = scaled(file)
    theirs = AgglomerativeClustering(4, linkage="ward").fit_predict(x)
    means = np.stack([x[theirs == i].mean(axis=0) for i in range(4)])
    rows_of = query(file, "select segment_id, feature, scaled_value from segments.centroids")
    found = {(s, f): v for s, f, v in rows_of}
    mine = np.array([[found[s, f] for f in ("income", "score")] for s in range(1, 5)])
    np.testing.assert_allclose(mine[np.lexsort(mine.T)], means[np.lexsort(means.T)], atol=1e-9)
    nearest = ((x[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    same = (nearest == theirs).mean()
    assert 0.5 < same < 1
    scoring, passes = query(file, "select scoring, lloyd_passes from segments.runs")[0]
    assert (
        scoring
        == f"by the nearest mean of Ward's clusters of all rows: {same:.1%} of these are where Ward put them"
    )
    assert passes == 0
    assert scoring in outcome.out
    segment = np.array([s for (s,) in published(file, "segment_id")])
    assert adjusted_rand_score(segment, nearest) == 1
    sizes = query(file, "select rows from segments.segments order by segment_id")
    assert sizes == sorted(sizes, reverse=True)
    warnings = query(file, "select warnings from segments.runs")[0][0]
    assert ("only" in warnings and "cannot be scored in SQL" in warnings) == (same < 0.9)
    inertia, exact = query(
        file, "select inertia, (select sum(distance * distance) from segments.groups) from segments.runs"
    )[0]
    assert inertia == pytest.approx(exact)


@pytest.mark.long
def test_on_a_sample_and_with_row_weights_the_inertia_is_exact(folder: Path, segjob: Segjob) -> None:
    rng = np.random.default_rng(1)
    rows = [(i, x, y, float(w)) for (i, x, y), w in zip(slanted(4000), rng.integers(1, 4, 4000), strict=True)]
    file = fill(folder / "shop.duckdb", rows, columns="id integer, income double, score double, w double")
    (folder / "segjob.toml").write_text(
        """[fit]
        all_rows = 100
        distinct_rows = 100
        sample_rows = 1000
        [segmentations.groups]
        relation = "customers"
        key = "id"
        features = ["income", "score"]
        row_weight = "w"
        k = 3
        algorithm = "gaussian_mixture"
        """
    )
    for run, extra in enumerate(((), WARD), start=1):
        outcome = segjob("run", "-q", *extra, "--warehouse", file)
        assert outcome.code == 0, outcome.err
        found = query(file, f"select fit_method, inertia, scoring from segments.runs where run_id = {run}")[0]
        assert found[0] == "sample"
        if run == 1:
            size = query(file, "select fit_rows from segments.runs where run_id = 1")[0][0]
            assert found[2].endswith(f"of a mixture fitted to a sample of {size:,} rows and then to all")
            passes, converged = query(file, "select lloyd_passes, converged from segments.runs")[0]
            assert 1 <= passes < 50
            assert converged is True
            _is_the_likeliest(file, np.array([row[3] for row in rows]))
        else:
            assert " points drawn from all: " in found[2]
        segment = np.array([s for (s,) in published(file, "segment_id", run)])
        assert adjusted_rand_score(np.arange(4000) % 3, segment) > (0.9 if run == 1 else 0.2)
        at = {
            (s, f): v
            for s, f, v in query(
                file, f"select segment_id, feature, scaled_value from segments.centroids where run_id = {run}"
            )
        }
        centres = np.array([[at[s, "income"], at[s, "score"]] for s in segment.tolist()])
        w = np.array([row[3] for row in rows])
        assert found[1] == pytest.approx(w @ np.square(scaled(file, run) - centres).sum(axis=1))
        kmeans, exact = query(
            file, f"select inertia, inertia_is_exact from segments.sweeps where is_chosen and run_id = {run}"
        )[0]
        assert exact is False
        assert kmeans < found[1] * 1.02


def _is_the_likeliest(file: Path, weights: np.ndarray) -> None:
    """Another pass over all rows, by weight, moves the published mixture hardly any more."""
    model, _ = mixture_of(file)
    x = scaled(file)
    means, shapes = gaussian_mixture.m_step(
        x, weights, model.predict_proba(x).T, gaussian_mixture.least_variance(x, weights)
    )
    np.testing.assert_allclose(means, model.means_, atol=2e-4)
    np.testing.assert_allclose(shapes.covariances, model.covariances_, atol=2e-4)
    np.testing.assert_allclose(shapes.shares, model.weights_, atol=2e-4)


@pytest.mark.long
def test_segments_keep_their_numbers_over_a_change_of_algorithm_and_a_rollback(
    file: Path, segjob: Segjob
) -> None:
    for algorithm in (KMEANS, GM, WARD):
        assert segjob(*RUN_GROUPS, *algorithm, "--warehouse", file).code == 0
    same = query(
        file, "select run_id, count(*) from segments.lineage where change = 'same' group by 1 order by 1"
    )
    assert same == [(2, 5), (3, 5)]
    assert query(file, "select count(*) from segments.groups_movements") == [(0,)]
    agreeing = """select count(*) from segments.groups as g join segments.groups_scores as v using (id)
        join customers as c using (id) where g.segment_id = v.segment_id and abs(g.distance - v.distance) < 1e-9
        and segments.groups_segment(c.income, c.score) = g.segment_id"""
    for run in (2, 1, 2, 3):
        assert segjob("rollback", str(run), "--warehouse", file).code == 0
        assert query(file, "select max(run_id), count(*) from segments.groups") == [(run, 150)]
        assert query(file, agreeing) == [(150,)]
    assert segjob("diff", "1", "2", "--warehouse", file).code == 0
    assert query(file, "select distinct k, structure, algorithm from segments.runs order by 3") == [
        (5, "natural", algorithm) for algorithm in ("gaussian_mixture", "kmeans", "ward")
    ]


@pytest.mark.parametrize("algorithm", [pytest.param(GM, marks=pytest.mark.long), WARD])
def test_what_follows_a_run_works_after_every_algorithm(
    folder: Path, after: Callable[..., Path], segjob: Segjob, shared: Path, algorithm: tuple[str, str]
) -> None:
    long = after((*RUN_GROUPS, *algorithm, "--k", "3"), rows=slanted)
    healthy = segjob("health", "--json", "--warehouse", long)
    assert healthy.code == 0, healthy.out
    shown = segjob("show", "--warehouse", long).out
    assert f"{algorithm[1]}, scored by the" in shown
    assert f"the sweep is of kmeans; {algorithm[1]} has inertia " in shown
    assert "published\n" not in shown
    assert " passes " not in shown
    compared = segjob("compare", "--json", "--warehouse", long)
    assert compared.code == 0, compared.err
    ran = [row["algorithm"] for row in compared.document["comparisons"]]
    assert ran[0] == algorithm[1]
    assert ran.count(algorithm[1]) == 1
    assert "kmeans" in ran
    by_name = {row["algorithm"]: row for row in compared.document["comparisons"]}
    if algorithm is WARD:
        assert by_name["gaussian_mixture"]["agreement"] < 0.9
    assert segjob("report", "--out", "page.html", "--warehouse", long).code == 0
    page = (folder / "page.html").read_text()
    assert f"<dt>Method</dt><dd>{'Ward' if algorithm is WARD else 'Gaussian mixture'}, k = 3" in page
    assert ("where it is likeliest" in page) == (algorithm is GM)
    assert "All of it is of k-means" in page
    assert "3 (chosen)</th>" in page
    execute(long, "insert into customers select id + 10000, income + 40, score - 40 from customers")
    assert segjob("health", "--warehouse", long).code == 5
    if (contract := shared / "check_contract.py").is_file():
        checked = subprocess.run(
            [sys.executable, str(contract), str(long), "groups", "id"], capture_output=True, text=True
        )
        assert checked.returncode == 0, checked.stdout


def test_two_long_groups_side_by_side_are_two_segments(folder: Path, segjob: Segjob) -> None:
    rng = np.random.default_rng(2)
    wide, narrow = rng.normal(0, (30, 1), (500, 2)), rng.normal((0, 9), (30, 1), (500, 2))
    rows = [(i, float(a), float(b)) for i, (a, b) in enumerate(np.concatenate([wide, narrow]))]
    file = fill(folder / "shop.duckdb", rows)
    assert segjob(*RUN_GROUPS, *GM, "--k", "2", "--warehouse", file).code == 0
    assert query(file, "select rows from segments.segments") == [(500,), (500,)]


@pytest.mark.long
def test_a_warehouse_of_the_first_layout_takes_a_mixture_and_goes_back(folder: Path, segjob: Segjob) -> None:
    file = first_layout(folder / "old.duckdb")
    run = ("run", "--from", "customer_features", "--key", "customer_id", "--name", "income_spending", "-q")
    features = ("--features", "annual_income,spending_score")
    assert segjob(*run, *features, *GM, "--warehouse", file).code == 0
    assert query(file, "select run_id, algorithm from segments.runs order by 1")[-1][1] == "gaussian_mixture"
    current = query(file, "select max(run_id) from segments.runs")[0][0]
    assert query(file, "select count(*) > 0 from segments.covariances") == [(True,)]
    assert segjob("rollback", "--warehouse", file).code == 0
    said = segjob("predict", "annual_income=60", "spending_score=80", "--json", "--warehouse", file).document
    assert said["algorithm"] == "kmeans"
    assert query(file, "select max(run_id) < " + str(current) + " from segments.income_spending") == [(True,)]
    comments = query(
        file, "select comment is not null from duckdb_columns() where table_name = 'covariances'"
    )
    assert set(comments) == {(True,)}


def test_rows_in_a_few_places_are_a_mixture_too(
    folder: Path, segjob: Segjob, refused: Callable[..., str]
) -> None:
    rows = [(i, float(i % 2 * 50), float(i % 3 * 30)) for i in range(60)]
    file = fill(folder / "shop.duckdb", rows)
    assert segjob(*RUN_GROUPS, *GM, "--k", "6", "--warehouse", file).code == 0
    assert query(file, "select rows from segments.segments") == [(10,)] * 6
    assert "different" in refused(file, 3, *RUN_GROUPS, *GM, "--k", "7")


def test_a_mixture_that_leaves_a_segment_empty_publishes_nothing(
    file: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = Gaussians(np.array([0.999, 0.001]), np.stack([np.eye(2)] * 2))
    fit = gaussian_mixture.GaussianFit(np.zeros((2, 2)), shapes, 0.0, 1, converged=True, shift=0.0)
    monkeypatch.setattr(gaussian_mixture, "fit", lambda *_: fit)
    said = refused(file, 5, *RUN_GROUPS, *GM, "--k", "2")
    assert "gaussian_mixture with 2 segments leaves one of them empty" in said


def test_what_cannot_be_published_is_refused_with_what_can(
    folder: Path, file: Path, refused: Callable[..., str]
) -> None:
    said = refused(file, 2, *RUN_GROUPS, "--algorithm", "dbscan")
    assert "'dbscan' cannot be published: only kmeans, ward and gaussian_mixture" in said
    assert "`segjob compare` shows what others would find" in said
    base = '[segmentations.s]\nrelation = "customers"\nkey = "id"\nalgorithm = "gaussian_mixture"\n'
    (folder / "segjob.toml").write_text(
        base + 'features = ["income", { column = "score", kind = "categorical" }]\n'
    )
    assert "takes numeric features only, not 'score'" in refused(file, 2, "run")
    (folder / "segjob.toml").write_text(base + 'features = ["income"]\nstart = "current"\n')
    assert "start is for kmeans" in refused(file, 2, "run")
    (folder / "segjob.toml").write_text(base.replace('"gaussian_mixture"', "7") + 'features = ["income"]\n')
    assert "algorithm: 7 cannot be published" in refused(file, 2, "run")


@pytest.mark.parametrize("algorithm", [KMEANS, GM, WARD])
def test_a_dry_run_shows_the_algorithms_own_passes(
    file: Path, folder: Path, segjob: Segjob, algorithm: tuple[str, str]
) -> None:
    (folder / "segjob.toml").write_text("[fit]\nall_rows = 100\ndistinct_rows = 100\nsample_rows = 1000\n")
    shown = segjob(*RUN_GROUPS, *algorithm, "--dry-run", "--json", "--warehouse", file)
    assert shown.code == 0, shown.err
    steps = shown.document["statements"]
    fitting = [step["statement"] for step in steps if step["purpose"] == "fitting"]
    assert any("AS likelihood" in statement for statement in fitting) == (algorithm is GM)
    assert any("AS cluster" in statement for statement in fitting) == (algorithm is KMEANS)
    assert ("squared" in fitting[-1]) == (algorithm is not KMEANS)


def test_the_mall_file_by_every_algorithm(folder: Path, mall_csv: Path, segjob: Segjob) -> None:
    file = folder / "mall.duckdb"
    execute(
        file,
        f"""create table customers as select "CustomerID" as id, "Annual Income (k$)" as income,
        "Spending Score (1-100)" as score from read_csv('{mall_csv}')""",
    )
    for algorithm in (KMEANS, WARD, GM):
        assert segjob(*RUN_GROUPS, *algorithm, "--warehouse", file).code == 0
    assert query(file, "select k from segments.runs order by run_id") == [(5,)] * 3
    x = scaled(file)
    kmeans, ward, mixture = (
        np.array([s for (s,) in published(file, "segment_id", run)]) for run in (1, 2, 3)
    )
    model, ids = mixture_of(file, 3)
    np.testing.assert_array_equal(mixture, ids[model.predict(x)])
    theirs = AgglomerativeClustering(5, linkage="ward").fit_predict(x)
    assert adjusted_rand_score(ward, theirs) > 0.9
    assert adjusted_rand_score(ward, kmeans) > 0.9
    assert adjusted_rand_score(mixture, kmeans) > 0.8
    said = json.loads(query(file, "select config from segments.runs where run_id = 2")[0][0])
    assert said["algorithm"] == "ward"


def test_a_segment_of_a_few_rows_is_warned_of(folder: Path, segjob: Segjob) -> None:
    rows = [*slanted(), (9001, 900.0, 900.0), (9002, 901.0, 902.0), (9003, 903.0, 900.0)]
    file = fill(folder / "shop.duckdb", rows)
    outcome = segjob(*RUN_GROUPS, *WARD, "--k", "2", "--warehouse", file)
    assert outcome.code == 0, outcome.err
    assert "the smallest segment holds 0.50% of the rows" in outcome.err


@pytest.mark.parametrize("algorithm", [GM, WARD])
def test_one_segment_is_published_too(file: Path, segjob: Segjob, algorithm: tuple[str, str]) -> None:
    outcome = segjob(*RUN_GROUPS, *algorithm, "--k", "1", "--warehouse", file)
    assert outcome.code == 0, outcome.err
    found = query(file, "select count(*), count(margin), count(distance) from segments.groups")
    assert found == [(150, 0, 150)]
    assert query(file, "select k, silhouette from segments.runs") == [(1, None)]
    assert segjob("predict", "income=1", "score=2", "--warehouse", file).code == 0
    assert segjob("health", "--warehouse", file).code == 0


@pytest.mark.long
@pytest.mark.parametrize("algorithm", [GM, KMEANS])
def test_far_from_the_origin_and_not_scaled_nothing_is_lost(
    folder: Path, segjob: Segjob, algorithm: tuple[str, str]
) -> None:
    told = []
    for far in (0.0, 2.0**33):
        rows = [(i, round(x * 4) / 4 + far, round(y * 4) / 4 - far) for i, x, y in slanted()]
        file = fill(folder / f"far{far:.0f}.duckdb", rows)
        ran = segjob(
            *RUN_GROUPS, *algorithm, "--scale", "none", "--k", "3", "--k-range", "3:3", "--warehouse", file
        )
        assert ran.code == 0, ran.err
        profile = query(file, "select stddev, z from segments.profiles order by segment_id, feature")
        told.append((published(file, "id, segment_id"), profile))
    (near, profile), (away, their) = told
    assert near == away
    np.testing.assert_allclose(their, profile, rtol=1e-6)
